//! The NATS server's configuration.

use std::path::PathBuf;

use anyhow::Result;

use super::{parts::Site, ports::Listener};

/// Writes the server's configuration and returns its place.
///
/// # Errors
/// The folder cannot be written.
pub fn write_config(site: &Site<'_>) -> Result<PathBuf> {
    let listen = site.ports.address(Listener::Nats);
    let monitor = site.ports.address(Listener::NatsMonitor);
    let text = format!("listen: \"{listen}\"\nhttp: \"{monitor}\"\n");
    site.folder.write_config("nats.conf", &text)
}
