//! Real services for tests: nats-server, an API server, PostgreSQL; the recorded behaviour of the reference; and how a test waits.
//!
//! A dev-dependency only. Nothing here is a fake: what a test cannot have it says in a panic, with the command that
//! gets it. Every wait has a deadline.

pub mod compat;
mod home;
pub mod kube;
pub mod nats;
pub mod postgres;
pub mod wait;

pub use wait::until;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// A folder that is removed when it is dropped.
///
/// # Panics
///
/// When none can be made.
pub fn tempdir() -> tempfile::TempDir {
    tempfile::Builder::new()
        .prefix("quintet-")
        .tempdir()
        .expect("the folder for temporary files")
}

/// A loopback address whose port was free a moment ago, for a program that cannot take port 0.
///
/// # Panics
///
/// When loopback has no free port.
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port on loopback");
    listener
        .local_addr()
        .expect("a bound listener has an address")
}
