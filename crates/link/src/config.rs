//! The section `link` of a plane's configuration.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use kit::Backoff;
use kit::config::{ByteSize, HumanDuration, Secret};

/// How a plane reaches the control plane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Name of this plane, as `dataplane-default`: plane type and planeID.
    pub plane: String,
    /// The NATS servers.
    pub bus: bus::Config,
    /// File that keeps the identity of this plane where no other place is used for it.
    pub identity_file: PathBuf,
    /// One-time token for the first start, and for a new identity later.
    pub join_token: Secret,
    /// Delays between attempts to connect after the connection was lost.
    pub reconnect: Backoff,
    /// How long a request to the control plane may take.
    pub request_timeout: HumanDuration,
    /// How long reports are gathered before they are sent.
    pub report_delay: HumanDuration,
    /// How many bundles are fetched at the same time.
    pub fetches: usize,
    /// Largest bundle that is fetched, compressed.
    pub max_bundle: ByteSize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            plane: "dataplane-default".to_owned(),
            bus: bus::Config::default(),
            identity_file: PathBuf::from("link-identity.json"),
            join_token: Secret::default(),
            reconnect: Backoff::new(Duration::from_millis(50), Duration::from_secs(30)),
            request_timeout: HumanDuration::from_secs(10),
            report_delay: HumanDuration::from_millis(15),
            fetches: 8,
            max_bundle: ByteSize::mib(32),
        }
    }
}
