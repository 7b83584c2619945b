//! A CRM page for demos and tests.

fn main() {}
