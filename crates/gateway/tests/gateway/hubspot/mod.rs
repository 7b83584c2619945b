//! The gateway and HubSpot's emulator.

mod complete;
mod install;
mod kill;
mod portal;
mod recordings;
mod transcripts;
