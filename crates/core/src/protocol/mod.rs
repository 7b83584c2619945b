//! HubSpot's calling protocol: every message that a CRM page and a calling widget exchange, and both ends of it.
//!
//! [`Session`] is the widget's end, [`HostSession`] the page's. Both are machines without I/O: a driver pushes what
//! happened (`handle_message`, `handle_timeout`), says what it wants (`send`), then drains `poll_output` until `None`
//! and calls `handle_timeout` at `poll_timeout`. Neither panics, whatever arrives, and everything they keep is bounded.
//!
//! ```text
//!  host page                                      widget
//!      │ SYNC, again every 100 ms for 30 s           │
//!      ├────────────────────────────────────────────►│ sender checked; its origin is the only target from now on
//!      │                SYNC_ACK (same messageId)    │
//!      │◄────────────────────────────────────────────┤
//!    Ready                                         Ready
//!      │              WidgetMessage                  │
//!      │◄────────────────────────────────────────────┤
//!      │              HostMessage                    │
//!      ├────────────────────────────────────────────►│
//! ```
//!
//! A message is checked in this order: who sent it, what shape it has, whether it fits the state. Reading is lenient,
//! because hosts of many versions exist: unknown fields are ignored, an optional field of a wrong type counts as absent,
//! ids may be numbers or texts. Only a required field that can't be read is a [`DecodeError`]. Writing is strict.
//!
//! **Architecture invariant:** the names of the wire stand in this module and nowhere else.

mod field;
mod host_message;
mod host_session;
mod message_id;
mod origin;
mod outbox;
mod requests;
mod session;
mod sync;
mod text;
mod widget_message;

pub use field::DecodeError;
pub use host_message::{
    CallReference, CalleeInfo, CallerIdMatch, CallerIdMatches, CompanyMatch, ContactMatch, DialNumber, Engagement,
    Failure, FailureReason, HostMessage, NavigateToRecordFailed, ObjectType, VisibilityChanged,
};
pub use host_session::{HostSession, HostSessionConfig, HostSessionEvent, HostSessionOutput};
pub use origin::{HostAllowList, HostPattern, InvalidOrigin, InvalidPattern, Origin, Sender};
pub use requests::Request;
pub use session::{Session, SessionConfig, SessionEvent, SessionOutput};
pub use sync::{IframeLocation, Sync, SyncAck, SyncContext};
pub use text::{EngagementId, ExternalCallId, Id, Note, ObjectTypeId, Sensitive};
pub use widget_message::{
    CallAnswered, CallCompleted, CallDirection, CallEndStatus, CallEnded, CallStatus, CallTransferred,
    EngagementProperties, FinalizeEngagement, IncomingCall, Initialized, NavigateToRecord, ObjectCoordinates, OpenIn,
    OutgoingCallStarted, SetWidgetUrl, SizeInfo, WidgetError, WidgetMessage,
};
