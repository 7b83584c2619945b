//! The call flow between the mock network and a CRM that is played here.

mod desk;
mod faults;
mod guarantees;
mod inbound;
mod outbound;
mod recording;
mod reload;
mod transfer;
