//! What a widget says to HubSpot.

use super::field::{Fields, Record, Slot, envelope, messages, record, words};
use super::text::{EngagementId, ExternalCallId, Id, Note, ObjectTypeId, Sensitive};
use crate::{Object, Timestamp, Value};
use core::time::Duration;

messages! {
    /// A message from a widget to HubSpot.
    #[allow(clippy::large_enum_variant, reason = "made and consumed one at a time")]
    WidgetMessage {
        /// The widget is there. Without it HubSpot shows the app as offline.
        Initialized(data: Initialized) = "INITIALIZED",
        /// The user signed in. HubSpot does not dial before.
        LoggedIn = "LOGGED_IN",
        /// The user signed out.
        LoggedOut = "LOGGED_OUT",
        /// The user takes incoming calls.
        UserAvailable = "USER_AVAILABLE",
        /// The user takes no incoming calls.
        UserUnavailable = "USER_UNAVAILABLE",
        /// The user calls someone.
        OutgoingCallStarted(data: OutgoingCallStarted) = "OUTGOING_CALL_STARTED",
        /// Someone calls the user.
        IncomingCall(data: IncomingCall) = "INCOMING_CALL",
        /// The parties talk.
        CallAnswered(data: CallAnswered) = "CALL_ANSWERED",
        /// The user handed the call to someone else.
        CallTransferred(data: CallTransferred) = "CALL_TRANSFERRED",
        /// The call is over; the user may navigate or close the widget.
        CallEnded(data: CallEnded) = "CALL_ENDED",
        /// The user is done with the call: it goes on the timeline.
        CallCompleted(data: CallCompleted) = "CALL_COMPLETED",
        /// The call record goes to a connected channel.
        FinalizeEngagement(data: FinalizeEngagement) = "FINALIZE_ENGAGEMENT",
        /// The older name of [`FinalizeEngagement`](Self::FinalizeEngagement).
        PublishToChannel(data: FinalizeEngagement) = "PUBLISH_TO_CHANNEL",
        /// Shows the user a record.
        NavigateToRecord(data: NavigateToRecord) = "NAVIGATE_TO_RECORD",
        /// Something went wrong.
        Error(data: WidgetError) = "ERROR",
        /// The widget needs another size.
        ResizeWidget(data: SizeInfo) = "RESIZE_WIDGET",
        /// The widget is about to move to another origin.
        SetWidgetUrl(data: SetWidgetUrl) = "SET_WIDGET_URL",
        /// No longer used; its data, which may be anything, is not read.
        CallData = "CALL_DATA",
    }
}

impl WidgetMessage {
    /// Writes the message.
    #[must_use]
    pub fn encode(&self, message_id: &str) -> Value {
        let mut message = envelope(self.message_type(), message_id, self.data());
        // Hosts look for it beside `type`, the official widget puts it into the data.
        if let (Self::SetWidgetUrl(url), Value::Object(fields)) = (self, &mut message) {
            url.write_fields(fields);
        }
        message
    }
}

record! {
    /// The widget's state at its start.
    #[derive(Default)]
    Initialized {
        /// Whether the user is signed in.
        is_logged_in: Option<bool> = "isLoggedIn",
        /// Whether the user takes incoming calls.
        is_available: Option<bool> = "isAvailable",
        /// The call record that the widget goes on with.
        engagement_id: Option<EngagementId> = "engagementId",
        /// The size that the widget needs.
        size_info: Option<SizeInfo> = "sizeInfo",
    }
}

record! {
    /// A size in CSS pixels.
    #[derive(Copy)]
    SizeInfo {
        /// The width.
        width: u32 = "width",
        /// The height.
        height: u32 = "height",
    }
}

record! {
    /// An outgoing call.
    OutgoingCallStarted {
        /// The call.
        external_call_id: ExternalCallId = "externalCallId" | "externalCallID",
        /// The number called, in E.164.
        to_number: Option<Sensitive> = "toNumber" | "phoneNumber",
        /// The number called from, in E.164. HubSpot's documentation requires it.
        from_number: Option<Sensitive> = "fromNumber",
        /// When it began.
        call_start_time: Option<Timestamp> = "callStartTime",
        /// Whether HubSpot is to make a call record.
        create_engagement: Option<bool> = "createEngagement",
    }
}

