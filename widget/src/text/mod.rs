//! Every text that people read, in English. Another language is another module with the same names.

mod failures;

pub(crate) use failures::{audio_problem, bad_number, denied, dial_refused, ended_because, failed, notice, signed_out};

use cordboard::Timestamp;
use cordboard::telephony::CallState;
use core::time::Duration;

/// The language, for what the browser writes itself.
pub(crate) const LOCALE: &str = "en";

// What every screen has.
pub(crate) const BRAND: &str = "Cordboard";
pub(crate) const AVAILABLE: &str = "Available";
pub(crate) const SETTINGS: &str = "Settings";
pub(crate) const BACK: &str = "Back";
pub(crate) const TRY_AGAIN: &str = "Try again";
pub(crate) const DISMISS: &str = "Dismiss";
pub(crate) const DETAILS: &str = "Details for support";
pub(crate) const COPY: &str = "Copy";
pub(crate) const WHAT_HAPPENED: &str = "What happened";
pub(crate) const STARTING: &str = "Starting";
pub(crate) const OFFLINE: &str = "You are offline. Calls are not possible; notes are kept. Reconnecting…";
pub(crate) const OFFLINE_IN_CALL: &str = "Connection lost. You may still hear each other. Reconnecting…";
pub(crate) const NO_CRM: &str =
    "The CRM page does not answer. You can call, and calls are logged once it does. If it stays so, reload that page.";
pub(crate) const AWAY: &str = "You are away. Incoming calls do not ring.";

// Sign in.
pub(crate) const SIGN_IN_TITLE: &str = "Sign in to call";
pub(crate) const SIGN_IN: &str = "Sign in";
/// On the provider's own page.
pub(crate) const SIGN_IN_ELSEWHERE: &str = "Use single sign-on";
pub(crate) const SIGNING_IN: &str = "Signing in…";
pub(crate) const NAME: &str = "Email or name";
pub(crate) const PASSWORD: &str = "Password";
pub(crate) const SIGN_IN_AGAIN: &str = "Sign in again";
pub(crate) const USE_IT_HERE: &str = "Use it here";

// Ready.
pub(crate) const CALL: &str = "Call";
pub(crate) const CALL_FROM: &str = "Call from";
pub(crate) const NUMBER: &str = "Number";
pub(crate) const NUMBER_PLACEHOLDER: &str = "Type or paste a number";
pub(crate) const NUMBER_HINT: &str = "Type, paste or pick a recent call.";
pub(crate) const ERASE: &str = "Delete the last digit";
pub(crate) const KEYPAD: &str = "Keypad";
pub(crate) const RECENT_CALLS: &str = "Recent calls";
pub(crate) const NO_RECENTS: &str = "None yet. Calls from this widget appear here.";
pub(crate) const WITHHELD: &str = "Number withheld";
pub(crate) const NO_NUMBER: &str = "No number to call back";
pub(crate) const OUTGOING: &str = "Outgoing, ";
pub(crate) const INCOMING: &str = "Incoming, ";
pub(crate) const MISSED_FROM: &str = "Missed, ";
pub(crate) const BACK_TO_DIALLING: &str = "Back to dialling";

// A call.
pub(crate) const CANCEL: &str = "Cancel";
pub(crate) const DECLINE: &str = "Decline";
pub(crate) const HANG_UP: &str = "Hang up";
pub(crate) const ANSWER: &str = "Answer";
pub(crate) const HOLD_AND_ANSWER: &str = "Hold and answer";
pub(crate) const INCOMING_CALL: &str = "Incoming call";
pub(crate) const SECOND_CALL: &str = "Second call";
pub(crate) const OTHER_CALL: &str = "Other call";
pub(crate) const CALLS_YOU_ON: &str = "Calls you on";
pub(crate) const OPEN_RECORD: &str = "Open record";
pub(crate) const SILENCE: &str = "Silence";
pub(crate) const CONTROLS: &str = "Call controls";
pub(crate) const MUTE: &str = "Mute";
pub(crate) const HOLD: &str = "Hold";
pub(crate) const TRANSFER: &str = "Transfer";
pub(crate) const RECORD: &str = "Record";
pub(crate) const PAUSE: &str = "Pause";
pub(crate) const PAUSE_RECORDING: &str = "Pause recording";
pub(crate) const NOT_YET: &str = "These work once the call is answered.";
pub(crate) const MUTED: &str = "Muted";
pub(crate) const RECORDING: &str = "Recording";
pub(crate) const RECORDING_PAUSED: &str = "Recording paused";
pub(crate) const POOR_CONNECTION: &str = "Poor connection";
pub(crate) const KEYS_SENT: &str = "Keys sent";
pub(crate) const SWAP: &str = "Swap";
pub(crate) const NOTES: &str = "Notes";
pub(crate) const NOTES_PLACEHOLDER: &str = "What was said, what comes next";
pub(crate) const NOTES_KEPT: &str = "Kept on this device";

