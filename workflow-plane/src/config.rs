//! The configuration of the workflow plane.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The configuration of the workflow plane.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Telemetry, the admin port, shutdown.
    pub kit: kit::Config,
    /// The link to the control plane.
    pub link: link::Config,
    /// The cluster.
    pub cluster: Cluster,
}

/// The cluster that the agent works in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cluster {
    /// Kubeconfig file; empty inside a cluster.
    pub kubeconfig: PathBuf,
    /// Namespace of the unit records.
    pub namespace: String,
}

impl Default for Cluster {
    fn default() -> Self {
        Self { kubeconfig: PathBuf::new(), namespace: "quintet-workflows".to_owned() }
    }
}
