use cordboard::telephony::ErrorKind;
use core::time::Duration;

/// What can be made to go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The next order fails like this, and is not carried out.
    Refuse(ErrorKind),
    /// The next order is not carried out, and its outcome is unknown.
    LoseOrder,
    /// The next order is carried out, and its outcome is unknown.
    LoseReply,
    /// The next event comes twice.
    DuplicateEvent,
    /// Events wait for that long, and then come in order.
    DelayEvents(Duration),
    /// Orders are `Unreachable` for that long, and what happens meanwhile is not told.
    LoseConnection(Duration),
}
