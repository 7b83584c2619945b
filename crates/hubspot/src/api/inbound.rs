use crate::hidden::hidden;
use crate::id::{Id, ObjectType, PortalId, UserId};
use crate::when;
use crate::word::words;
use cordboard::Timestamp;
use cordboard::telephony::PhoneNumber;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;

/// An inbound call that has ended.
#[derive(Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InboundCall {
    /// The provider's own id of it.
    pub external_call_id: String,
    /// Whether HubSpot logs it.
    pub create_engagement: bool,
    /// Further properties of what is logged.
    pub engagement_properties: BTreeMap<String, String>,
    /// What became of it.
    pub final_call_status: FinalCallStatus,
    /// Who called.
    pub from_number: Number,
    /// Which number was called.
    pub to_number: Number,
    /// Who may have taken it.
    pub potential_recipient_user_ids: Vec<UserId>,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "date")]
    pub call_started_timestamp: Option<Timestamp>,
    /// For how long it went on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<u32>,
    /// Who took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
}

#[expect(clippy::ref_option, reason = "serde's form")]
fn date<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(when::write).serialize(serializer)
}

/// A number, and of which kind it is.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Number {
    /// In E.164.
    #[serde(serialize_with = "e164")]
    pub e164_number: PhoneNumber,
    /// Which kind.
    pub phone_number_type: NumberType,
    /// The number behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
}

fn e164<S: Serializer>(number: &PhoneNumber, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(number.as_e164())
}

impl Number {
    /// A number of which nothing else is known.
    #[must_use]
    pub const fn new(number: PhoneNumber) -> Self {
        Self { e164_number: number, phone_number_type: NumberType::Unknown, extension: None }
    }
}

words! {
    /// What became of an inbound call.
    FinalCallStatus {
        /// All lines were busy.
        Busy = "BUSY",
        /// The user is being called.
        CallingCrmUser = "CALLING_CRM_USER",
        /// The caller gave up.
        Canceled = "CANCELED",
        /// It was talked, and ended.
        Completed = "COMPLETED",
        /// It is being put through.
        Connecting = "CONNECTING",
        /// It did not work.
        Failed = "FAILED",
        /// It was on hold.
        Hold = "HOLD",
        /// It goes on.
        InProgress = "IN_PROGRESS",
        /// Nobody took it.
        Missed = "MISSED",
        /// Nobody answered.
        NoAnswer = "NO_ANSWER",
        /// It waits.
        Queued = "QUEUED",
        /// It rings.
        Ringing = "RINGING",
        /// Nobody knows.
        Unknown = "UNKNOWN",
    }
}

words! {
    /// Which kind of number.
    NumberType {
        /// At a place.
        FixedLine = "FIXED_LINE",
        /// Either; some countries don't tell.
        FixedLineOrMobile = "FIXED_LINE_OR_MOBILE",
        /// In a pocket.
        Mobile = "MOBILE",
        /// It can only be sent to.
        Pager = "PAGER",
        /// It follows a person.
        PersonalNumber = "PERSONAL_NUMBER",
        /// The caller pays more.
        PremiumRate = "PREMIUM_RATE",
        /// Both pay.
        SharedCost = "SHARED_COST",
        /// The called pays.
        TollFree = "TOLL_FREE",
        /// One number for a company.
        Uan = "UAN",
        /// Nobody knows.
        Unknown = "UNKNOWN",
        /// A mailbox.
        Voicemail = "VOICEMAIL",
        /// On the internet.
        Voip = "VOIP",
    }
}

/// Who may have called.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InboundAnswer {
    /// Every record that has the number.
    pub caller_id_matches: Vec<CallerIdMatch>,
}

/// A record that has a number.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(tag = "callerIdType")]
#[non_exhaustive]
pub enum CallerIdMatch {
    /// A person.
    #[serde(rename = "CONTACT", rename_all = "camelCase")]
    Contact {
        /// Which record.
        object_coordinates: ObjectCoordinates,
        /// First name.
        #[serde(default)]
        first_name: Option<String>,
        /// Last name.
        #[serde(default)]
        last_name: Option<String>,
        /// Address.
        #[serde(default)]
        email: Option<String>,
    },
    /// A company.
    #[serde(rename = "COMPANY", rename_all = "camelCase")]
    Company {
        /// Which record.
        object_coordinates: ObjectCoordinates,
        /// Name.
        #[serde(default)]
        name: Option<String>,
    },
    /// Something that was not known when this was written.
    #[serde(other)]
    Other,
}

/// Where a record is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectCoordinates {
    /// The record.
    pub object_id: Id,
    /// Its kind.
    pub object_type_id: ObjectType,
    /// The account.
    pub portal_id: PortalId,
}

hidden! { InboundCall Number CallerIdMatch }
