//! The documents that tell Twilio what to do with a call.

use cordboard::telephony::WebhookReply;
use std::fmt::Write as _;

/// A document under construction. Whatever is put in is escaped.
#[derive(Debug, Default)]
pub(crate) struct Twiml(String);

impl Twiml {
    pub(crate) fn new() -> Self {
        Self(String::new())
    }

    /// Opens an element.
    pub(crate) fn open(mut self, name: &str, attributes: &[(&str, &str)]) -> Self {
        self.tag(name, attributes);
        self.0.push('>');
        self
    }

    pub(crate) fn close(mut self, name: &str) -> Self {
        // Writing into a string does not fail.
        let _ = write!(self.0, "</{name}>");
        self
    }

    /// An element with nothing in it.
    pub(crate) fn empty(mut self, name: &str, attributes: &[(&str, &str)]) -> Self {
        self.tag(name, attributes);
        self.0.push_str("/>");
        self
    }

    /// An element with a text in it.
    pub(crate) fn text(mut self, name: &str, attributes: &[(&str, &str)], text: &str) -> Self {
        self = self.open(name, attributes);
        escape(&mut self.0, text);
        self.close(name)
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)]) {
        let _ = write!(self.0, "<{name}");
        for (name, value) in attributes {
            let _ = write!(self.0, " {name}=\"");
            escape(&mut self.0, value);
            self.0.push('"');
        }
    }

    /// The whole document.
    pub(crate) fn build(self) -> String {
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>{}</Response>", self.0)
    }

    /// The document as the answer to a webhook.
    pub(crate) fn reply(self) -> WebhookReply {
        WebhookReply { status: 200, content_type: "text/xml", body: self.build() }
    }
}

fn escape(out: &mut String, text: &str) {
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // XML has no way to write these.
            '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            sign => out.push(sign),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_stays_text() {
        let twiml = Twiml::new().text("Say", &[("voice", "\"/><Hangup/>")], "</Say><Dial>+1\u{0}&'").build();
        assert_eq!(
            twiml,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Say voice=\"&quot;/&gt;&lt;Hangup/&gt;\">\
             &lt;/Say&gt;&lt;Dial&gt;+1&amp;&apos;</Say></Response>"
        );
    }
}
