//! The lines of the contract, as a failure quotes them. The first ten stand in the documentation of
//! [`Telephony`](crate::telephony::Telephony), the others, in short, beside what they are about.

pub(super) const ACCEPTED: &str =
    "`Ok` means that the order was accepted. What becomes of it arrives as an `Event`, and only so.";
pub(super) const NUMBERED: &str = "Each call's events are numbered from 1 and delivered in that order.";
pub(super) const FIRST_AND_LAST: &str = "`Started` is the first, `Ended` the last, and both come exactly once.";
pub(super) const UNSUPPORTED: &str =
    "An operation that `capabilities` does not claim fails with `Unsupported`, before anything else is looked at.";
pub(super) const SUPPORTED: &str = "An operation that `capabilities` claims is never `Unsupported`.";
pub(super) const NEEDS_AGENT: &str = "Without a signed-in agent, everything but `info`, `capabilities`, `sign_in`, `sign_out` and `events` fails with \
     `NotSignedIn`.";
pub(super) const NO_SUCH_CALL: &str = "An unknown call is `NoSuchCall`. So is one that has ended, except for `hang_up`, which then succeeds: both sides may hang \
     up at once.";
pub(super) const DIAL_KEY: &str =
    "A `DialKey` that was used before returns the call of the first time and does not dial again.";
pub(super) const ACTIVE_CALLS: &str =
    "`active_calls` returns every call that has not ended, also those begun before this instance existed.";
pub(super) const SIGN_OUT: &str = "`sign_out` ends the agent's calls as if they had hung up.";

pub(super) const STATES: &str =
    "A call's states follow the diagram in call.rs: every event is one that `Call::apply` takes.";
pub(super) const END_REASON: &str = "A call ends with the `EndReason` that says what happened.";
pub(super) const SIGN_IN: &str = "`sign_in` signs an agent in; wrong credentials are `BadCredentials`.";
pub(super) const SIGNED_OUT: &str =
    "An agent who is signed out without having asked for it is told so by `Event::SignedOut`.";
pub(super) const STARTED: &str =
    "`Started` carries the call; outbound ones are `Dialing`, inbound ones `Ringing`, and it says who calls whom.";
pub(super) const AWAY: &str = "Inbound calls ring for an agent who is available, and for nobody else.";
pub(super) const CONCURRENT: &str =
    "Without `ConcurrentCalls`, a second call is `TooManyCalls` until the first has ended.";
pub(super) const TRANSFER: &str = "When a transfer worked, the call ends as `Transferred`, and so does the consultation; when not, `TransferFailed` says so.";
pub(super) const DIGITS: &str = "Digits arrive as they were pressed, in order.";
pub(super) const WRONG_STATE: &str = "A call that is not in a state for the operation is `WrongState`.";
pub(super) const EACH_LISTENER: &str = "Each caller of `events` gets all events from then on.";
pub(super) const LAGGED: &str =
    "A listener that was too slow is told `Lagged`, and nobody else is; `active_calls` is right then.";
pub(super) const CONNECTION: &str =
    "A line that loses its provider says `Lost`, and then `Restored`, after the missed events or a `Lagged`.";
pub(super) const CALLER_ID: &str = "`caller_ids` are the numbers that `DialRequest::from` may name.";
