//! The suites that every provider runs, with Vonage's emulator at the other end.

mod support;

use cordboard_emulator::Disturbance;
use cordboard_emulator::stage::{AccountHarness, LineHarness};
use std::time::Duration;
use support::Vonage;

const CALM: Disturbance = Disturbance { delay: Duration::ZERO, repeats: 0 };
/// Events come late, in any order and twice.
const STORM: Disturbance = Disturbance { delay: Duration::from_millis(800), repeats: 40 };

mod lines {
    mod in_order {
        cordboard::conformance_tests!(super::super::LineHarness::<super::super::Vonage>::new(super::super::CALM));
    }

    mod late_and_twice {
        cordboard::conformance_tests!(super::super::LineHarness::<super::super::Vonage>::new(super::super::STORM));
    }
}

mod account {
    mod in_order {
        cordboard::backend_conformance_tests!(super::super::AccountHarness::<super::super::Vonage>::new(
            super::super::CALM
        ));
    }

    mod late_and_twice {
        cordboard::backend_conformance_tests!(super::super::AccountHarness::<super::super::Vonage>::new(
            super::super::STORM
        ));
    }
}
