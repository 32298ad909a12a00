//! Placeholder until the entry point lands.
fn main() {}
