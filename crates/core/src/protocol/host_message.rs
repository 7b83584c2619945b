//! What HubSpot says to a widget.

use super::field::{Field, envelope, messages, read_text, record, write_record};
use super::text::{EngagementId, ExternalCallId, Id, ObjectTypeId, Sensitive};
use super::widget_message::ObjectCoordinates;
use crate::{Object, Timestamp, Value};

messages! {
    /// A message from HubSpot to a widget.
    HostMessage {
        /// The user clicked a number.
        DialNumber(data: DialNumber) = "DIAL_NUMBER",
        /// The user wants the call ended.
        EndCall(data: CallReference) = "END_CALL",
        /// Undocumented.
        SetCallState(data: CallReference) = "SET_CALL_STATE",
        /// The widget was minimised, closed or opened.
        VisibilityChanged(data: VisibilityChanged) = "VISIBILITY_CHANGED",
        /// The older name of [`CreateEngagementSucceeded`](Self::CreateEngagementSucceeded); hosts send both.
        EngagementCreated(data: Engagement) = "ENGAGEMENT_CREATED",
        /// There is a call record.
        CreateEngagementSucceeded(data: Engagement) = "CREATE_ENGAGEMENT_SUCCEEDED",
        /// There is no call record.
        CreateEngagementFailed(data: Failure) = "CREATE_ENGAGEMENT_FAILED",
        /// The call record has what the completed call gave it.
        UpdateEngagementSucceeded(data: Engagement) = "UPDATE_ENGAGEMENT_SUCCEEDED",
        /// The call record does not have what the completed call gave it.
        UpdateEngagementFailed(data: Failure) = "UPDATE_ENGAGEMENT_FAILED",
        /// Who may be calling.
        CallerIdMatchSucceeded(data: CallerIdMatches) = "CALLER_ID_MATCH_SUCCEEDED",
        /// Who is calling could not be looked up.
        CallerIdMatchFailed(data: Failure) = "CALLER_ID_MATCH_FAILED",
        /// The record could not be shown.
        NavigateToRecordFailed(data: NavigateToRecordFailed) = "NAVIGATE_TO_RECORD_FAILED",
        /// The call record went to the channel. The older name of `FINALIZE_ENGAGEMENT_SUCCEEDED`.
        PublishToChannelSucceeded(data: Engagement) = "PUBLISH_TO_CHANNEL_SUCCEEDED",
        /// The call record did not go to the channel. The older name of `FINALIZE_ENGAGEMENT_FAILED`.
        PublishToChannelFailed(data: Failure) = "PUBLISH_TO_CHANNEL_FAILED",
        /// The call record went to the channel.
        FinalizeEngagementSucceeded(data: Engagement) = "FINALIZE_ENGAGEMENT_SUCCEEDED",
        /// The call record did not go to the channel.
        FinalizeEngagementFailed(data: Failure) = "FINALIZE_ENGAGEMENT_FAILED",
        /// Undocumented.
        InitiateCallIdSucceeded(data: CallReference) = "INITIATE_CALL_ID_SUCCEEDED",
        /// Undocumented.
        InitiateCallIdFailed(data: Failure) = "INITIATE_CALL_ID_FAILED",
        /// The widget may not move.
        SetWidgetUrlFailed(data: Failure) = "SET_WIDGET_URL_FAILED",
        /// Sent by hosts of SDK 0.8.1 to 0.9.4; means nothing to a widget.
        UpdateAssociationsFailed(data: Failure) = "UPDATE_ASSOCIATIONS_FAILED",
        /// Something failed.
        Failed(data: Failure) = "FAILED",
        /// The page goes away.
        Unloading = "UNLOADING",
    }
}

impl HostMessage {
    /// Writes the message.
    #[must_use]
    pub fn encode(&self, message_id: &str) -> Value {
        envelope(self.message_type(), message_id, self.data())
    }
}

record! {
    /// A number to call, and where the user clicked it.
    DialNumber {
        /// The number as the record holds it: any text.
        phone_number: Sensitive = "phoneNumber" | "phone_number",
        /// The account.
        portal_id: Option<Id> = "portalId",
        /// The user as an owner of records.
        owner_id: Option<Id> = "ownerId",
        /// The same as `object_id`.
        subject_id: Option<Id> = "subjectId",
        /// The record that is on the screen, which is not always the one that is called.
        object_id: Option<Id> = "objectId",
        /// The type of the record on the screen.
        object_type: Option<ObjectType> = "objectType",
        /// The number's country, such as `US`.
        country_code: Option<String> = "countryCode",
        /// Whom to call; prefer it over `object_id`.
        callee_info: Option<CalleeInfo> = "calleeInfo",
        /// When the user clicked.
        start_timestamp: Option<Timestamp> = "startTimestamp",
        /// The property that holds the number.
        to_phone_number_src: Option<String> = "toPhoneNumberSrc",
        /// The conversation that the number stands in.
        thread_id: Option<Id> = "threadId",
    }
}

