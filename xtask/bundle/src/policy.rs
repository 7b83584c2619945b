//! The page's Content Security Policy.

use crate::hosts::HostPattern;
use crate::page;

/// What the page may do: run and draw what it holds itself, load from its own origin, and nothing else.
pub(crate) struct Policy {
    directives: Vec<String>,
    frame_ancestors: String,
}

impl Policy {
    /// The policy of a widget, which the CRMs at `hosts` may embed, and which may `connect` to other servers than its own.
    pub(crate) fn widget(html: &str, hosts: &[HostPattern], connect: &[String], has_media: bool) -> Self {
        let mut ancestors: Vec<String> = hosts.iter().map(HostPattern::csp_source).collect();
        ancestors.dedup();
        let mut directives = directives(html, connect, has_media);
        if has_media {
            // The voice SDK's own sounds.
            directives.push("media-src data: mediastream: blob:".to_owned());
        }
        // Nothing in a widget makes HTML or script from text, so nothing needs a policy that lets it.
        directives.push("require-trusted-types-for 'script'; trusted-types 'none'".to_owned());
        Self { directives, frame_ancestors: ancestors.join(" ") }
    }

    /// The policy of a CRM page, which may embed any widget.
    pub(crate) fn crm(html: &str) -> Self {
        let mut directives = directives(html, &[], false);
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

fn directives(html: &str, connect: &[String], has_media: bool) -> Vec<String> {
    let hashes = |element: &str| -> String {
        page::inline_hashes(html, element).iter().map(|hash| format!(" '{hash}'")).collect()
    };
    vec![
        "default-src 'none'".to_owned(),
        // The page imports the voice SDK from its own folder. By hash or 'strict-dynamic' a browser does not let it.
        format!("script-src 'wasm-unsafe-eval'{}{}", hashes("script"), if has_media { " 'self'" } else { "" }),
        format!("style-src{}", hashes("style")),
        connect.iter().fold("connect-src 'self'".to_owned(), |sources, source| sources + " " + source),
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
        let meta = Policy::widget(PAGE, &hosts("http://localhost:*"), &[], false).meta();
        assert!(meta.starts_with("default-src 'none'; script-src 'wasm-unsafe-eval' 'sha256-"));
        assert_eq!(meta.matches("'sha256-").count(), 3);
        assert!(!meta.contains("'unsafe-"));
    }

    #[test]
    fn a_voice_sdk_is_imported_and_reaches_its_cloud() {
        let connect = ["wss://voice.example.com".to_owned()];
        let meta = Policy::widget(PAGE, &hosts("http://localhost:*"), &connect, true).meta();
        assert!(meta.contains("' 'self'; ") && !meta.contains("'unsafe-"));
        assert!(meta.contains("; connect-src 'self' wss://voice.example.com; "));
        assert!(meta.contains("; media-src data: mediastream: blob:; "));
    }

    #[test]
    fn the_header_alone_says_who_may_embed() {
        let policy = Policy::widget(PAGE, &hosts("http://localhost:*"), &[], false);
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
