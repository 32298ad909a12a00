//! The configuration of the experience gateway.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The configuration of the experience gateway.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Telemetry, the admin port, shutdown.
    pub kit: kit::Config,
    /// Where people and tools are served. Loopback unless told otherwise.
    pub listen: std::net::SocketAddr,
    /// Address of the control plane's gRPC door.
    pub control_plane: String,
    /// Address of the observability plane's query service.
    pub observability_plane: String,
    /// How long a request to another plane may take.
    pub deadline: kit::config::HumanDuration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            kit: kit::Config::default(),
            listen: ([127, 0, 0, 1], 7480).into(),
            control_plane: "http://127.0.0.1:7400".to_owned(),
            observability_plane: "http://127.0.0.1:7491".to_owned(),
            deadline: kit::config::HumanDuration::from_secs(15),
        }
    }
}
