//! Numbers to call, and what becomes of it: those of `cordboard_mock::numbers`, and what Twilio refuses. All are reserved for
//! fiction or for tests.
//!
//! | number | what happens | final status, SIP code |
//! |---|---|---|
//! | +1 617 555 0100 | answers soon | `completed` |
//! | +1 617 555 0103, 0108 | answers after 3 or 8 seconds | `completed` |
//! | +1 617 555 0110 | busy | `busy`, 486 |
//! | +1 617 555 0111 | nobody answers for 30 seconds | `no-answer`, 480 |
//! | +1 617 555 0112 | rings for 3 seconds and declines | `busy`, 603 |
//! | +1 617 555 0113 | can't be reached | `failed`, 503 |
//! | +1 617 555 0114 | does not exist | `failed`, 404 |
//! | +1 617 555 0115 | refused: no permission for the region | error 21215 |
//! | +1 617 555 0116 | answers, connection lost after 5 seconds | `completed`: Twilio can't tell |
//! | +1 617 555 0117 | answers, echoes digits | `completed` |
//! | +1 617 555 0118 | answers, hangs up after 5 seconds | `completed` |
//! | +1 617 555 0119 | slow network: answers after 6 seconds | `completed` |
//! | +1 500 555 0001, 0002, 0003, 0004 | refused, as with Twilio's test credentials | errors 21211, 21214, 21215, 21216 |
//! | the account's own | a call comes in on it | as that call |
//! | any other | answers after 2 seconds | `completed` |

pub use cordboard_emulator::numbers::*;

/// The error that a request to call that number gets: code and text.
pub(crate) fn refusal(number: &str) -> Option<(u32, &'static str)> {
    match number {
        // The magic numbers of Twilio's test credentials.
        "+15005550001" => Some((21211, "The 'To' number is not a valid phone number.")),
        "+15005550002" => Some((21214, "The 'To' phone number cannot be reached.")),
        NOT_ALLOWED | "+15005550003" => {
            Some((21215, "Account not authorized to call this number. Check the geographic permissions."))
        }
        "+15005550004" => Some((21216, "Account not allowed to call this number.")),
        _ => None,
    }
}