record! {
    /// An incoming call.
    IncomingCall {
        /// The call.
        external_call_id: ExternalCallId = "externalCallId" | "externalCallID",
        /// The caller's number in E.164; empty if withheld.
        from_number: Sensitive = "fromNumber",
        /// The number called, in E.164.
        to_number: Sensitive = "toNumber",
        /// When it began.
        call_start_time: Option<Timestamp> = "callStartTime",
        /// Whether HubSpot is to make a call record.
        create_engagement: Option<bool> = "createEngagement",
    }
}

record! {
    /// An answered call.
    CallAnswered {
        /// The call.
        external_call_id: ExternalCallId = "externalCallId" | "externalCallID",
    }
}

record! {
    /// A call that was handed on.
    CallTransferred {
        /// The call.
        external_call_id: ExternalCallId = "externalCallId" | "externalCallID",
    }
}

record! {
    /// A call that is over.
    CallEnded {
        /// The call.
        external_call_id: ExternalCallId = "externalCallId" | "externalCallID",
        /// The call record. Left out only when HubSpot made none.
        engagement_id: Option<EngagementId> = "engagementId",
        /// How it ended.
        call_end_status: Option<CallEndStatus> = "callEndStatus",
    }
}

words! {
    /// How a call ended.
    CallEndStatus {
        /// The parties talked.
        Completed = "COMPLETED" | "INTERNAL_COMPLETED",
        /// Something broke.
        Failed = "FAILED" | "INTERNAL_FAILED",
        /// The caller gave up.
        Canceled = "CANCELED" | "INTERNAL_CANCELED",
        /// The called party was on the phone.
        Busy = "BUSY" | "INTERNAL_BUSY",
        /// Nobody answered.
        NoAnswer = "NO_ANSWER" | "INTERNAL_NO_ANSWER",
        /// The called party declined.
        Rejected = "REJECTED" | "INTERNAL_REJECTED",
        /// The user did not answer.
        Missed = "MISSED" | "INTERNAL_MISSED",
    }
}

record! {
    /// A call that the user is done with.
    CallCompleted {
        /// The call.
        external_call_id: ExternalCallId = "externalCallId" | "externalCallID",
        /// The call record.
        engagement_id: Option<EngagementId> = "engagementId",
        /// Whether HubSpot closes the widget; it does unless this is false.
        hide_widget: Option<bool> = "hideWidget",
        /// What goes on the timeline.
        engagement_properties: Option<EngagementProperties> = "engagementProperties",
    }
}

record! {
    /// A call record's properties. Ids are texts among them.
    #[derive(Default)]
    EngagementProperties {
        /// The call's place on the timeline. HubSpot requires it.
        timestamp: Option<Timestamp> = "hs_timestamp",
        /// The title.
        title: Option<Sensitive> = "hs_call_title",
        /// The notes. HubSpot shows them as HTML.
        body: Option<Note> = "hs_call_body",
        /// Who called.
        direction: Option<CallDirection> = "hs_call_direction",
        /// Where the call stands.
        status: Option<CallStatus> = "hs_call_status",
        /// How long the parties talked.
        duration: Option<Duration> = "hs_call_duration",
        /// The id of the outcome that the user chose.
        disposition: Option<String> = "hs_call_disposition",
        /// The caller's number in E.164.
        from_number: Option<Sensitive> = "hs_call_from_number",
        /// The called number in E.164.
        to_number: Option<Sensitive> = "hs_call_to_number",
        /// The other party's record.
        callee_object_id: Option<String> = "hs_call_callee_object_id",
        /// The type of that record.
        callee_object_type: Option<String> = "hs_call_callee_object_type",
        /// The owner, who is shown as the one who called.
        owner_id: Option<String> = "hubspot_owner_id",
        /// The account's type of call.
        activity_type: Option<String> = "hs_activity_type",
        /// Ids of attachments, with semicolons between.
        attachment_ids: Option<String> = "hs_attachment_ids",
        /// The recording, by HTTPS.
        recording_url: Option<Sensitive> = "hs_call_recording_url",
        /// `INTEGRATIONS_PLATFORM`, which a recording's transcript requires.
        source: Option<String> = "hs_call_source",
    }
}

