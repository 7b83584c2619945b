//! Twilio's voice API for tests.
