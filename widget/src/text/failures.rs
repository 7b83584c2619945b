//! What went wrong: what happened, what it means for the call, and what to do.

use cordboard::call_flow::Notice;
use cordboard::telephony::{
    EndReason, ErrorKind, FailureReason, MediaProblem, NumberError, Operation, PolicyViolation, SignedOutReason,
};

/// Why what was typed is not a number, and how to make it one.
pub(crate) const fn bad_number(error: NumberError) -> &'static str {
    match error {
        NumberError::Empty => "Type the number to call.",
        NumberError::NotANumber => "Use only digits, spaces and + in a number.",
        NumberError::OtherAddress => "Only phone numbers can be called.",
        NumberError::Extension => "Call the number without its extension, then press it on the keypad.",
        NumberError::TooShort => "Too short for a phone number. Add the missing digits.",
        NumberError::TooLong => "Too long for a phone number. Check its digits.",
        NumberError::UnknownCountry => "No country has this calling code. Check the first digits.",
        NumberError::NoCountry => "Begin with + and the calling code of the country.",
    }
}

/// Why a number may not be called.
pub(crate) const fn denied(violation: PolicyViolation) -> &'static str {
    match violation {
        PolicyViolation::Emergency => "Emergency numbers can't be called from here. Use a telephone.",
        PolicyViolation::PremiumRate => {
            "Your account does not allow premium-rate numbers. Ask an administrator if you need to call it."
        }
    }
}

/// The line does not take a number: a title, and what to do.
pub(crate) const fn dial_refused() -> [&'static str; 3] {
    [
        "This call is not allowed",
        "Your account does not allow it. No call was made.",
        "Ask an administrator if you need to make it.",
    ]
}

/// Why the agent was signed out: a title, what it means, and what to do.
pub(crate) const fn signed_out(reason: SignedOutReason) -> [&'static str; 3] {
    match reason {
        SignedOutReason::Expired => [
            "You were signed out",
            "You were signed in for a long time. A call that runs goes on; notes are kept.",
            "Sign in again to call.",
        ],
        SignedOutReason::Replaced => [
            "You signed in somewhere else",
            "This line rings there now. A call that runs goes on there; notes from here are kept.",
            "To call from this window again, use it here. The other one signs out.",
        ],
        SignedOutReason::Revoked => [
            "An administrator signed you out",
            "No calls are possible. Notes from here are kept.",
            "Ask the administrator, then sign in again.",
        ],
    }
}

/// Why there is no sound, and what to do.
pub(crate) fn audio_problem(problem: &MediaProblem) -> String {
    let text = match problem {
        MediaProblem::MicrophoneBlocked => {
            "Nobody can hear you: the browser blocks the microphone. Allow it in the address bar, then try again."
        }
        MediaProblem::NoMicrophone => "Nobody can hear you: there is no microphone. Connect one, then try again.",
        MediaProblem::MicrophoneBusy => {
            "Nobody can hear you: another program uses the microphone. Close it, then try again."
        }
        MediaProblem::Network => {
            "There is no sound: the phone service can't be reached. Check your network, then try again."
        }
        MediaProblem::SessionExpired => {
            "There is no sound: your session ran out. Try again; if that fails, sign in again."
        }
        MediaProblem::NotLoaded => "There is no sound: a part of the phone could not be loaded. Try again.",
        MediaProblem::NotInstalled(package) => {
            // The only text that would need the machinery of `format!`, which is a kilobyte.
            return [
                "There is no sound: this phone was built without ",
                package,
                ". Whoever builds it must install that, then build again.",
            ]
            .concat();
        }
        MediaProblem::Failed(_) => "There is no sound: the phone service failed. Try again.",
    };
    text.to_owned()
}

/// How a call came to its end.
pub(crate) const fn ended_because(reason: EndReason) -> &'static str {
    match reason {
        EndReason::HungUp | EndReason::RemoteHungUp => "Call ended",
        EndReason::Transferred => "Call transferred",
        EndReason::Canceled => "Call canceled",
        EndReason::Busy => "Busy",
        EndReason::NoAnswer => "No answer",
        EndReason::Rejected => "Declined",
        EndReason::Missed => "Missed",
        EndReason::AnsweredElsewhere => "Answered somewhere else",
        EndReason::Failed(FailureReason::InvalidNumber) => "This number does not exist",
        EndReason::Failed(FailureReason::NotAllowed) => "Your account does not allow this call",
        EndReason::Failed(FailureReason::Unreachable) => "Can't be reached now",
        EndReason::Failed(FailureReason::ConnectionLost) => "Connection lost",
        EndReason::Failed(FailureReason::Provider) => "The phone service failed",
    }
}

