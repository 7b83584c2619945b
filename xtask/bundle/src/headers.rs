//! What a static host must send, as Netlify, Cloudflare Pages and others read it from a file `_headers`.

use crate::assets::HASHED;

/// What the page may use of the device.
const PERMISSIONS: &str = "camera=(), display-capture=(), geolocation=(), microphone=(self), speaker-selection=(self)";

/// The text of `_headers`. Where several paths match, a host sends the headers of all.
pub(crate) fn headers(policy: &str, module: &str) -> String {
    format!(
        "\
/*
  Content-Security-Policy: {policy}
  Permissions-Policy: {PERMISSIONS}
  Referrer-Policy: no-referrer
  X-Content-Type-Options: nosniff
/
  Cache-Control: no-cache
/index.html
  Cache-Control: no-cache
/{HASHED}/*
  Cache-Control: public, max-age=31536000, immutable
/{module}
  Content-Type: application/wasm
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_has_its_headers() {
        let text = headers("default-src 'none'; frame-ancestors https://app.hubspot.com", "assets/app-1.wasm");
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("/*"));
        assert_eq!(
            lines.next(),
            Some("  Content-Security-Policy: default-src 'none'; frame-ancestors https://app.hubspot.com")
        );
        assert!(text.contains("\n/assets/app-1.wasm\n  Content-Type: application/wasm\n"));
        assert!(text.contains("\n/assets/*\n  Cache-Control: public, max-age=31536000, immutable\n"));
        assert!(!text.contains("X-Frame-Options"), "it knows no list of origins");
    }
}
