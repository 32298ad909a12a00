//! The expression language through its public interface.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod bounds;
mod conformance;
mod platform;
