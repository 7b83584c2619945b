//! The suites that every provider runs, with Twilio's emulator at the other end.

mod support;

use cordboard_emulator::stage::{AccountHarness, LineHarness};
use cordboard_twilio_emulator::Disturbance;
use std::time::Duration;
use support::Twilio;

mod in_order {
    use super::*;

    cordboard::conformance_tests!(LineHarness::<Twilio>::new(Disturbance::default()));

    mod backend {
        use super::*;

        cordboard::backend_conformance_tests!(AccountHarness::<Twilio>::new(Disturbance::default()));
    }
}

/// With callbacks that come late, in any order and twice.
mod late_and_twice {
    use super::*;

    const DISTURBANCE: Disturbance = Disturbance { delay: Duration::from_millis(700), repeats: 40 };

    cordboard::conformance_tests!(LineHarness::<Twilio>::new(DISTURBANCE));

    mod backend {
        use super::*;

        cordboard::backend_conformance_tests!(AccountHarness::<Twilio>::new(DISTURBANCE));
    }
}
