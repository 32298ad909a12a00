//! Previews through their public interface.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod accepted;
mod comparisons;
// Snapshots of recorded rows are made by the module that the compiler's own tests use.
#[path = "../../../compile/tests/it/snapshots.rs"]
mod snapshots;
