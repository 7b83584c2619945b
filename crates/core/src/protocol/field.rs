//! How messages become values and back: the tables in the sibling modules are written with the macros of this one.

use super::text::read_whole;
use crate::text::split_once;
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

/// A value that a field can have.
pub(super) trait Field: Sized {
    /// What the field should have been, for an error.
    const EXPECTED: &'static str;

    /// Reads the value, unless it is of a wrong type or too long.
    fn read(value: &Value) -> Option<Self>;

    /// Writes the value.
    fn write(&self) -> Value;
}

/// A value that a record can't be without.
pub(super) trait Required: Field {
    /// What stands for the value until the lack of it is reported.
    fn blank() -> Self;
}

/// A field of a record: an `Option` or a value that is required.
pub(super) trait Slot: Sized {
    /// Reads what is under one of the names, which have `|` between them, the best one first.
    fn read_from(fields: &mut Fields<'_>, names: &'static str) -> Self;
    fn write_to(&self, fields: &mut Object, name: &str);
}

/// An object of named fields: the data of a message, or a part of it.
pub(super) trait Record: Sized {
    fn read_fields(fields: &mut Fields<'_>) -> Self;
    fn write_fields(&self, fields: &mut Object);
}

/// The fields of an object that is read as a record. What is missing is noted and asked for once, at the end: to check
/// each field by itself would double the code of the widget's messages.
pub(super) struct Fields<'a> {
    object: &'a Object,
    missing: Option<FieldError>,
}

struct FieldError {
    field: &'static str,
    expected: &'static str,
}

impl<'a> Fields<'a> {
    pub(super) const fn of(object: &'a Object) -> Self {
        Self { object, missing: None }
    }

    /// What the object has under that name.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name)
    }

    /// What the object has under the first of these names, which is taken off with those that it does not have.
    fn next_value(&self, names: &mut &str) -> Option<&'a Value> {
        while !names.is_empty() {
            let (name, others) = split_once(names, b'|').unwrap_or((names, ""));
            *names = others;
            if let Some(value) = self.get(name) {
                return Some(value);
            }
        }
        None
    }

    /// Notes that a required field can't be read.
    pub(super) fn lack(&mut self, names: &'static str, expected: &'static str) {
        let field = split_once(names, b'|').map_or(names, |(first, _)| first);
        self.missing.get_or_insert(FieldError { field, expected });
    }

    pub(super) const fn is_complete(&self) -> bool {
        self.missing.is_none()
    }

    /// Whether nothing was missing in a message of that type.
    pub(super) fn check(self, message: &'static str) -> Result<(), DecodeError> {
        match self.missing {
            None => Ok(()),
            Some(FieldError { field, expected }) => Err(DecodeError::Field { message, field, expected }),
        }
    }
}

pub(super) fn read_text(value: &Value, max: usize) -> Option<String> {
    value.as_str().filter(|text| text.len() <= max).map(str::to_owned)
}

/// The fields of a message's data. The oldest hosts and widgets put them beside `type`.
pub(super) fn data_of(message: &Value) -> Option<&Object> {
    message.get("data").and_then(Value::as_object).or_else(|| message.as_object())
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
            fn read_fields(fields: &mut $crate::protocol::field::Fields<'_>) -> Self {
                Self { $($field: $crate::protocol::field::Slot::read_from(fields, concat!($wire $(, "|", $alias)*)),)* }
            }

            fn write_fields(&self, fields: &mut $crate::Object) {
                $($crate::protocol::field::Slot::write_to(&self.$field, fields, $wire);)*
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

            fn write(&self) -> $crate::Value {
                match self { $(Self::$variant => $wire,)* }.into()
            }
        }
    };
}

