//! The suites that every provider runs, with the service in memory at the other end: webhooks in order, then late, in any order and twice.

mod support;

use cordboard_emulator::Disturbance;
use cordboard_emulator::stage::{AccountHarness, LineHarness};
use std::time::Duration;
use support::TinCan;

const CALM: Disturbance = Disturbance { delay: Duration::ZERO, repeats: 0 };
const STORM: Disturbance = Disturbance { delay: Duration::from_millis(800), repeats: 40 };

mod lines {
    use super::*;

    mod in_order {
        cordboard::conformance_tests!(super::LineHarness::<super::TinCan>::new(super::CALM));
    }

    mod late_and_twice {
        cordboard::conformance_tests!(super::LineHarness::<super::TinCan>::new(super::STORM));
    }
}

mod account {
    use super::*;

    mod in_order {
        cordboard::backend_conformance_tests!(super::AccountHarness::<super::TinCan>::new(super::CALM));
    }

    mod late_and_twice {
        cordboard::backend_conformance_tests!(super::AccountHarness::<super::TinCan>::new(super::STORM));
    }
}
