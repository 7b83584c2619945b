use anyhow::{Result, ensure};
use std::fmt;

/// The longest name.
const MAX_LENGTH: usize = 40;
/// What can't be a name in Rust, now or later.
const KEYWORDS: &str = "abstract as async await become box break const continue crate do dyn else enum extern false final fn for gen \
    if impl in let loop macro match mod move mut override priv pub ref return self static struct super trait true try type typeof \
    unsafe unsized use virtual where while yield";

/// The name of a provider, such as `my-pbx`.
pub(crate) struct Name(String);

impl Name {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let is_known = |letter: char| matches!(letter, 'a'..='z' | '0'..='9' | '-');
        let is_name = text.starts_with(|first: char| first.is_ascii_lowercase()) && text.chars().all(is_known);
        ensure!(is_name, "{text:?} is no name: begin with a letter, then use a to z, 0 to 9 and -");
        ensure!(!text.ends_with('-') && !text.contains("--"), "{text:?} is no name: put - between two words only");
        ensure!(text.len() <= MAX_LENGTH, "{text:?} is longer than {MAX_LENGTH} letters");
        ensure!(!KEYWORDS.split_whitespace().any(|keyword| keyword == text), "{text:?} is a word of Rust's own");
        Ok(Self(text.to_owned()))
    }

    /// `cordboard-my-pbx`
    pub(crate) fn package(&self) -> String {
        format!("cordboard-{self}")
    }

    /// `my_pbx`
    pub(crate) fn identifier(&self) -> String {
        self.0.replace('-', "_")
    }

    /// `MyPbx`
    pub(crate) fn type_name(&self) -> String {
        self.words().collect()
    }

    /// `My Pbx`
    pub(crate) fn title(&self) -> String {
        self.words().collect::<Vec<_>>().join(" ")
    }

    fn words(&self) -> impl Iterator<Item = String> {
        self.0.split('-').map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_uppercase() + rest
        })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_four_forms() {
        let name = Name::parse("my-pbx-2").unwrap();
        assert_eq!(name.package(), "cordboard-my-pbx-2");
        assert_eq!([name.identifier(), name.type_name(), name.title()], ["my_pbx_2", "MyPbx2", "My Pbx 2"]);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = "a".repeat(MAX_LENGTH + 1);
        for text in ["", "-a", "2a", "A", "my_pbx", "my pbx", "a/b", "..", "é", "a-", "a--b", "self", "crate", &long] {
            assert!(Name::parse(text).is_err(), "{text:?}");
        }
        assert!(Name::parse(&"a".repeat(MAX_LENGTH)).is_ok());
    }
}
