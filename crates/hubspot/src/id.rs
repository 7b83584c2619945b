use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// An app, as its developer account numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AppId(pub u32);

/// An account that installed the app: HubSpot's `hub_id` or `portalId`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PortalId(pub u64);

/// A user of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UserId(pub u32);

/// A call, another record or a transcript. HubSpot numbers them; the text is kept as it came. It may stand in a path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id(Cow<'static, str>);

/// A kind of record: a name such as `contacts`, or a number such as `0-1`. It may stand in a path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectType(Cow<'static, str>);

/// A text that can't be an id: they have 1 to 128 letters, digits, `-` and `_`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadId;

impl fmt::Display for BadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id has 1 to 128 letters, digits, - and _")
    }
}

impl std::error::Error for BadId {}

fn checked(text: String) -> Result<Cow<'static, str>, BadId> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let fits = (1..=128).contains(&text.len()) && text.bytes().all(allowed);
    if fits { Ok(Cow::Owned(text)) } else { Err(BadId) }
}

macro_rules! texts {
    ($($name:ident)+) => {
        $(impl $name {
            /// The text, if it can be one.
            ///
            /// # Errors
            /// When it has another sign than letters, digits, `-` and `_`.
            pub fn new(text: impl Into<String>) -> Result<Self, BadId> {
                checked(text.into()).map(Self)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = match TextOrNumber::deserialize(deserializer)? {
                    TextOrNumber::Text(text) => text,
                    TextOrNumber::Number(number) => number.to_string(),
                };
                Self::new(text).map_err(serde::de::Error::custom)
            }
        })+
    };
}

texts! { Id ObjectType }

/// Some of HubSpot's answers number what others name.
#[derive(Deserialize)]
#[serde(untagged)]
enum TextOrNumber {
    Text(String),
    Number(u64),
}

impl Id {
    /// The number that this is, for requests that want one.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        self.0.parse().ok()
    }
}

impl From<u64> for Id {
    fn from(number: u64) -> Self {
        Self(Cow::Owned(number.to_string()))
    }
}

impl ObjectType {
    /// People.
    pub const CONTACTS: Self = Self(Cow::Borrowed("contacts"));
    /// Companies.
    pub const COMPANIES: Self = Self(Cow::Borrowed("companies"));
    /// Deals.
    pub const DEALS: Self = Self(Cow::Borrowed("deals"));
    /// Tickets.
    pub const TICKETS: Self = Self(Cow::Borrowed("tickets"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_can_stand_in_a_path() {
        for bad in ["", ".", "..", "a/b", "a%2fb", "1?x", "1#x", "ä", "a b", &"1".repeat(129)] {
            assert_eq!(Id::new(bad), Err(BadId), "{bad}");
        }
        assert_eq!(Id::new("0-1").unwrap().number(), None);
        assert_eq!(Id::from(u64::MAX).number(), None);
        assert_eq!(serde_json::from_str::<Id>("42").unwrap(), Id::from(42));
        assert_eq!(serde_json::from_str::<Id>(r#""42""#).unwrap().number(), Some(42));
        assert!(serde_json::from_str::<Id>(r#""../1""#).is_err());
        assert_eq!(ObjectType::new("contacts").unwrap(), ObjectType::CONTACTS);
    }
}
