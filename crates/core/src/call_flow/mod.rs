//! The pure machine that joins the CRM and the line: what the user, the CRM and the line do goes in,
//! orders for the line, messages for the CRM and notices for the user come out.
//!
//! What it guarantees the CRM, whatever happens: *started* before *answered* before *ended* before *completed*,
//! each once per call; every call that was started is completed; one external id per call.

mod actions;
mod command;
mod crm;
mod flow;
mod intent;
mod notice;
mod snapshot;
mod tracked;

pub use command::{Command, Reply};
pub use flow::{CallFlow, FlowConfig, Output};
pub use intent::{Action, Intent};
pub use notice::Notice;
pub use tracked::{Saving, TrackedCall};