// A transfer.
pub(crate) const TRANSFER_TO: &str = "Transfer to";
pub(crate) const BACK_TO_CALL: &str = "Back to the call";
pub(crate) const HOW: &str = "How";
pub(crate) const ASK_FIRST: &str = "Ask them first";
pub(crate) const HAND_OVER: &str = "Hand over now";
pub(crate) const CALL_THEM: &str = "Call them";
pub(crate) const COMPLETE_TRANSFER: &str = "Complete transfer";
pub(crate) const BACK_TO_CALLER: &str = "Back to the caller";

// After a call.
pub(crate) const OUTCOME: &str = "Outcome";
pub(crate) const SAVE: &str = "Save";
pub(crate) const SAVE_AGAIN: &str = "Save again";
pub(crate) const NOT_SAVED: &str =
    "Not saved: the CRM did not take it. Your notes are kept on this device. Save again in a moment.";

// Settings.
pub(crate) const THEME: &str = "Theme";
/// In the order of `Theme::ALL`.
pub(crate) const THEMES: [&str; 3] = ["System", "Light", "Dark"];
pub(crate) const RINGING: &str = "Incoming calls";
/// Whether the choice is quiet, and what it is called.
pub(crate) const RINGS: [(bool, &str); 2] = [(false, "Ring"), (true, "Only show")];
pub(crate) const LETTERS: &str = "Shortcuts of one letter";
/// Whether the choice is to have none, and what it is called.
pub(crate) const LETTER_CHOICES: [(bool, &str); 2] = [(false, "On"), (true, "Off")];
pub(crate) const MICROPHONE_CHOICE: &str = "Microphone";
pub(crate) const SPEAKER: &str = "Speaker";
pub(crate) const TEST_SPEAKER: &str = "Play a test tone";
pub(crate) const INPUT_LEVEL: &str = "How loud you are";
pub(crate) const AUDIO_RECONNECTING: &str = "The sound is interrupted. It comes back by itself when the network does.";
pub(crate) const DIAGNOSTICS: &str = "Diagnostics";
pub(crate) const DIAGNOSTICS_HINT: &str = "No names, no numbers. Send this to support.";
pub(crate) const SIGN_OUT: &str = "Sign out";
pub(crate) const SHORTCUTS: &str = "Keyboard shortcuts";
pub(crate) const SHORTCUTS_WAIT: &str = "They wait while you type notes.";
pub(crate) const CLOSE: &str = "Close";
pub(crate) const SHORTCUT_LIST: [(&str, &str); 8] = [
    ("Call, save or answer", "Enter"),
    ("Mute", "M"),
    ("Hold", "H"),
    ("Record", "R"),
    ("Keypad", "K"),
    ("Keypad digits, when open", "0–9 * #"),
    ("Close a panel", "Esc"),
    ("This list", "?"),
];

/// The microphone is blocked: what happened, and the way out, step by step.
pub(crate) const MICROPHONE_TITLE: &str = "The microphone is blocked";
pub(crate) const MICROPHONE: &str = "Nobody would hear you, so no call was made. Recent calls and notes still work.";
pub(crate) const MICROPHONE_STEPS: [&str; 3] = [
    "Press the lock or settings symbol left of the page address.",
    "Set Microphone to Allow.",
    "Come back and press Try again.",
];

pub(crate) fn signs_in_to(provider: &str, rest: &str) -> String {
    ["Your calls go through ", provider, ". ", rest].concat()
}

pub(crate) const NOTHING_TO_FILL_IN: &str = "Nothing to fill in.";
pub(crate) const IN_A_WINDOW: &str = "Its own page opens in a window.";

/// A button's label and whom it is about.
pub(crate) fn about(label: &str, who: &str) -> String {
    [label, ", ", who].concat()
}

/// A country and its calling code; either may be all that is known.
pub(crate) fn country(name: Option<&str>, code: &str) -> String {
    match name {
        Some(name) => [name, " (+", code, ")"].concat(),
        None => ["+", code].concat(),
    }
}

/// What the page's title says of the state.
pub(crate) fn title(state: &str) -> String {
    [state, ", ", BRAND].concat()
}

pub(crate) const READY: &str = "Ready";

