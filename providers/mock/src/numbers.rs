//! Numbers to call, and what becomes of it. All are reserved for fiction, so no telephone rings by accident.
//!
//! | number | what happens |
//! |---|---|
//! | +1 617 555 0100 | answers at once |
//! | +1 617 555 0103, 0108 | answers after 3 or 8 seconds |
//! | +1 617 555 0110 | busy |
//! | +1 617 555 0111 | nobody answers for 30 seconds |
//! | +1 617 555 0112 | declines |
//! | +1 617 555 0113 | can't be reached |
//! | +1 617 555 0114 | does not exist |
//! | +1 617 555 0115 | may not be called |
//! | +1 617 555 0116 | answers, connection lost after 5 seconds |
//! | +1 617 555 0117 | answers, echoes digits |
//! | +1 617 555 0118 | answers, hangs up after 5 seconds |
//! | +1 617 555 0119 | slow network |
//! | +1 617 555 0150, 0151 | the agents Alex and Blake |
//! | +1 617 555 0190, +44 20 7946 0150 | the first agent who is free |
//! | any other | answers after 1 to 4 seconds |

use cordboard::telephony::{EndReason, ErrorKind, FailureReason, PhoneNumber};

/// Answers at once.
pub const ANSWERS: &str = "+16175550100";
/// Answers after three seconds.
pub const ANSWERS_AFTER_3_S: &str = "+16175550103";
/// Answers after eight seconds.
pub const ANSWERS_AFTER_8_S: &str = "+16175550108";
/// Is busy.
pub const BUSY: &str = "+16175550110";
/// Rings for 30 seconds, and nobody answers.
pub const NO_ANSWER: &str = "+16175550111";
/// Rings for three seconds and declines.
pub const REJECTS: &str = "+16175550112";
/// Can't be reached.
pub const UNREACHABLE: &str = "+16175550113";
/// Does not exist, as the network finds out.
pub const INVALID: &str = "+16175550114";
/// May not be called: the order to dial fails.
pub const NOT_ALLOWED: &str = "+16175550115";
/// Answers, and the connection is lost after five seconds.
pub const DROPS_MID_CALL: &str = "+16175550116";
/// Answers, and presses each key that it hears.
pub const ECHOES_DIGITS: &str = "+16175550117";
/// Answers, and hangs up after five seconds.
pub const HANGS_UP: &str = "+16175550118";
/// Answers over a slow network: each order about it takes three seconds.
pub const SLOW_NETWORK: &str = "+16175550119";

/// Rings at the first agent.
pub const ALEX: &str = "+16175550150";
/// Rings at the second agent.
pub const BLAKE: &str = "+16175550151";
/// Belongs to the account: rings at the first agent who is free.
pub const SALES: &str = "+16175550190";
/// Belongs to the account: rings at the first agent who is free.
pub const SUPPORT: &str = "+442079460150";

/// Every test number with a label for people, such as for a page that lists them.
pub const LABELLED: [(&str, &str); 15] = [
    (ANSWERS, "Answers at once"),
    (ANSWERS_AFTER_3_S, "Answers after 3 seconds"),
    (ANSWERS_AFTER_8_S, "Answers after 8 seconds"),
    (BUSY, "Busy"),
    (NO_ANSWER, "No answer"),
    (REJECTS, "Declines"),
    (UNREACHABLE, "Can't be reached"),
    (INVALID, "Does not exist"),
    (NOT_ALLOWED, "Not allowed"),
    (DROPS_MID_CALL, "Connection lost after 5 seconds"),
    (ECHOES_DIGITS, "Echoes digits"),
    (HANGS_UP, "Hangs up after 5 seconds"),
    (SLOW_NETWORK, "Slow network"),
    (ALEX, "Alex, an agent"),
    (BLAKE, "Blake, an agent"),
];

/// How a number behaves; times in milliseconds.
#[derive(Clone, Copy)]
pub(crate) struct Script {
    /// After how long it rings, if it does.
    pub(crate) rings: Option<u32>,
    /// After how long it answers or the call ends.
    pub(crate) settles: u32,
    pub(crate) outcome: Outcome,
    /// After how long an answered call ends by itself, and why.
    pub(crate) talks: Option<(u32, EndReason)>,
    pub(crate) echoes: bool,
    /// How long an order about it is on its way.
    pub(crate) latency: u32,
}

#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    Answers,
    Ends(EndReason),
    Refuses(ErrorKind),
}

impl Script {
    const fn ends(settles: u32, reason: EndReason) -> Self {
        Self { outcome: Outcome::Ends(reason), ..Self::answers(settles) }
    }

    const fn answers(settles: u32) -> Self {
        Self { rings: None, settles, outcome: Outcome::Answers, talks: None, echoes: false, latency: 0 }
    }

    const fn rings(mut self) -> Self {
        self.rings = Some(200);
        self
    }

    const fn talks(mut self, millis: u32, reason: EndReason) -> Self {
        self.talks = Some((millis, reason));
        self
    }

    /// The script of a number. One that is not in the table answers after `patience`.
    pub(crate) fn of(number: Option<&PhoneNumber>, patience: u32) -> Self {
        let number = number.map_or("", PhoneNumber::as_e164);
        let known = SCRIPTS.iter().find(|(known, _)| *known == number);
        known.map_or(Self::answers(patience).rings(), |(_, script)| *script)
    }
}

static SCRIPTS: [(&str, Script); 13] = [
    (ANSWERS, Script::answers(400).rings()),
    (ANSWERS_AFTER_3_S, Script::answers(3_000).rings()),
    (ANSWERS_AFTER_8_S, Script::answers(8_000).rings()),
    (BUSY, Script::ends(600, EndReason::Busy)),
    (NO_ANSWER, Script::ends(30_000, EndReason::NoAnswer).rings()),
    (REJECTS, Script::ends(3_000, EndReason::Rejected).rings()),
    (UNREACHABLE, Script::ends(1_000, EndReason::Failed(FailureReason::Unreachable))),
    (INVALID, Script::ends(400, EndReason::Failed(FailureReason::InvalidNumber))),
    (NOT_ALLOWED, Script { outcome: Outcome::Refuses(ErrorKind::NotAllowed), ..Script::answers(0) }),
    (DROPS_MID_CALL, Script::answers(400).rings().talks(5_000, EndReason::Failed(FailureReason::ConnectionLost))),
    (HANGS_UP, Script::answers(400).rings().talks(5_000, EndReason::RemoteHungUp)),
    (ECHOES_DIGITS, Script { echoes: true, ..Script::answers(400).rings() }),
    (SLOW_NETWORK, Script { rings: Some(3_000), latency: 3_000, ..Script::answers(6_000) }),
];