record! {
    /// The record to call.
    CalleeInfo {
        /// The record.
        callee_id: Id = "calleeId",
        /// The type of record.
        callee_object_type_id: ObjectTypeId = "calleeObjectTypeId",
    }
}

/// A type of record, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectType {
    /// A person.
    Contact,
    /// A company.
    Company,
    /// Another type, such as an account's own.
    Other(String),
}

impl Field for ObjectType {
    const EXPECTED: &'static str = "a type of record";

    fn read(value: &Value) -> Option<Self> {
        Some(match value.as_str()? {
            "CONTACT" => Self::Contact,
            "COMPANY" => Self::Company,
            _ => Self::Other(read_text(value, 256)?),
        })
    }

    fn write(&self) -> Value {
        Value::from(match self {
            Self::Contact => "CONTACT",
            Self::Company => "COMPANY",
            Self::Other(name) => name,
        })
    }
}

record! {
    /// The call that a message is about, as far as it says so.
    #[derive(Default)]
    CallReference {
        /// The call.
        external_call_id: Option<ExternalCallId> = "externalCallId" | "externalCallID" | "callId",
        /// Its record.
        engagement_id: Option<EngagementId> = "engagementId",
    }
}

record! {
    /// How much of the widget can be seen. Hosts were wrong about it for a time.
    #[derive(Default)]
    VisibilityChanged {
        /// Whether it is a bar only.
        is_minimized: Option<bool> = "isMinimized",
        /// Whether it is closed.
        is_hidden: Option<bool> = "isHidden",
    }
}

record! {
    /// A call record.
    Engagement {
        /// The record.
        engagement_id: EngagementId = "engagementId",
        /// The call, if the host says so; few messages do.
        external_call_id: Option<ExternalCallId> = "externalCallId" | "externalCallID",
    }
}

record! {
    /// Something that HubSpot could not do.
    #[derive(Default)]
    Failure {
        /// What went wrong.
        error: Option<FailureReason> = "error",
        /// The call, if the host says so; few messages do.
        external_call_id: Option<ExternalCallId> = "externalCallId" | "externalCallID",
        /// Its record.
        engagement_id: Option<EngagementId> = "engagementId",
    }
}

record! {
    /// What went wrong.
    FailureReason {
        /// In HubSpot's words.
        message: Sensitive = "message",
    }
}

record! {
    /// Who may be calling.
    CallerIdMatches {
        /// The records that have the caller's number; none if nobody does.
        caller_id_matches: Vec<CallerIdMatch> = "callerIdMatches",
        /// The call, if the host says so.
        external_call_id: Option<ExternalCallId> = "externalCallId" | "externalCallID",
    }
}

/// A record that has the caller's number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallerIdMatch {
    /// A person.
    Contact(ContactMatch),
    /// A company.
    Company(CompanyMatch),
}

record! {
    /// A person who may be calling.
    ContactMatch {
        /// The record.
        object_coordinates: ObjectCoordinates = "objectCoordinates",
        /// The first name.
        first_name: Option<Sensitive> = "firstName",
        /// The last name.
        last_name: Option<Sensitive> = "lastName",
        /// The e-mail address.
        email: Option<Sensitive> = "email",
    }
}

record! {
    /// A company that may be calling.
    CompanyMatch {
        /// The record.
        object_coordinates: ObjectCoordinates = "objectCoordinates",
        /// The name.
        name: Option<Sensitive> = "name",
    }
}

impl Field for CallerIdMatch {
    const EXPECTED: &'static str = "a contact or a company";

    fn read(value: &Value) -> Option<Self> {
        match value.get("callerIdType")?.as_str()? {
            "CONTACT" => Field::read(value).map(Self::Contact),
            "COMPANY" => Field::read(value).map(Self::Company),
            _ => None,
        }
    }

    fn write(&self) -> Value {
        let (kind, fields): (_, Object) = match self {
            Self::Contact(contact) => ("CONTACT", write_record(contact)),
            Self::Company(company) => ("COMPANY", write_record(company)),
        };
        fields.with("callerIdType", kind).into()
    }
}

record! {
    /// A record that could not be shown.
    #[derive(Default)]
    NavigateToRecordFailed {
        /// The call record that the navigation was for.
        engagement_id: Option<EngagementId> = "engagementId",
        /// The record.
        object_coordinates: Option<ObjectCoordinates> = "objectCoordinates",
    }
}
