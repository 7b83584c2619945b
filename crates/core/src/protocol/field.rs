//! How messages become values and back: the tables in the sibling modules are written with the macros of this one.

use super::text::read_whole;
use crate::{Object, Timestamp, Value};
use core::fmt;
use core::time::Duration;

/// The longest name of a message type that is read, in bytes.
const MAX_TYPE: usize = 64;
/// The longest text that is read, in bytes.
pub(super) const MAX_TEXT: usize = 4_096;
/// How many items of a list are read.
const MAX_ITEMS: usize = 100;

/// Why a value is not a message. Holds names of the protocol only, never what the message said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// Not an object with a short text as its `type`.
    NotAMessage,
    /// No message of this direction has this type.
    UnknownType,
    /// A required field is missing, or is not what it should be.
    Field {
        /// The type of the message.
        message: &'static str,
        /// The name of the field.
        field: &'static str,
        /// What should have been there.
        expected: &'static str,
    },
}

/// The type that a message says it has.
pub(super) fn message_type(message: &Value) -> Option<&str> {
    message.get("type").and_then(Value::as_str).filter(|name| (1..=MAX_TYPE).contains(&name.len()))
}

/// The value of one field.
pub(super) trait Field: Sized {
    /// What the field should have been, for an error.
    const EXPECTED: &'static str;

    /// Reads the field, unless it is of a wrong type or too long.
    fn read(value: &Value) -> Option<Self>;

    /// Writes the field, unless it is absent.
    fn write(&self) -> Option<Value>;

    /// What stands for a field that can't be read. `None` makes the field a required one.
    fn absent() -> Option<Self> {
        None
    }
}

/// An object of named fields: the data of a message, or a part of it.
pub(super) trait Record: Sized {
    fn read_fields(fields: &Object) -> Result<Self, FieldError>;
    fn write_fields(&self, fields: &mut Object);
}

/// The field that a record lacks.
pub(super) struct FieldError {
    field: &'static str,
    expected: &'static str,
}

impl FieldError {
    pub(super) const fn new(field: &'static str, expected: &'static str) -> Self {
        Self { field, expected }
    }

    pub(super) const fn of(self, message: &'static str) -> DecodeError {
        DecodeError::Field { message, field: self.field, expected: self.expected }
    }
}

/// Reads a field by the first of its names that holds what it should.
pub(super) fn read_field<T: Field>(fields: &Object, names: &[&'static str]) -> Result<T, FieldError> {
    let found = names.iter().find_map(|name| fields.get(name).and_then(T::read));
    found.or_else(T::absent).ok_or_else(|| FieldError::new(names.first().copied().unwrap_or_default(), T::EXPECTED))
}

pub(super) fn write_field<T: Field>(fields: &mut Object, name: &str, field: &T) {
    if let Some(value) = field.write() {
        fields.set(name, value);
    }
}

pub(super) fn read_text(value: &Value, max: usize) -> Option<String> {
    value.as_str().filter(|text| text.len() <= max).map(str::to_owned)
}

/// The fields of a message's data. The oldest hosts and widgets put them beside `type`.
pub(super) fn data_of(message: &Value) -> Result<&Object, DecodeError> {
    message.get("data").and_then(Value::as_object).or_else(|| message.as_object()).ok_or(DecodeError::NotAMessage)
}

pub(super) fn write_record(record: &impl Record) -> Object {
    let mut fields = Object::new();
    record.write_fields(&mut fields);
    fields
}

/// Puts a message together.
pub(super) fn envelope(message_type: &str, message_id: &str, data: Option<Object>) -> Value {
    let mut message = Object::new().with("type", message_type).with("messageId", message_id);
    if let Some(data) = data {
        message.set("data", data);
    }
    Value::Object(message)
}

/// Defines a [`Record`]: each field with its type and the names it has on the wire. The first name is written, all are read.
macro_rules! record {
    (
        $(#[$meta:meta])*
        $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty = $wire:literal $(| $alias:literal)*,)* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl $crate::protocol::field::Record for $name {
            fn read_fields(fields: &$crate::Object) -> Result<Self, $crate::protocol::field::FieldError> {
                Ok(Self { $($field: $crate::protocol::field::read_field(fields, &[$wire $(, $alias)*])?,)* })
            }

            fn write_fields(&self, fields: &mut $crate::Object) {
                $($crate::protocol::field::write_field(fields, $wire, &self.$field);)*
            }
        }
    };
}

/// Defines a choice of words, each with the names it has on the wire. The first name is written, all are read.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $wire:literal $(| $alias:literal)*,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $crate::protocol::field::Field for $name {
            const EXPECTED: &'static str = concat!("one of" $(, " ", $wire)*);

            fn read(value: &$crate::Value) -> Option<Self> {
                match value.as_str()? {
                    $($wire $(| $alias)* => Some(Self::$variant),)*
                    _ => None,
                }
            }

            fn write(&self) -> Option<$crate::Value> {
                Some(match self { $(Self::$variant => $wire,)* }.into())
            }
        }
    };
}

