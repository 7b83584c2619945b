use crate::text::hex;

/// Makes ids of the form `<instance>_<count>`. The instance begins with a letter: the official SDK takes an id that
/// begins with its own instance, which is a number, for an answer.
pub(super) struct MessageIds {
    instance: String,
    next: u64,
}

impl MessageIds {
    pub(super) fn new(seed: u64) -> Self {
        Self { instance: ["c", &hex(seed)].concat(), next: 1 }
    }

    /// The count that the next id will have.
    pub(super) const fn next_count(&self) -> u64 {
        self.next
    }

    pub(super) fn next(&mut self) -> String {
        let id = [&self.instance, "_", &self.next.to_string()].concat();
        self.next += 1;
        id
    }

    /// Whether this is an id that was made at that count or later.
    pub(super) fn made_since(&self, count: u64, id: &str) -> bool {
        let made = id.strip_prefix(self.instance.as_str()).and_then(|rest| rest.strip_prefix('_'));
        let is_canonical = |text: &&str| !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
        made.filter(is_canonical)
            .and_then(|text| text.parse().ok())
            .is_some_and(|made| (count..self.next).contains(&made))
    }
}

/// Which page made an id.
pub(super) fn instance_of(id: &str) -> &str {
    let end = id.bytes().rposition(|byte| byte == b'_');
    end.and_then(|end| id.get(..end)).unwrap_or(id)
}
