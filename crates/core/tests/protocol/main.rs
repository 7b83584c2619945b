//! HubSpot's protocol, seen from outside: what goes over the wire, and how both ends behave.

mod handshake;
mod host;
mod hostile;
mod joined;
mod leniency;
mod messages;
mod origins;
mod raw;
mod requests;
mod support;
mod versions;
