//! What a host must send, as the bundle's `_headers` says it: a path at the start of a line, below it its headers, indented.

/// The rules of a `_headers`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Headers(Vec<Rule>);

#[derive(Clone, Debug, PartialEq)]
struct Rule {
    path: String,
    headers: Vec<(String, String)>,
}

const POLICY: &str = "Content-Security-Policy";

impl Headers {
    pub(crate) fn parse(text: &str) -> Self {
        let mut rules: Vec<Rule> = Vec::new();
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            if !line.starts_with(char::is_whitespace) {
                rules.push(Rule { path: line.trim().to_owned(), headers: Vec::new() });
            } else if let (Some(rule), Some((name, value))) = (rules.last_mut(), line.split_once(':')) {
                rule.headers.push((name.trim().to_owned(), value.trim().to_owned()));
            }
        }
        Self(rules)
    }

    /// The headers of a path: those of every rule that fits.
    pub(crate) fn of(&self, path: &str) -> Vec<(&str, &str)> {
        let fits =
            |rule: &&Rule| rule.path.strip_suffix('*').map_or(rule.path == path, |start| path.starts_with(start));
        let headers = self.0.iter().filter(fits).flat_map(|rule| &rule.headers);
        headers.map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// The text that suits this release and the one before. Both pages hold their own policy, so that only who may frame them is left
    /// to the header; and the files of either keep their types.
    pub(crate) fn published(&self, before: Option<&Self>) -> String {
        let only_theirs =
            |rule: &&Rule| rule.path.starts_with("/assets/") && !self.0.iter().any(|own| own.path == rule.path);
        let before = before.into_iter().flat_map(|before| &before.0).filter(only_theirs);
        let mut text = String::new();
        for rule in self.0.iter().chain(before) {
            text += &format!("{}\n", rule.path);
            for (name, value) in &rule.headers {
                let framed = directive(value, "frame-ancestors").filter(|_| name.eq_ignore_ascii_case(POLICY));
                let value = framed.map_or_else(|| value.clone(), |sources| format!("frame-ancestors {sources}"));
                text += &format!("  {name}: {value}\n");
            }
        }
        text
    }
}

/// What a policy says of something.
pub(crate) fn directive<'a>(policy: &'a str, name: &str) -> Option<&'a str> {
    let mut directives = policy.split(';').map(|text| text.trim().split_once(' ').unwrap_or((text.trim(), "")));
    directives.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, sources)| sources.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "/*\n  Content-Security-Policy: default-src 'none'; frame-ancestors https://a https://b\n  X-A: 1\n/index.html\n  Cache-Control: no-cache\n/assets/app-1.wasm\n  Content-Type: application/wasm\n";

    #[test]
    fn every_rule_that_fits_adds_its_headers() {
        let headers = Headers::parse(TEXT);
        assert_eq!(headers.of("/index.html").last(), Some(&("Cache-Control", "no-cache")));
        assert_eq!(headers.of("/assets/app-1.wasm").len(), 3);
        assert_eq!(directive(headers.of("/index.html")[0].1, "frame-ancestors"), Some("https://a https://b"));
    }

    #[test]
    fn what_is_published_suits_both_releases() {
        let before = Headers::parse(&TEXT.replace("app-1", "app-0"));
        let text = Headers::parse(TEXT).published(Some(&before));
        assert!(text.contains("  Content-Security-Policy: frame-ancestors https://a https://b\n"), "{text}");
        assert!(text.contains("/assets/app-1.wasm\n") && text.contains("/assets/app-0.wasm\n"), "{text}");
        assert!(!text.contains("default-src"), "{text}");
    }
}
