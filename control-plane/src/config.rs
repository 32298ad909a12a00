//! The configuration of the control plane.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The configuration of the control plane.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Telemetry, the admin port, shutdown.
    pub kit: kit::Config,
    /// The door.
    pub ingress: crate::ingress::Config,
    /// Who may call.
    pub auth: crate::authenticate::Config,
    /// The platform database.
    pub database: Database,
    /// How decisions are made.
    pub wake: crate::wake::Config,
    /// The links to planes.
    pub link: crate::link_service::Config,
}

/// The platform database.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite:` and the path of a file.
    pub url: String,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: store::Config::default().url,
        }
    }
}
