//! Reads a bundle's `_headers`: a path at the start of a line, and below it, indented, its headers.

use anyhow::{Context, Result};
use axum::http::{HeaderName, HeaderValue};

/// The headers for a path: those of every rule that matches it.
pub(crate) fn headers(rules: &str, path: &str) -> Result<Vec<(HeaderName, HeaderValue)>> {
    let mut found = Vec::new();
    let mut applies = false;
    for line in rules.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        if !line.starts_with(char::is_whitespace) {
            applies = matches(line.trim(), path);
        } else if applies {
            let (name, value) = line.split_once(':').with_context(|| format!("_headers: {line:?} is no header"))?;
            found.push((name.trim().parse()?, value.trim().parse()?));
        }
    }
    Ok(found)
}

fn matches(rule: &str, path: &str) -> bool {
    rule.strip_suffix('*').map_or(rule == path, |start| path.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "\
# a comment
/*
  X-All: yes
/
  Cache-Control: no-cache

/assets/*
  Cache-Control: immutable
/assets/a.wasm
  Content-Type: application/wasm
";

    fn found(path: &str) -> Vec<String> {
        let headers = headers(RULES, path).unwrap();
        headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
    }

    #[test]
    fn every_rule_that_matches_adds_its_headers() {
        assert_eq!(found("/"), ["x-all: yes", "cache-control: no-cache"]);
        assert_eq!(
            found("/assets/a.wasm"),
            ["x-all: yes", "cache-control: immutable", "content-type: application/wasm"]
        );
        assert_eq!(found("/else"), ["x-all: yes"]);
    }

    #[test]
    fn what_is_no_header_is_an_error() {
        assert!(headers("/*\n  nothing", "/").is_err());
        assert!(headers("/*\n  a b: c", "/").is_err());
    }
}
