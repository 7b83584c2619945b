//! The line keeps the contract, in all that it claims.

mod support;

cordboard::conformance_tests!(support::Office::new());
