//! A link against a real nats-server and a hub that speaks the messages of `proto`.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod heads;
mod hub;
mod identity;
mod offline;
mod plane;
mod reports;
