//! The mock network keeps the contract, whatever it claims.

mod support;

use cordboard::telephony::{Capabilities, Capability, SignInMethod};
use cordboard_mock::MockConfig;
use std::time::Duration;
use support::MockHarness;

fn claiming(capabilities: Capabilities) -> MockHarness {
    MockHarness::new(MockConfig { capabilities, ..MockConfig::default() })
}

mod everything {
    cordboard::conformance_tests!(super::claiming(super::Capabilities::all()));
}

mod nothing {
    cordboard::conformance_tests!(super::claiming(super::Capabilities::basic()));
}

mod slow_with_passwords {
    use super::*;

    fn slow() -> MockHarness {
        let capabilities = Capabilities::all().with_sign_in(SignInMethod::Password);
        MockHarness::new(MockConfig { capabilities, latency: Duration::from_millis(40), ..MockConfig::default() })
    }

    cordboard::conformance_tests!(slow());
}

macro_rules! without {
    ($($module:ident $capability:ident)+) => {
        $(mod $module {
            cordboard::conformance_tests!(super::claiming(super::Capabilities::all().without(super::Capability::$capability)));
        })+
    };
}

without! {
    without_inbound Inbound
    without_mute Mute
    without_hold Hold
    without_digits Digits
    without_blind_transfer BlindTransfer
    without_attended_transfer AttendedTransfer
    without_recording Recording
    without_pause_recording PauseRecording
    without_concurrent_calls ConcurrentCalls
}