/// Defines the messages of one direction: each with its data, if any, and its type on the wire.
macro_rules! messages {
    (@write $fields:ident) => { return None };
    (@write $fields:ident $data:ident) => { $crate::protocol::field::Record::write_fields($data, &mut $fields) };
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
                let mut fields = $crate::Object::new();
                match self {
                    $(Self::$variant $(($data))? => messages!(@write fields $($data)?),)*
                }
                Some(fields)
            }

            /// Reads a message.
            ///
            /// # Errors
            /// When the value is not a message of this direction, or lacks a required field.
            pub fn decode(message: &$crate::Value) -> Result<Self, $crate::protocol::DecodeError> {
                use $crate::protocol::field::{self, Fields, Record};
                use $crate::protocol::DecodeError;
                let message_type = field::message_type(message).ok_or(DecodeError::NotAMessage)?;
                let mut fields = Fields::of(field::data_of(message).ok_or(DecodeError::NotAMessage)?);
                let message = match message_type {
                    $($wire => Self::$variant $((<$record>::read_fields(&mut fields)))?,)*
                    _ => return Err(DecodeError::UnknownType),
                };
                fields.check(message.message_type()).map(|()| message)
            }
        }
    };
}

pub(super) use {messages, record, words};

impl<T: Field> Slot for Option<T> {
    fn read_from(fields: &mut Fields<'_>, mut names: &'static str) -> Self {
        while let Some(value) = fields.next_value(&mut names) {
            if let Some(value) = T::read(value) {
                return Some(value);
            }
        }
        None
    }

    fn write_to(&self, fields: &mut Object, name: &str) {
        if let Some(value) = self {
            fields.set(name, value.write());
        }
    }
}

impl<T: Required> Slot for T {
    fn read_from(fields: &mut Fields<'_>, names: &'static str) -> Self {
        Option::read_from(fields, names).unwrap_or_else(|| {
            fields.lack(names, T::EXPECTED);
            T::blank()
        })
    }

    fn write_to(&self, fields: &mut Object, name: &str) {
        fields.set(name, self.write());
    }
}

impl<T: Record> Field for T {
    const EXPECTED: &'static str = "an object with its required fields";

    fn read(value: &Value) -> Option<Self> {
        let mut fields = Fields::of(value.as_object()?);
        let record = T::read_fields(&mut fields);
        fields.is_complete().then_some(record)
    }

    fn write(&self) -> Value {
        write_record(self).into()
    }
}

impl<T: Record> Required for T {
    fn blank() -> Self {
        T::read_fields(&mut Fields::of(&Object::new()))
    }
}

/// Items that can't be read are left out.
impl<T: Field> Field for Vec<T> {
    const EXPECTED: &'static str = "a list";

    fn read(value: &Value) -> Option<Self> {
        let mut list = Self::new();
        for item in value.as_array()?.iter().take(MAX_ITEMS) {
            if let Some(item) = T::read(item) {
                list.push(item);
            }
        }
        Some(list)
    }

    fn write(&self) -> Value {
        Value::Array(self.iter().map(T::write).collect())
    }
}

impl<T: Field> Required for Vec<T> {
    fn blank() -> Self {
        Self::new()
    }
}

impl Field for bool {
    const EXPECTED: &'static str = "a boolean";

    fn read(value: &Value) -> Option<Self> {
        value.as_bool()
    }

    fn write(&self) -> Value {
        (*self).into()
    }
}

impl Field for u32 {
    const EXPECTED: &'static str = "a whole number";

    fn read(value: &Value) -> Option<Self> {
        read_whole(value).and_then(|whole| whole.try_into().ok())
    }

    fn write(&self) -> Value {
        (*self).into()
    }
}

impl Required for u32 {
    fn blank() -> Self {
        0
    }
}

impl Field for String {
    const EXPECTED: &'static str = "a text";

    fn read(value: &Value) -> Option<Self> {
        read_text(value, MAX_TEXT)
    }

    fn write(&self) -> Value {
        self.as_str().into()
    }
}

impl Required for String {
    fn blank() -> Self {
        Self::new()
    }
}

/// Milliseconds since the epoch; also read from a text, as some properties are.
impl Field for Timestamp {
    const EXPECTED: &'static str = "milliseconds since the epoch";

    fn read(value: &Value) -> Option<Self> {
        read_millis(value).map(Self::from_millis)
    }

    fn write(&self) -> Value {
        (*self).into()
    }
}

/// Milliseconds, as a text.
impl Field for Duration {
    const EXPECTED: &'static str = "milliseconds";

    fn read(value: &Value) -> Option<Self> {
        read_millis(value).map(Self::from_millis)
    }

    fn write(&self) -> Value {
        // Whole milliseconds fit: no call lasts for half a billion years.
        u64::try_from(self.as_millis()).unwrap_or(u64::MAX).to_string().into()
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