/// Defines the messages of one direction: each with its data, if any, and its type on the wire.
macro_rules! messages {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident $(($data:ident: $record:ty))? = $wire:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$doc])* $variant $(($record))?,)*
        }

        impl $name {
            /// The message's type on the wire.
            #[must_use]
            pub const fn message_type(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $wire,)*
                }
            }

            fn data(&self) -> Option<$crate::Object> {
                match self {
                    $(Self::$variant $(($data))? => None$(.or(Some($crate::protocol::field::write_record($data))))?,)*
                }
            }

            /// Reads a message.
            ///
            /// # Errors
            /// When the value is not a message of this direction, or lacks a required field.
            pub fn decode(message: &$crate::Value) -> Result<Self, $crate::protocol::DecodeError> {
                use $crate::protocol::field;
                match field::message_type(message).ok_or($crate::protocol::DecodeError::NotAMessage)? {
                    $($wire => Ok(Self::$variant $(({
                        let fields = field::data_of(message)?;
                        <$record as field::Record>::read_fields(fields).map_err(|error| error.of($wire))?
                    }))?),)*
                    _ => Err($crate::protocol::DecodeError::UnknownType),
                }
            }
        }
    };
}

pub(super) use {messages, record, words};

impl<T: Record> Field for T {
    const EXPECTED: &'static str = "an object with its required fields";

    fn read(value: &Value) -> Option<Self> {
        Record::read_fields(value.as_object()?).ok()
    }

    fn write(&self) -> Option<Value> {
        Some(write_record(self).into())
    }
}

impl<T: Field> Field for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn read(value: &Value) -> Option<Self> {
        T::read(value).map(Some)
    }

    fn write(&self) -> Option<Value> {
        self.as_ref().and_then(T::write)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

/// Items that can't be read are left out.
impl<T: Field> Field for Vec<T> {
    const EXPECTED: &'static str = "a list";

    fn read(value: &Value) -> Option<Self> {
        value.as_array().map(|items| items.iter().take(MAX_ITEMS).filter_map(T::read).collect())
    }

    fn write(&self) -> Option<Value> {
        Some(Value::Array(self.iter().filter_map(T::write).collect()))
    }
}

impl Field for bool {
    const EXPECTED: &'static str = "a boolean";

    fn read(value: &Value) -> Option<Self> {
        value.as_bool()
    }

    fn write(&self) -> Option<Value> {
        Some((*self).into())
    }
}

impl Field for u32 {
    const EXPECTED: &'static str = "a whole number";

    fn read(value: &Value) -> Option<Self> {
        read_whole(value).and_then(|whole| whole.try_into().ok())
    }

    fn write(&self) -> Option<Value> {
        Some((*self).into())
    }
}

impl Field for String {
    const EXPECTED: &'static str = "a text";

    fn read(value: &Value) -> Option<Self> {
        read_text(value, MAX_TEXT)
    }

    fn write(&self) -> Option<Value> {
        Some(self.as_str().into())
    }
}

/// Milliseconds since the epoch; also read from a text, as some properties are.
impl Field for Timestamp {
    const EXPECTED: &'static str = "milliseconds since the epoch";

    fn read(value: &Value) -> Option<Self> {
        read_millis(value).map(Self::from_millis)
    }

    fn write(&self) -> Option<Value> {
        Some((*self).into())
    }
}

/// Milliseconds, as a text.
impl Field for Duration {
    const EXPECTED: &'static str = "milliseconds";

    fn read(value: &Value) -> Option<Self> {
        read_millis(value).map(Self::from_millis)
    }

    fn write(&self) -> Option<Value> {
        Some(self.as_millis().to_string().into())
    }
}

fn read_millis(value: &Value) -> Option<u64> {
    let from_text = || value.as_str()?.parse().ok().filter(|millis| *millis < 1 << 53);
    read_whole(value).or_else(from_text)
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAMessage => f.write_str("not a message"),
            Self::UnknownType => f.write_str("no known type of message"),
            Self::Field { message, field, expected } => write!(f, "{message} without {field}, {expected}"),
        }
    }
}

impl core::error::Error for DecodeError {}
