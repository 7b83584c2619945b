//! What a static host must send, as Netlify, Cloudflare Pages and others read it from a file `_headers`.

use crate::assets::HASHED;

/// The text of `_headers`. Where several paths match, a host sends the headers of all. Whoever embeds an app must be allowed
/// itself what it lets the app use of the device.
pub(crate) fn headers(policy: &str, module: &str, is_crm: bool) -> String {
    let audio = if is_crm { "*" } else { "(self)" };
    format!(
        "\
/*
  Content-Security-Policy: {policy}
  Permissions-Policy: camera=(), display-capture=(), geolocation=(), microphone={audio}, speaker-selection={audio}
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
        let text = headers("default-src 'none'; frame-ancestors https://app.hubspot.com", "assets/app-1.wasm", false);
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("/*"));
        assert_eq!(
            lines.next(),
            Some("  Content-Security-Policy: default-src 'none'; frame-ancestors https://app.hubspot.com")
        );
        assert!(text.contains("\n/assets/app-1.wasm\n  Content-Type: application/wasm\n"));
        assert!(text.contains("\n/assets/*\n  Cache-Control: public, max-age=31536000, immutable\n"));
        assert!(text.contains(" microphone=(self), ") && headers("", "", true).contains(" microphone=*, "));
        assert!(!text.contains("X-Frame-Options"), "it knows no list of origins");
    }
}
