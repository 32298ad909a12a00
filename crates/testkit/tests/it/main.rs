//! The services that other crates test with, and their waits.

mod kube;
mod nats;
mod wait;
