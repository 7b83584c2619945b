//! The guide's code blocks, which run as this crate's documentation tests. What the guide includes from other files is compiled where
//! it is, and marked `rs`.

/// A chapter's code blocks.
macro_rules! chapters {
    ($($chapter:ident $file:literal)+) => {
        $(#[cfg(doctest)]
        #[doc = include_str!(concat!("src/", $file))]
        mod $chapter {})+

        #[cfg(test)]
        const CHAPTERS: &[&str] = &[$($file),+];
    };
}

chapters! {
    concepts "concepts.md"
    deploying "deploying.md"
    first_provider "first-provider.md"
    introduction "introduction.md"
    media "media.md"
    protocol_messages "protocol-messages.md"
    protocol "protocol.md"
    quick_start "quick-start.md"
    testing "testing.md"
    troubleshooting "troubleshooting.md"
    webhooks "webhooks.md"
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_chapter_is_compiled() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "SUMMARY.md")
            .collect();
        files.sort();
        assert_eq!(files, super::CHAPTERS);
    }
}
