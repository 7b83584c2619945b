//! Notes come as HTML, from a page that is not trusted: what is shown is their text.

const ENTITIES: [(&str, char); 5] = [("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&#39;", '\''), ("&amp;", '&')];

/// The text of some HTML, with a line for each break or block.
pub(crate) fn text_of(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(sign) = rest.chars().next() {
        let entity = ENTITIES.iter().find(|(name, _)| rest.starts_with(name));
        let read = match (sign, entity, rest.find('>')) {
            ('&', Some((name, meaning)), _) => {
                out.push(*meaning);
                name.len()
            }
            ('<', _, Some(end)) => {
                let tag = rest.get(1..end).unwrap_or_default().trim_end_matches('/').trim();
                if matches!(tag, "br" | "/p" | "/div" | "/li") {
                    out.push('\n');
                }
                end + 1
            }
            _ => {
                out.push(sign);
                sign.len_utf8()
            }
        };
        rest = rest.get(read..).unwrap_or_default();
    }
    out.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_widget_escaped_reads_as_it_was_written() {
        assert_eq!(
            text_of("Likes &lt;b&gt; &amp; &quot;C&quot;<br>Call &amp;lt; again"),
            "Likes <b> & \"C\"\nCall &lt; again"
        );
    }

    #[test]
    fn tags_are_not_shown() {
        assert_eq!(text_of("<p>One</p><p>Two<br/>Three</p>"), "One\nTwo\nThree");
        assert_eq!(text_of("<img src=x onerror=alert(1)>a < b"), "a < b");
    }
}
