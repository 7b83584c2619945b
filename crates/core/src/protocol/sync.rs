//! The handshake. Its fields stand beside `type`, not in `data`.

use super::field::{DecodeError, Field, Fields, Record, Slot, message_type, record, words};
use super::origin::Origin;
use super::text::{EngagementId, Id};
use crate::{Object, Value};

pub(super) const SYNC: &str = "SYNC";
pub(super) const SYNC_ACK: &str = "SYNC_ACK";

record! {
    /// What a host tells a widget about the place it runs in.
    #[derive(Default)]
    SyncContext {
        /// The call record, if the page was loaded again during a call.
        engagement_id: Option<EngagementId> = "engagementId",
        /// The account.
        portal_id: Option<Id> = "portalId",
        /// The user.
        user_id: Option<Id> = "userId",
        /// The user as an owner of records.
        owner_id: Option<Id> = "ownerId",
        /// The place.
        iframe_location: Option<IframeLocation> = "iframeLocation",
        /// Whether a window of its own holds the calls. Absent means true.
        uses_calling_window: Option<bool> = "usesCallingWindow",
    }
}

words! {
    /// Where in HubSpot a widget runs.
    IframeLocation {
        /// A movable panel on a record's page.
        Widget = "widget",
        /// The navigation bar; one in each open tab.
        Remote = "remote",
        /// The calling window.
        Window = "window",
    }
}

/// `SYNC`: a host asks the widget to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sync {
    /// The message's id, which the answer repeats.
    pub message_id: String,
    /// The host's origin as the message claims it. A [`Session`](super::Session) passes it on only if it is true.
    pub host_url: Option<Origin>,
    /// Where the widget runs.
    pub context: SyncContext,
}

/// `SYNC_ACK`: the widget's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncAck {
    /// What is answered.
    pub sync: Sync,
    /// Whether the widget logs what it sends and gets.
    pub debug_mode: Option<bool>,
    /// The version of the widget's side of the protocol.
    pub version: Option<String>,
    /// The widget's own origin.
    pub iframe_url: Option<Origin>,
}

impl Sync {
    /// Writes the message.
    #[must_use]
    pub fn encode(&self) -> Value {
        encode(SYNC, self)
    }

    /// Reads the message.
    ///
    /// # Errors
    /// When the value is no `SYNC`, or lacks its id.
    pub fn decode(message: &Value) -> Result<Self, DecodeError> {
        decode(SYNC, message)
    }
}

impl SyncAck {
    /// Writes the message.
    #[must_use]
    pub fn encode(&self) -> Value {
        encode(SYNC_ACK, self)
    }

    /// Reads the message.
    ///
    /// # Errors
    /// When the value is no `SYNC_ACK`, or lacks its id.
    pub fn decode(message: &Value) -> Result<Self, DecodeError> {
        decode(SYNC_ACK, message)
    }
}

fn encode(name: &str, record: &impl Record) -> Value {
    let mut message = Object::new().with("type", name);
    record.write_fields(&mut message);
    message.into()
}

fn decode<T: Record>(name: &'static str, message: &Value) -> Result<T, DecodeError> {
    let found = message_type(message).ok_or(DecodeError::NotAMessage)?;
    let mut fields = Fields::of(message.as_object().filter(|_| found == name).ok_or(DecodeError::UnknownType)?);
    let record = T::read_fields(&mut fields);
    fields.check(name).map(|()| record)
}

impl Record for Sync {
    fn read_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            message_id: Slot::read_from(fields, "messageId"),
            host_url: Slot::read_from(fields, "hostUrl"),
            context: Record::read_fields(fields),
        }
    }

    fn write_fields(&self, fields: &mut Object) {
        self.message_id.write_to(fields, "messageId");
        self.host_url.write_to(fields, "hostUrl");
        self.context.write_fields(fields);
    }
}

impl Record for SyncAck {
    fn read_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            sync: Record::read_fields(fields),
            debug_mode: Slot::read_from(fields, "debugMode"),
            version: Slot::read_from(fields, "version"),
            iframe_url: Slot::read_from(fields, "iFrameUrl"),
        }
    }

    fn write_fields(&self, fields: &mut Object) {
        self.sync.write_fields(fields);
        self.debug_mode.write_to(fields, "debugMode");
        self.version.write_to(fields, "version");
        self.iframe_url.write_to(fields, "iFrameUrl");
    }
}

impl Field for Origin {
    const EXPECTED: &'static str = "an origin";

    fn read(value: &Value) -> Option<Self> {
        value.as_str().and_then(|text| Self::parse(text).ok())
    }

    fn write(&self) -> Value {
        self.as_str().into()
    }
}
