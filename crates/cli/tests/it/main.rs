//! The command line as it is typed, on copies of the catalogue, the sample and a shop beside it.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod diff;
mod errors;
mod explain;
mod render;
mod server;
mod shop;
