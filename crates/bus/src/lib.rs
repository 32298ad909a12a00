//! NATS: subjects, requests, identity.
//!
//! Transport only: a lost message costs latency and nothing else. The crate knows who may speak on
//! which subject, and nothing of what is said.

pub mod callout;
mod config;
mod connection;
pub mod keys;
pub mod server;
pub mod subject;
pub mod system;
mod token;

pub use config::Config;
pub use connection::{Bus, Error, Incoming, Login, State, Subscription};
