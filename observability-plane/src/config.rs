//! The configuration of the observability plane.

use std::{net::SocketAddr, path::PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The configuration of the observability plane.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Telemetry, the admin port, shutdown.
    pub kit: kit::Config,
    /// The link to the control plane.
    pub link: link::Config,
    /// Where telemetry is taken and questions are answered. Loopback unless told otherwise.
    pub listen: Listen,
    /// Where logs are kept.
    pub logs: Logs,
    /// Address of the control plane's gRPC door, which says who may ask.
    pub control_plane: String,
}

impl Default for Config {
    fn default() -> Self {
        let link = link::Config {
            plane: "observabilityplane-default".to_owned(),
            ..link::Config::default()
        };
        Self {
            kit: kit::Config::default(),
            link,
            listen: Listen::default(),
            logs: Logs::default(),
            control_plane: "http://127.0.0.1:7400".to_owned(),
        }
    }
}

/// Where telemetry is taken and questions are answered.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Listen {
    /// OTLP over gRPC.
    pub otlp_grpc: SocketAddr,
    /// OTLP over HTTP.
    pub otlp_http: SocketAddr,
    /// The Observer API.
    pub observer: SocketAddr,
    /// Questions over gRPC.
    pub query: SocketAddr,
}

impl Default for Listen {
    fn default() -> Self {
        let loopback = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        Self {
            otlp_grpc: loopback(4317),
            otlp_http: loopback(4318),
            observer: loopback(7490),
            query: loopback(7491),
        }
    }
}

/// Where logs are kept, and how long.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Logs {
    /// Folder of the store.
    pub folder: PathBuf,
    /// How long lines are kept; whole days are forgotten.
    pub retention: kit::config::HumanDuration,
}

impl Default for Logs {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("logs"),
            retention: kit::config::HumanDuration::from_secs(14 * 86_400),
        }
    }
}
