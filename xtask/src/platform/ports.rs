//! The addresses of a run, all on loopback. The default run has the ones of the documents; any
//! other takes a free hundred and keeps it.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
};

use anyhow::{Context, Result};

use super::{DEFAULT, folder::Folder};

/// First port of the default run.
const BASE: u16 = 7400;

/// What listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// gRPC of the control plane.
    Control,
    /// NATS.
    Nats,
    /// Its monitoring page.
    NatsMonitor,
    /// The gateway: REST, portal, MCP.
    Gateway,
    /// The applications, through the cluster's Gateway.
    Applications,
    /// The Observer API.
    Observer,
    /// Query gRPC of the observability plane.
    Query,
    /// OTLP over gRPC.
    OtlpGrpc,
    /// OTLP over HTTP.
    OtlpHttp,
    /// Admin port of a plane, by its place in [`super::plan::PLANES`].
    Admin(u16),
}

/// The ports of a run.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    base: u16,
}

impl Ports {
    /// The run's ports, chosen once.
    ///
    /// # Errors
    /// No free hundred is found, or the folder cannot be written.
    pub fn of(folder: &Folder) -> Result<Self> {
        if folder.name() == DEFAULT {
            return Ok(Self { base: BASE });
        }
        let file = folder.path().join("ports");
        if let Ok(text) = fs::read_to_string(&file) {
            let base = text
                .trim()
                .parse()
                .with_context(|| file.display().to_string())?;
            return Ok(Self { base });
        }
        let free = |base: &u16| (0..100).all(|offset| bindable(base + offset));
        let base = (17_400..32_000)
            .step_by(100)
            .find(free)
            .context("no free ports")?;
        fs::write(&file, base.to_string()).with_context(|| file.display().to_string())?;
        Ok(Self { base })
    }

    /// Where this listens.
    #[must_use]
    pub fn address(self, listener: Listener) -> SocketAddr {
        let port = match listener {
            Listener::Control => self.base,
            Listener::OtlpGrpc => self.otlp(),
            Listener::OtlpHttp => self.otlp() + 1,
            Listener::Nats => self.base + 22,
            Listener::NatsMonitor => self.base + 23,
            Listener::Admin(plane) => self.base + 60 + plane,
            Listener::Gateway => self.base + 80,
            Listener::Applications => self.base + 88,
            Listener::Observer => self.base + 90,
            Listener::Query => self.base + 91,
        };
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }

    /// Programs outside expect OTLP at its registered ports.
    fn otlp(self) -> u16 {
        if self.base == BASE {
            4317
        } else {
            self.base + 17
        }
    }
}

fn bindable(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
