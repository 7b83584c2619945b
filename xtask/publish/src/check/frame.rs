//! Whether HubSpot may frame a page that is sent with these headers.

use crate::headers::directive;
use url::Url;

/// Two of the origins that HubSpot's pages have.
const HUBSPOT: [&str; 2] = ["https://app.hubspot.com", "https://app-eu1.hubspot.com"];

/// What forbids it. A page without a policy may be framed by anybody, which is wrong, too.
pub(crate) fn problem<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> Option<String> {
    let mut has_list = false;
    for (name, value) in headers {
        if name.eq_ignore_ascii_case("x-frame-options") {
            return Some("the host adds X-Frame-Options, which knows no list of origins: have it removed".to_owned());
        }
        if !name.eq_ignore_ascii_case("content-security-policy") {
            continue;
        }
        // Several policies, in one header or more, must all allow it.
        for sources in value.split(',').filter_map(|policy| directive(policy, "frame-ancestors")) {
            has_list = true;
            if let Some(origin) =
                HUBSPOT.into_iter().find(|origin| !sources.split_whitespace().any(|source| covers(source, origin)))
            {
                return Some(format!(
                    "frame-ancestors does not let {origin} frame it: send the policy of the bundle's _headers"
                ));
            }
        }
    }
    let advice = "the host sends no frame-ancestors: have it send the Content-Security-Policy of the bundle's _headers";
    (!has_list).then(|| advice.to_owned())
}

fn covers(source: &str, origin: &str) -> bool {
    let Some(host) = Url::parse(origin).ok().and_then(|url| url.host_str().map(str::to_owned)) else { return false };
    let source = source.strip_prefix("https://").unwrap_or(source).trim_end_matches('/');
    let source = source.strip_suffix(":443").unwrap_or(source);
    match source.strip_prefix("*.") {
        Some(rest) => host.strip_suffix(rest).is_some_and(|start| start.ends_with('.')),
        None => matches!(source, "*" | "https:") || source.eq_ignore_ascii_case(&host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_framed(headers: &[(&str, &str)]) -> bool {
        problem(headers.iter().copied()).is_none()
    }

    #[test]
    fn hubspot_frames_it_from_everywhere() {
        const CSP: &str = "content-security-policy";
        let bundle = "default-src 'none'; frame-ancestors https://app.hubspot.com https://*.hubspot.com";
        assert!(is_framed(&[(CSP, bundle)]));
        assert!(is_framed(&[("Content-Security-Policy", "frame-ancestors https:"), (CSP, bundle)]));
        for wrong in [
            "default-src 'self'",
            "frame-ancestors 'none'",
            "frame-ancestors https://app.hubspot.com",
            "frame-ancestors http://*.hubspot.com",
            "frame-ancestors https://*.hubspot.com.evil.tld",
            "frame-ancestors https://*.hubspot.com, frame-ancestors 'self'",
        ] {
            assert!(!is_framed(&[(CSP, wrong)]), "{wrong}");
        }
        assert!(!is_framed(&[(CSP, bundle), (CSP, "frame-ancestors 'self'")]));
        assert!(!is_framed(&[(CSP, bundle), ("X-Frame-Options", "SAMEORIGIN")]));
        assert!(!is_framed(&[]));
    }
}
