//! The engine on a real API server.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod apply;
mod harness;
mod heal;
mod many;
