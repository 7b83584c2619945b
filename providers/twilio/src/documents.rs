//! What callers hear and where they go: the TwiML that this provider answers.

use crate::address::Addresses;
use crate::rest::CONFERENCE_EVENTS;
use crate::twiml::Twiml;
use cordboard::telephony::CallId;
use cordboard_bridge::{Goes, Leg};

/// Puts a leg into a call's conference, which ends when the leg leaves.
pub(crate) fn into_conference(addresses: &Addresses, wait_url: Option<&str>, call: &CallId, leg: Leg) -> Twiml {
    let (label, events) = (leg.to_string(), addresses.conference(call));
    let action = addresses.dial_action(call);
    let mut attributes = vec![
        ("participantLabel", label.as_str()),
        ("beep", "false"),
        ("startConferenceOnEnter", "true"),
        ("endConferenceOnExit", "true"),
        ("statusCallback", &events),
        ("statusCallbackEvent", CONFERENCE_EVENTS),
    ];
    if let Some(url) = wait_url {
        // Without it Twilio asks by POST, which a server of files refuses.
        attributes.extend([("waitUrl", url), ("waitMethod", "GET")]);
    }
    // A leg that is brought from another call has its own conference left behind, and no news for this one.
    let dial: &[(&str, &str)] = if leg == Leg::Customer { &[("action", &action)] } else { &[] };
    Twiml::new().open("Dial", dial).text("Conference", &attributes, call.as_str()).close("Dial")
}

/// Where a caller goes whom nobody answers.
pub(crate) fn otherwise(addresses: &Addresses, call: &CallId, goes: &Goes) -> Twiml {
    match goes {
        Goes::Voicemail { greeting } => {
            let (goodbye, callback) = (addresses.goodbye(), addresses.voicemail(call));
            let record = [
                ("action", goodbye.as_str()),
                ("maxLength", "300"),
                ("playBeep", "true"),
                ("recordingStatusCallback", &callback),
                ("recordingStatusCallbackEvent", "completed absent"),
            ];
            Twiml::new().text("Say", &[], greeting).empty("Record", &record).empty("Hangup", &[])
        }
        Goes::Number { number } => Twiml::new().text("Dial", &[], number.as_e164()),
        Goes::Goodbye { words } => Twiml::new().text("Say", &[], words).empty("Hangup", &[]),
    }
}

/// The call ends.
pub(crate) fn hang_up() -> Twiml {
    Twiml::new().empty("Hangup", &[])
}
