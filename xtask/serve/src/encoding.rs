//! Which compressed form of a file a browser takes.

/// A form of a file that the bundle holds beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Encoding {
    /// As HTTP names it.
    pub(crate) name: &'static str,
    /// What the file's name ends with.
    pub(crate) suffix: &'static str,
}

/// Best first.
const ENCODINGS: [Encoding; 2] = [Encoding { name: "br", suffix: ".br" }, Encoding { name: "gzip", suffix: ".gz" }];

/// The forms that an `Accept-Encoding` takes, best first.
pub(crate) fn accepted(header: &str) -> impl Iterator<Item = Encoding> {
    ENCODINGS.into_iter().filter(move |encoding| header.split(',').any(|item| takes(item, encoding.name)))
}

fn takes(item: &str, name: &str) -> bool {
    let (item, weight) = item.split_once(';').unwrap_or((item, ""));
    let refused = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).is_some_and(|q| q <= 0.0);
    item.trim().eq_ignore_ascii_case(name) && !refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_that_the_browser_takes() {
        let names = |header: &'static str| accepted(header).map(|encoding| encoding.name).collect::<Vec<_>>();
        assert_eq!(names("gzip, deflate, br, zstd"), ["br", "gzip"]);
        assert_eq!(names("GZIP;q=0.5"), ["gzip"]);
        assert_eq!(names("br;q=0, gzip; q=0.1"), ["gzip"]);
        assert!(names("").is_empty());
        assert!(names("brotli").is_empty());
    }
}
