//! The browser, for the core.
