use crate::word::words;
use cordboard::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The names of a call's properties. An account may have more.
pub mod property {
    /// When it was, in milliseconds; it must be given.
    pub const TIMESTAMP: &str = "hs_timestamp";
    /// A headline.
    pub const TITLE: &str = "hs_call_title";
    /// Notes, as HTML.
    pub const BODY: &str = "hs_call_body";
    /// Who called whom: [`CallDirection`](crate::CallDirection).
    pub const DIRECTION: &str = "hs_call_direction";
    /// How it stands: [`CallStatus`](crate::CallStatus).
    pub const STATUS: &str = "hs_call_status";
    /// For how long, in milliseconds.
    pub const DURATION: &str = "hs_call_duration";
    /// The number that called.
    pub const FROM_NUMBER: &str = "hs_call_from_number";
    /// The number that was called.
    pub const TO_NUMBER: &str = "hs_call_to_number";
    /// What became of it: a [`Disposition`](crate::Disposition)'s id.
    pub const DISPOSITION: &str = "hs_call_disposition";
    /// The other party's record.
    pub const CALLEE: &str = "hs_call_callee_object_id";
    /// That record's kind.
    pub const CALLEE_TYPE: &str = "hs_call_callee_object_type_id";
    /// Who is shown as its maker.
    pub const OWNER: &str = "hubspot_owner_id";
    /// The account's own kind of call.
    pub const ACTIVITY_TYPE: &str = "hs_activity_type";
    /// Files, separated by semicolons.
    pub const ATTACHMENTS: &str = "hs_attachment_ids";
    /// A recording that plays on the record. Transcripts are made of others.
    pub const RECORDING_URL: &str = "hs_call_recording_url";
    /// Who made it: [`INTEGRATIONS_PLATFORM`] for an app's calls with recordings.
    pub const SOURCE: &str = "hs_call_source";
    /// Which app.
    pub const APP_ID: &str = "hs_call_app_id";
    /// The provider's own id of it.
    pub const EXTERNAL_ID: &str = "hs_call_external_id";
    /// The provider's own id of the account.
    pub const EXTERNAL_ACCOUNT_ID: &str = "hs_call_external_account_id";
    /// The only [`SOURCE`] that HubSpot takes.
    pub const INTEGRATIONS_PLATFORM: &str = "INTEGRATIONS_PLATFORM";
}

words! {
    /// Who called whom, from the user's side.
    CallDirection {
        /// The user was called.
        Inbound = "INBOUND",
        /// The user called.
        Outbound = "OUTBOUND",
    }
}

words! {
    /// How a call stands.
    CallStatus {
        /// The line was busy.
        Busy = "BUSY",
        /// The user is being called.
        CallingCrmUser = "CALLING_CRM_USER",
        /// It was given up.
        Canceled = "CANCELED",
        /// It was talked, and ended.
        Completed = "COMPLETED",
        /// It is being put through.
        Connecting = "CONNECTING",
        /// It did not work.
        Failed = "FAILED",
        /// It goes on.
        InProgress = "IN_PROGRESS",
        /// Nobody answered.
        NoAnswer = "NO_ANSWER",
        /// It waits.
        Queued = "QUEUED",
        /// It rings.
        Ringing = "RINGING",
    }
}

/// A call's properties by their names, known here or not. Every value is a text; one without a value is none. `Debug` shows the names.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallProperties(BTreeMap<String, Option<String>>);

impl fmt::Debug for CallProperties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl CallProperties {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a property.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_deref()
    }

    /// With a property, in the place of its value before.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.set(name, value);
        self
    }

    /// Sets a property. An empty text removes its value at HubSpot.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), Some(value.into()));
    }

    /// Each property that has a value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)))
    }

    /// What has to be sent so that `current` becomes these: what only `current` has stays.
    #[must_use]
    pub fn changed_from(&self, current: &Self) -> Self {
        let changed = self.iter().filter(|(name, value)| current.get(name).unwrap_or_default() != *value);
        Self(changed.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))).collect())
    }

    /// Whether there is none with a value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// With its place on the timeline.
    #[must_use]
    pub fn at(self, time: Timestamp) -> Self {
        self.with(property::TIMESTAMP, time.as_millis().to_string())
    }

    /// With how it stands.
    #[must_use]
    pub fn with_status(self, status: &CallStatus) -> Self {
        self.with(property::STATUS, status.as_str())
    }

    /// With who called whom.
    #[must_use]
    pub fn with_direction(self, direction: &CallDirection) -> Self {
        self.with(property::DIRECTION, direction.as_str())
    }

    /// With its duration.
    #[must_use]
    pub fn with_duration(self, duration: Duration) -> Self {
        self.with(property::DURATION, duration.as_millis().to_string())
    }

    /// With notes that are plain text: what would be HTML in them is shown as it is.
    #[must_use]
    pub fn with_notes(self, text: &str) -> Self {
        self.with(property::BODY, escape(text))
    }

    /// How it stands.
    #[must_use]
    pub fn status(&self) -> Option<CallStatus> {
        self.get(property::STATUS).map(CallStatus::from)
    }

    /// Who called whom.
    #[must_use]
    pub fn direction(&self) -> Option<CallDirection> {
        self.get(property::DIRECTION).map(CallDirection::from)
    }

    /// Its duration.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        self.get(property::DURATION)?.parse().ok().map(Duration::from_millis)
    }
}

/// Plain text as HTML.
fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\n' => html.push_str("<br>"),
            '\r' => {}
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_text_and_not_html() {
        let properties = CallProperties::new().with_notes("<img src=x onerror='a()'>\r\nA & \"B\"");
        assert_eq!(
            properties.get(property::BODY),
            Some("&lt;img src=x onerror=&#39;a()&#39;&gt;<br>A &amp; &quot;B&quot;")
        );
    }

    #[test]
    fn only_what_differs_is_sent() {
        let current: CallProperties =
            serde_json::from_str(r#"{"hs_call_status":"RINGING","custom":"kept","hs_call_title":null}"#).unwrap();
        let wanted = CallProperties::new()
            .with_status(&CallStatus::Completed)
            .with("custom", "kept")
            .with(property::TITLE, "")
            .with_duration(Duration::from_secs(2));
        let change = serde_json::to_string(&wanted.changed_from(&current)).unwrap();
        assert_eq!(change, r#"{"hs_call_duration":"2000","hs_call_status":"COMPLETED"}"#);
    }

    #[test]
    fn words_that_are_not_known_stay() {
        let properties = CallProperties::new().with(property::STATUS, "TELEPATHIC");
        assert_eq!(properties.status(), Some(CallStatus::Other("TELEPATHIC".to_owned())));
        assert_eq!(properties.clone().with_status(&properties.status().unwrap()), properties);
        assert_eq!(properties.direction(), None);
        assert_eq!(format!("{properties:?}"), r#"{"hs_call_status"}"#);
    }
}
