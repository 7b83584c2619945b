//! The server dies, and the next one goes on.

mod support;

cordboard_emulator::restart_tests!(support::TinCan);
