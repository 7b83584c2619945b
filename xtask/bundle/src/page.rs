//! Fills a page's template.
//!
//! A template is HTML with `{{name}}` for a value and `{{file:name}}` for a file beside it, which is filled as well.

use crate::assets::integrity;
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Filled last, for it holds the hashes of all the rest.
const POLICY: &str = "{{policy}}";

/// What the names in a template stand for.
pub(crate) type Values<'a> = BTreeMap<&'a str, String>;

/// Fills everything but the policy.
pub(crate) fn fill(template: &Path, values: &Values<'_>) -> Result<String> {
    let text = read(template)?;
    expand(&text, |name| match name.strip_prefix("file:") {
        Some(file) => fill(&template.with_file_name(file), values),
        None if name == "policy" => Ok(POLICY.to_owned()),
        None => values.get(name).cloned().with_context(|| {
            let known: Vec<&str> = values.keys().copied().collect();
            format!("no value is called {name:?}; there are file:NAME, policy, {}", known.join(", "))
        }),
    })
    .with_context(|| format!("filling {}", template.display()))
}

/// Fills the policy.
pub(crate) fn fill_policy(html: &str, policy: &str) -> Result<String> {
    ensure!(
        html.matches(POLICY).count() == 1,
        "the page needs {POLICY} once, in <meta http-equiv=\"Content-Security-Policy\">"
    );
    Ok(html.replace(POLICY, policy))
}

/// The hashes of the elements of that name which hold their text themselves.
pub(crate) fn inline_hashes(html: &str, element: &str) -> Vec<String> {
    let (open, close) = (format!("<{element}"), format!("</{element}>"));
    html.split(&open)
        .skip(1)
        .filter_map(|rest| rest.split_once('>')?.1.split_once(&close))
        .map(|(text, _)| integrity(text.as_bytes()))
        .collect()
}

/// Makes a text safe between tags and in a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn expand(template: &str, value: impl Fn(&str) -> Result<String>) -> Result<String> {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else { bail!("a {{{{ is never closed") };
        filled.push_str(before);
        filled.push_str(&value(name)?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_itself(name: &str) -> Result<String> {
        Ok(format!("[{name}]"))
    }

    #[test]
    fn names_are_replaced() {
        assert_eq!(expand("a {{b}} c{{d}}", name_itself).unwrap(), "a [b] c[d]");
        assert_eq!(expand("plain }} text", name_itself).unwrap(), "plain }} text");
    }

    #[test]
    fn what_a_value_holds_is_not_a_name() {
        assert_eq!(expand("{{a}}", |_| Ok("{{b}}".to_owned())).unwrap(), "{{b}}");
    }

    #[test]
    fn an_open_name_is_an_error() {
        assert!(expand("a {{b", name_itself).is_err());
    }

    #[test]
    fn files_are_found_beside_the_page_and_unknown_names_are_listed() {
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("index.html");
        fs::write(folder.path().join("a.css"), "a{}").unwrap();
        fs::write(&page, "<style>{{file:a.css}}</style>{{policy}}").unwrap();
        assert_eq!(fill(&page, &Values::new()).unwrap(), "<style>a{}</style>{{policy}}");
        fs::write(&page, "{{tilte}}").unwrap();
        let error = format!("{:#}", fill(&page, &Values::from([("title", String::new())])).unwrap_err());
        assert!(error.contains("\"tilte\"") && error.contains("title"), "{error}");
    }

    #[test]
    fn a_page_has_one_policy() {
        assert_eq!(fill_policy("<meta content=\"{{policy}}\">", "p").unwrap(), "<meta content=\"p\">");
        assert!(fill_policy("<meta>", "p").is_err());
    }

    #[test]
    fn only_elements_with_text_are_hashed() {
        let html = "<script type=\"module\">a</script><scripted>b</scripted>";
        assert_eq!(inline_hashes(html, "script"), ["sha256-ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs="]);
    }

    #[test]
    fn a_title_cannot_leave_its_element() {
        assert_eq!(escape("a</title>&\""), "a&lt;/title&gt;&amp;&quot;");
    }
}
