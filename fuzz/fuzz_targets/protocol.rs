//! JSON of any shape must never panic, nor change where messages go.
#![no_main]

use libfuzzer_sys::fuzz_target;

/// The same exercise as in the property tests.
#[path = "../../crates/core/tests/protocol/raw.rs"]
mod raw;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = serde_json::from_slice(bytes) {
        raw::exercise(&value);
    }
});