/// Where a call stands.
pub(crate) const fn state(state: CallState) -> &'static str {
    match state {
        CallState::Dialing => "Calling…",
        CallState::Ringing => "Ringing",
        CallState::Connected => "Connected",
        CallState::OnHold => "On hold",
        CallState::Ended(_) => "Call ended",
    }
}

/// Where another call stands, and for how long it goes on.
pub(crate) fn state_for(state: &str, time: &str) -> String {
    [state, ", ", time].concat()
}

/// How long, as a clock shows it: `02:37`, `1:02:37`.
pub(crate) fn timer(time: Duration) -> String {
    let seconds = time.as_secs();
    let mut out = String::new();
    if seconds >= 3600 {
        out.push_str(&(seconds / 3600).to_string());
        out.push(':');
    }
    for (unit, end) in [(seconds / 60 % 60, ":"), (seconds % 60, "")] {
        if unit < 10 {
            out.push('0');
        }
        out.push_str(&unit.to_string());
        out.push_str(end);
    }
    out
}

/// How long, as people say it: `2 minutes 3 seconds`.
pub(crate) fn spoken(time: Duration) -> String {
    let seconds = time.as_secs();
    let units = [(seconds / 3600, "hour"), (seconds / 60 % 60, "minute"), (seconds % 60, "second")];
    let mut out = String::new();
    for (count, unit) in units {
        if count > 0 || (unit == "second" && out.is_empty()) {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(&count.to_string());
            out.push(' ');
            out.push_str(unit);
            if count != 1 {
                out.push('s');
            }
        }
    }
    out
}

/// What is said once, aloud, when a call begins to ring.
pub(crate) fn rings(who: &str) -> String {
    [INCOMING_CALL, ", ", who].concat()
}

/// What is said once, aloud, when a call is over.
pub(crate) fn ended(what: &str, time: Duration) -> String {
    if time.is_zero() { what.to_owned() } else { [what, ", ", &spoken(time)].concat() }
}

/// What support needs to know, without anything about a person.
pub(crate) struct Diagnostics {
    pub(crate) provider: &'static str,
    pub(crate) crm: &'static str,
    pub(crate) line: &'static str,
    pub(crate) network: &'static str,
    pub(crate) at: Timestamp,
}

pub(crate) const CRM_CONNECTED: &str = "connected";
pub(crate) const CRM_WAITING: &str = "not connected";
pub(crate) const SIGNED_IN: &str = "signed in";
pub(crate) const SIGNED_OUT: &str = "signed out";
pub(crate) const NETWORK_ONLINE: &str = "online";
pub(crate) const NETWORK_OFFLINE: &str = "offline";

impl Diagnostics {
    pub(crate) fn text(&self) -> String {
        let at = self.at.as_millis().to_string();
        let version = env!("CARGO_PKG_VERSION");
        [
            BRAND,
            " ",
            version,
            ", ",
            self.provider,
            "\nCRM: ",
            self.crm,
            "\nLine: ",
            self.line,
            "\nNetwork: ",
            self.network,
            "\nTime: ",
            &at,
        ]
        .concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_reads_as_on_a_clock_and_as_in_speech() {
        for (seconds, clock, speech) in [
            (0, "00:00", "0 seconds"),
            (61, "01:01", "1 minute 1 second"),
            (123, "02:03", "2 minutes 3 seconds"),
            (3600, "1:00:00", "1 hour"),
            (3757, "1:02:37", "1 hour 2 minutes 37 seconds"),
        ] {
            let time = Duration::from_secs(seconds);
            assert_eq!((timer(time).as_str(), spoken(time).as_str()), (clock, speech));
        }
    }

    /// Whatever a provider answers, the agent reads whether there is a call, and what to do about it.
    #[test]
    fn a_dial_that_failed_reads_plainly() {
        use cordboard::telephony::{ErrorKind, Operation};
        for (kind, way_out) in [
            (ErrorKind::NotAllowed, "Your account does not allow it. Ask an administrator."),
            (ErrorKind::RateLimited { retry_after: None }, "That was too fast. Wait a moment, then try again."),
            (ErrorKind::Unreachable, "The phone service can't be reached. Check the network, then try again."),
            (ErrorKind::Provider, "The phone service refused. Try again; if it keeps failing, tell support."),
        ] {
            assert_eq!(failed(Operation::Dial, kind), format!("No call was made. {way_out}"));
        }
    }

    #[test]
    fn a_call_that_nobody_answered_has_no_length() {
        assert_eq!(ended("Busy", Duration::ZERO), "Busy");
        assert_eq!(ended("Call ended", Duration::from_secs(2)), "Call ended, 2 seconds");
    }
}
