//! Numbers to call, and what becomes of it: those of `cordboard_mock::numbers`, and what a provider refuses. All are reserved for
//! fiction or for tests.
//!
//! | number | what happens |
//! |---|---|
//! | +1 617 555 0100 | answers soon |
//! | +1 617 555 0103, 0108 | answers after 3 or 8 seconds |
//! | +1 617 555 0110 | busy |
//! | +1 617 555 0111 | nobody answers for 30 seconds |
//! | +1 617 555 0112 | rings for 3 seconds and declines |
//! | +1 617 555 0113 | can't be reached |
//! | +1 617 555 0114 | does not exist |
//! | +1 617 555 0115 | refused: not allowed for the account |
//! | +1 617 555 0116 | answers, connection lost after 5 seconds |
//! | +1 617 555 0117 | answers, echoes digits |
//! | +1 617 555 0118 | answers, hangs up after 5 seconds |
//! | +1 617 555 0119 | slow network: answers after 6 seconds |
//! | the account's own | a call comes in on it |
//! | any other | answers after 2 seconds |

use core::time::Duration;

/// Answers soon.
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
/// May not be called: the request fails.
pub const NOT_ALLOWED: &str = "+16175550115";
/// Answers, and the connection is lost after five seconds.
pub const DROPS_MID_CALL: &str = "+16175550116";
/// Answers, and presses each key that it hears.
pub const ECHOES_DIGITS: &str = "+16175550117";
/// Answers, and hangs up after five seconds.
pub const HANGS_UP: &str = "+16175550118";
/// Answers over a slow network.
pub const SLOW_NETWORK: &str = "+16175550119";
/// Belongs to the account, for an agent.
pub const ALEX: &str = "+16175550150";
/// Belongs to the account, for another agent.
pub const BLAKE: &str = "+16175550151";
/// Belongs to the account.
pub const SALES: &str = "+16175550190";
/// Belongs to the account.
pub const SUPPORT: &str = "+442079460150";
/// Is verified as a caller id, and not the account's.
pub const VERIFIED: &str = "+16175550191";

/// Numbers and names of the account.
pub const OWNED: [(&str, &str); 4] = [(ALEX, "Alex"), (BLAKE, "Blake"), (SALES, "Sales"), (SUPPORT, "Support")];

/// How the far end of a number behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Script {
    /// After how long it rings, if it does.
    pub rings: Option<Duration>,
    /// After how long it answers or the call ends.
    pub settles: Duration,
    /// How it settles.
    pub verdict: Verdict,
    /// After how long an answered call ends by itself.
    pub talks: Option<Duration>,
    /// Whether it presses each key that it hears.
    pub echoes: bool,
}

/// How a call to a number settles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Somebody answers.
    Answers,
    /// It is busy.
    Busy,
    /// Somebody declines.
    Declines,
    /// Nobody answers.
    NoAnswer,
    /// The network can't reach it.
    Unreachable,
    /// The network does not know it.
    DoesNotExist,
}

const RINGS: Option<Duration> = Some(Duration::from_millis(200));

impl Script {
    const fn new(settles: u64, verdict: Verdict) -> Self {
        Self { rings: RINGS, settles: Duration::from_millis(settles), verdict, talks: None, echoes: false }
    }

    /// What becomes of a call to that number.
    #[must_use]
    pub fn of(number: &str) -> Self {
        let leaves = Some(Duration::from_secs(5));
        match number {
            ANSWERS => Self::new(400, Verdict::Answers),
            ANSWERS_AFTER_3_S => Self::new(3_000, Verdict::Answers),
            ANSWERS_AFTER_8_S => Self::new(8_000, Verdict::Answers),
            BUSY => Self { rings: None, ..Self::new(600, Verdict::Busy) },
            NO_ANSWER => Self::new(30_000, Verdict::NoAnswer),
            REJECTS => Self::new(3_000, Verdict::Declines),
            UNREACHABLE => Self { rings: None, ..Self::new(1_000, Verdict::Unreachable) },
            INVALID => Self { rings: None, ..Self::new(400, Verdict::DoesNotExist) },
            DROPS_MID_CALL | HANGS_UP => Self { talks: leaves, ..Self::new(400, Verdict::Answers) },
            ECHOES_DIGITS => Self { echoes: true, ..Self::new(400, Verdict::Answers) },
            SLOW_NETWORK => Self { rings: Some(Duration::from_secs(3)), ..Self::new(6_000, Verdict::Answers) },
            _ => Self::new(2_000, Verdict::Answers),
        }
    }
}
