//! The line over a gateway's socket: the machine, its messages, and the contract.

mod conformance;
mod delivery;
mod elsewhere;
mod machine;
mod native;
mod played;
mod support;
mod wire;