words! {
    /// Who called, seen from HubSpot's user.
    CallDirection {
        /// The other party.
        Inbound = "INBOUND",
        /// The user.
        Outbound = "OUTBOUND",
    }
}

words! {
    /// Where a call record stands. It knows fewer endings than [`CallEndStatus`].
    CallStatus {
        /// The called party was on the phone.
        Busy = "BUSY",
        /// The user's own phone is called first.
        CallingCrmUser = "CALLING_CRM_USER",
        /// The caller gave up.
        Canceled = "CANCELED",
        /// The parties talked.
        Completed = "COMPLETED",
        /// The call is being set up.
        Connecting = "CONNECTING",
        /// Something broke.
        Failed = "FAILED",
        /// The parties talk.
        InProgress = "IN_PROGRESS",
        /// Nobody answered.
        NoAnswer = "NO_ANSWER",
        /// The call waits to be made.
        Queued = "QUEUED",
        /// The far end rings.
        Ringing = "RINGING",
    }
}

record! {
    /// A call record that is ready for a connected channel.
    FinalizeEngagement {
        /// The call.
        external_call_id: ExternalCallId = "externalCallId" | "externalCallID",
        /// The call record.
        engagement_id: EngagementId = "engagementId",
    }
}

record! {
    /// A record to show.
    NavigateToRecord {
        /// The record.
        object_coordinates: ObjectCoordinates = "objectCoordinates",
        /// The call record that the navigation is for.
        engagement_id: Option<EngagementId> = "engagementId",
        /// Where to show it.
        open_in: Option<OpenIn> = "openIn",
    }
}

record! {
    /// Where a record is found.
    ObjectCoordinates {
        /// The account.
        portal_id: Id = "portalId",
        /// The record.
        object_id: Id = "objectId",
        /// The type of record.
        object_type_id: ObjectTypeId = "objectTypeId",
    }
}

words! {
    /// Where to show a record.
    OpenIn {
        /// In this tab.
        CurrentTab = "CURRENT_TAB",
        /// In a new tab.
        NewTab = "NEW_TAB",
    }
}

record! {
    /// The widget's next place.
    SetWidgetUrl {
        /// The origin that it will have.
        iframe_url: String = "iFrameUrl",
    }
}

/// What went wrong in a widget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WidgetError {
    /// HubSpot shows this to the user.
    Message(Sensitive),
    /// HubSpot sent a message of a type that the widget does not know: this one.
    UnknownMessageType(String),
}

const UNKNOWN_MESSAGE_TYPE: &str = "UNKNOWN_MESSAGE_TYPE";

impl Record for WidgetError {
    fn read_fields(fields: &mut Fields<'_>) -> Self {
        if fields.get("type").and_then(Value::as_str) != Some(UNKNOWN_MESSAGE_TYPE) {
            return Self::Message(Slot::read_from(fields, "message"));
        }
        let original = fields.get("data").and_then(|data| data.get("originalMessage")?.as_object());
        let Some(original) = original else {
            fields.lack("originalMessage", "an object");
            return Self::UnknownMessageType(String::new());
        };
        *fields = Fields::of(original);
        Self::UnknownMessageType(Slot::read_from(fields, "type"))
    }

    /// Of a message that the widget does not know only the type is sent back: the rest may be about a person.
    fn write_fields(&self, fields: &mut Object) {
        match self {
            Self::Message(message) => message.write_to(fields, "message"),
            Self::UnknownMessageType(name) => {
                let original = Object::new().with("type", name.as_str());
                fields.set("type", UNKNOWN_MESSAGE_TYPE);
                fields.set("data", Object::new().with("originalMessage", original));
            }
        }
    }
}
