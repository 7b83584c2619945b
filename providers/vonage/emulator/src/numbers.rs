//! Numbers to call, as everywhere in these emulators, and what Vonage refuses.
//!
//! | number | final status, detail |
//! |---|---|
//! | busy | `busy` |
//! | nobody answers | `unanswered` |
//! | declines | `rejected`, `declined` |
//! | can't be reached | `failed`, `cannot_route` |
//! | does not exist | `failed`, `number_out_of_service` |
//! | not allowed | the request is refused with 403 |
//! | [`MALFORMED`] | the request is refused with 400, for its `to` |

pub use cordboard_emulator::numbers::*;

/// A number that the API does not take.
pub const MALFORMED: &str = "+15005550001";

/// The answer to a request to call that number: status and type.
pub(crate) fn refusal(number: &str) -> Option<(u16, &'static str)> {
    match number {
        MALFORMED => Some((400, "BAD_REQUEST")),
        NOT_ALLOWED => Some((403, "FORBIDDEN")),
        _ => None,
    }
}
