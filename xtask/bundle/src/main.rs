//! Bundles.

fn main() {}
