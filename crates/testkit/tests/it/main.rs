//! The services that other crates test with, and their waits.

mod compat;
mod kube;
mod nats;
mod wait;
