//! The expression language through its public interface.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![expect(
    clippy::print_stdout,
    reason = "the conformance command reads the counts"
)]

mod bounds;
mod cases;
mod conformance;
#[cfg(feature = "kubernetes")]
mod kubernetes;
mod paths;
mod platform;