/// What failed and what to do. The words for `Notice`s that have a place of their own come from there.
pub(crate) fn notice(notice: &Notice) -> String {
    match notice {
        Notice::BadNumber(error) => bad_number(*error).to_owned(),
        Notice::Denied(violation) => denied(*violation).to_owned(),
        Notice::NotSignedIn => "No call was made: nobody is signed in. Sign in, then call.".to_owned(),
        Notice::FinishCallFirst => "Another call is on. End it first.".to_owned(),
        Notice::Failed { operation, kind, .. } => failed(*operation, *kind),
        Notice::SignedOut(reason) => signed_out(*reason).join(". "),
        Notice::TransferFailed => "The transfer failed. The call is still yours.".to_owned(),
        Notice::NotLogged(_) => {
            "The CRM made no record of this call. The call goes on; copy your notes before you save.".to_owned()
        }
        Notice::NotSaved(_) => super::NOT_SAVED.to_owned(),
        Notice::Saved(_) => "Saved.".to_owned(),
        Notice::RecordNotOpened => "The CRM could not open the record. Look for it there.".to_owned(),
    }
}

/// What it means for the call that an operation failed, and what to do.
pub(crate) fn failed(operation: Operation, kind: ErrorKind) -> String {
    let way_out = match (operation, kind) {
        (Operation::SignIn, ErrorKind::NotSignedIn) => {
            "The window for it was closed or blocked. Allow pop-ups here, then try again."
        }
        // What it means is not known either.
        (_, ErrorKind::OutcomeUnknown) => return way_out(kind).to_owned(),
        _ => way_out(kind),
    };
    [meaning(operation), " ", way_out].concat()
}

const fn meaning(operation: Operation) -> &'static str {
    match operation {
        Operation::SignIn => "You are not signed in.",
        Operation::SignOut => "You are still signed in.",
        Operation::SetAvailability => "Your availability may not have changed.",
        Operation::CallerIds => "Your numbers are not known; calls show the usual one.",
        Operation::Dial => "No call was made.",
        Operation::Answer => "The call was not answered and may still ring.",
        Operation::Reject => "The call was not declined.",
        Operation::HangUp => "The call may still be on.",
        Operation::Mute => "You are not muted: they hear you.",
        Operation::Unmute => "You are still muted.",
        Operation::Hold => "The call is not on hold: they hear you.",
        Operation::Resume => "The call is still on hold.",
        Operation::SendDigits => "The key was not sent.",
        Operation::BlindTransfer | Operation::AttendedTransfer => "The call was not transferred and is still yours.",
        Operation::StartRecording => "The call is not recorded.",
        Operation::PauseRecording | Operation::StopRecording => "The call is still recorded.",
        Operation::ResumeRecording => "The recording is still paused.",
        Operation::ActiveCalls => "Running calls may be missing here.",
    }
}

const fn way_out(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unsupported => "This line can't do that.",
        ErrorKind::NotSignedIn => "Sign in, then try again.",
        ErrorKind::BadCredentials => "Name or password are wrong. Check both and try again.",
        ErrorKind::InvalidNumber => "The phone service does not take this number. Check its digits.",
        ErrorKind::NotAllowed => "Your account does not allow it. Ask an administrator.",
        ErrorKind::NoSuchCall => "That call is over already.",
        ErrorKind::WrongState => "The call had just changed. Try again.",
        ErrorKind::TooManyCalls => "End another call first.",
        ErrorKind::RateLimited { .. } => "That was too fast. Wait a moment, then try again.",
        ErrorKind::Microphone => "The microphone is blocked. Allow it beside the page's address.",
        ErrorKind::Unreachable => "The phone service can't be reached. Check the network, then try again.",
        ErrorKind::OutcomeUnknown => "The phone service did not say whether it worked. Look before you try again.",
        ErrorKind::Provider => "The phone service refused. Try again; if it keeps failing, tell support.",
    }
}
