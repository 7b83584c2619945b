//! The texts and ids that messages carry.

use super::field::{Field, MAX_TEXT, Required, read_text};
use crate::Value;
use core::fmt;

/// Up to here every whole number has its own place among JavaScript's numbers.
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;
/// The longest id that is read, in bytes.
const MAX_ID: usize = 256;
/// The longest note that is read, in bytes.
const MAX_NOTE: usize = 65_536;

macro_rules! texts {
    ($($(#[$meta:meta])* $name:ident { expected: $expected:literal, read: $read:expr, write: $write:expr })*) => {$(
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Wraps the text.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl Field for $name {
            const EXPECTED: &'static str = $expected;

            fn read(value: &Value) -> Option<Self> {
                $read(value).map(Self)
            }

            fn write(&self) -> Value {
                $write(self.as_str())
            }
        }

        impl Required for $name {
            fn blank() -> Self {
                Self(String::new())
            }
        }
    )*};
}

texts! {
    /// HubSpot's id of an account, user, owner or record. On the wire a number or a text; here a text.
    #[derive(Debug)]
    Id { expected: "an id", read: read_id, write: write_id }

    /// HubSpot's id of a call record.
    #[derive(Debug)]
    EngagementId { expected: "an id", read: read_id, write: write_id }

    /// The widget's own id of a call.
    #[derive(Debug)]
    ExternalCallId { expected: "an id", read: read_id, write: Value::from }

    /// HubSpot's id of a type of record.
    #[derive(Debug)]
    ObjectTypeId { expected: "an object type", read: read_id, write: Value::from }

    /// Something about a person: a name, a phone number, an e-mail address. Its `Debug` hides it.
    Sensitive { expected: "a text", read: |value| read_text(value, MAX_TEXT), write: Value::from }

    /// What a user wrote about a call. Its `Debug` hides it.
    Note { expected: "a text", read: |value| read_text(value, MAX_NOTE), write: Value::from }
}

impl ObjectTypeId {
    /// Contacts.
    #[must_use]
    pub fn contact() -> Self {
        Self::from("0-1")
    }

    /// Companies.
    #[must_use]
    pub fn company() -> Self {
        Self::from("0-2")
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sensitive(…)")
    }
}

impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Note(…)")
    }
}

fn read_id(value: &Value) -> Option<String> {
    match value {
        Value::Number(_) => read_whole(value).map(|whole| whole.to_string()),
        _ => read_text(value, MAX_ID).filter(|text| !text.is_empty()),
    }
}

/// A number if that is the same id: HubSpot documents numbers.
fn write_id(id: &str) -> Value {
    let is_canonical = id == "0" || (!id.starts_with('0') && id.bytes().all(|b| b.is_ascii_digit()));
    match id.parse::<u64>() {
        Ok(number) if is_canonical && number < MAX_WHOLE as u64 => Value::Number(number as f64),
        _ => Value::from(id),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be whole and within 0..2^53")]
pub(super) fn read_whole(value: &Value) -> Option<u64> {
    value
        .as_number()
        .filter(|number| (0.0..MAX_WHOLE).contains(number) && *number % 1.0 == 0.0)
        .map(|number| number as u64)
}
