//! The bus against a real nats-server.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod hub;
mod identity;
mod requests;
mod tls;
