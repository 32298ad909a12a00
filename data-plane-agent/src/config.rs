//! The configuration of the data plane agent.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The configuration of the data plane agent.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Telemetry, the admin port, shutdown.
    pub kit: kit::Config,
    /// The link to the control plane.
    pub link: link::Config,
    /// The cluster.
    pub cluster: Cluster,
    /// Shipping the logs of managed pods.
    pub collect: crate::collect::Config,
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
        Self { kubeconfig: PathBuf::new(), namespace: "quintet-system".to_owned() }
    }
}
