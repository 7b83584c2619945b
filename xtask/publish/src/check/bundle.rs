//! What was built.

use super::{Finding, frame};
use crate::bundle::Bundle;
use crate::config::Publishing;
use crate::headers::{Headers, directive};

pub(crate) fn check(bundle: &Bundle, publishing: &Publishing) -> Vec<Finding> {
    let headers = Headers::parse(&bundle.headers);
    vec![
        Finding::of("bundle", whole(bundle)),
        Finding::of("size", size(bundle, publishing.budget)),
        Finding::of("frame permission of the bundle", frame::problem(headers.of("/index.html").into_iter())),
        Finding::of("mixed content", insecure(bundle.page())),
        Finding::of("gateway of the bundle", gateway(bundle.page(), publishing.gateway.as_deref())),
    ]
}

fn whole(bundle: &Bundle) -> Option<String> {
    let page = bundle.page();
    if page.is_empty() {
        return Some("index.html is missing: build the app again".to_owned());
    }
    if page_policy(page).is_none_or(|policy| directive(policy, "default-src") != Some("'none'")) {
        return Some("the page does not hold its own policy: build it with cargo xtask build".to_owned());
    }
    let module =
        bundle.files.keys().find(|path| path.strip_suffix(".wasm").is_some_and(|_| page.contains(path.as_str())));
    module.is_none().then(|| "the WebAssembly that the page loads is missing: build the app again".to_owned())
}

fn size(bundle: &Bundle, budget: usize) -> Option<String> {
    let sizes = bundle.files.iter().filter(|(path, _)| path.ends_with(".br")).map(|(_, bytes)| bytes.len());
    let total: usize = sizes.sum();
    if total == 0 {
        return Some("it is not compressed, so not built for release: build it with --release".to_owned());
    }
    (total > budget).then(|| {
        format!(
            "{total} bytes of brotli are {} over the budget: make it smaller, or raise publish.budget",
            total - budget
        )
    })
}

/// The policy in the page's `<meta>`.
fn page_policy(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("Content-Security-Policy")?;
    let (_, rest) = rest.split_once("content=")?;
    rest.strip_prefix('"')?.split('"').next()
}

/// Whether a page that was built already looks for its gateway where the configuration says.
fn gateway(page: &str, wanted: Option<&str>) -> Option<String> {
    let told = page.split_once("name=\"cordboard-gateway\" content=\"").and_then(|(_, rest)| rest.split('"').next());
    let wanted = wanted.map(|wanted| wanted.trim_end_matches('/'));
    (told != wanted).then(|| {
        format!(
            "the page looks for it at {}, and publish.gateway says {}: build it with --gateway, or correct the configuration",
            told.unwrap_or("its own address"),
            wanted.unwrap_or("nothing")
        )
    })
}

/// What a page over HTTPS asks for without it, which browsers block.
fn insecure(page: &str) -> Option<String> {
    let asks = ["src", "href", "data-src", "action"].iter().find_map(|name| {
        let quotes = ["=\"", "='", "="].iter();
        quotes.map(|quote| format!(" {name}{quote}http://")).find(|text| page.contains(text.as_str()))
    });
    let allowed = page_policy(page).and_then(|policy| {
        policy.split([' ', ';']).find(|source| ["http:", "ws:"].iter().any(|scheme| source.starts_with(scheme)))
    });
    let found = asks.or_else(|| allowed.map(str::to_owned))?;
    Some(format!("the page has {}, which a page over https can't load: use https or wss", found.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_looks_for_the_gateway_that_is_configured() {
        let page = "<meta name=\"cordboard-gateway\" content=\"https://calls.example.com\">";
        assert_eq!(gateway(page, Some("https://calls.example.com/")), None);
        assert_eq!(gateway("", None), None);
        for (page, wanted) in
            [(page, None), ("", Some("https://calls.example.com")), (page, Some("https://other.example.com"))]
        {
            assert!(gateway(page, wanted).is_some_and(|why| why.contains("--gateway")), "{page} {wanted:?}");
        }
    }

    #[test]
    fn what_browsers_block_is_found() {
        let page = |connect: &str, more: &str| {
            format!(
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; connect-src 'self'{connect}\"><svg xmlns=\"http://www.w3.org/2000/svg\"></svg>{more}"
            )
        };
        assert_eq!(insecure(&page(" wss://calls.example.com", "<a href=\"https://a.example\">")), None);
        for (connect, more) in [
            (" ws://calls.example.com", ""),
            (" http:", ""),
            ("", "<script src='http://a.example/a.js'></script>"),
            ("", "<link href=http://a.example/a.css>"),
        ] {
            assert!(insecure(&page(connect, more)).is_some(), "{connect}{more}");
        }
    }
}
