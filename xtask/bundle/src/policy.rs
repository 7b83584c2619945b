//! The page's Content Security Policy.

use crate::hosts::HostPattern;
use crate::page;

/// What the page may do: run and draw what it holds itself, load from its own origin, and nothing else.
pub(crate) struct Policy {
    directives: Vec<String>,
    frame_ancestors: String,
}

impl Policy {
    /// The policy of a widget, which the CRMs at `hosts` may embed.
    pub(crate) fn widget(html: &str, hosts: &[HostPattern]) -> Self {
        let mut ancestors: Vec<String> = hosts.iter().map(HostPattern::csp_source).collect();
        ancestors.dedup();
        let mut directives = directives(html);
        // Nothing in a widget makes HTML or script from text, so nothing needs a policy that lets it.
        directives.push("require-trusted-types-for 'script'; trusted-types 'none'".to_owned());
        Self { directives, frame_ancestors: ancestors.join(" ") }
    }

    /// The policy of a CRM page, which may embed any widget.
    pub(crate) fn crm(html: &str) -> Self {
        let mut directives = directives(html);
        directives.push("frame-src http: https:".to_owned());
        Self { directives, frame_ancestors: "'none'".to_owned() }
    }

    /// For the page itself, should its host send no headers.
    pub(crate) fn meta(&self) -> String {
        self.directives.join("; ")
    }

    /// For the host's header. Browsers heed `frame-ancestors` only there.
    pub(crate) fn header(&self) -> String {
        format!("{}; frame-ancestors {}", self.meta(), self.frame_ancestors)
    }
}

fn directives(html: &str) -> Vec<String> {
    let hashes = |element: &str| -> String {
        page::inline_hashes(html, element).iter().map(|hash| format!(" '{hash}'")).collect()
    };
    vec![
        "default-src 'none'".to_owned(),
        format!("script-src 'wasm-unsafe-eval'{}", hashes("script")),
        format!("style-src{}", hashes("style")),
        "connect-src 'self'".to_owned(),
        "img-src 'self' data:".to_owned(),
        "base-uri 'none'".to_owned(),
        "form-action 'none'".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<style>a{}</style><script>one()</script><script type=\"module\">two()</script>";

    fn hosts(added: &str) -> Vec<HostPattern> {
        HostPattern::with_default(&[added.parse().unwrap()])
    }

    #[test]
    fn only_what_the_page_holds_may_run() {
        let meta = Policy::widget(PAGE, &hosts("http://localhost:*")).meta();
        assert!(meta.starts_with("default-src 'none'; script-src 'wasm-unsafe-eval' 'sha256-"));
        assert_eq!(meta.matches("'sha256-").count(), 3);
        assert!(!meta.contains("'unsafe-"));
    }

    #[test]
    fn the_header_alone_says_who_may_embed() {
        let policy = Policy::widget(PAGE, &hosts("http://localhost:*"));
        assert!(!policy.meta().contains("frame-ancestors"));
        assert!(
            policy
                .header()
                .ends_with("; frame-ancestors https://app.hubspot.com https://*.hubspot.com http://localhost:*")
        );
    }

    #[test]
    fn a_crm_page_embeds_and_is_not_embedded() {
        let header = Policy::crm(PAGE).header();
        assert!(header.contains("; frame-src http: https:; frame-ancestors 'none'"));
    }
}
