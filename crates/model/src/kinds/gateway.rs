//! Gateways through which an environment is entered and left.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The gateways of a data plane or environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Gateway {
    /// For requests to components.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress: Option<GatewayPair>,
    /// For requests of components to the outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egress: Option<GatewayPair>,
}

/// The gateway towards the world and the one towards the organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GatewayPair {
    /// Towards the world.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external: Option<GatewayListeners>,
    /// Towards the organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internal: Option<GatewayListeners>,
}

/// A `Gateway` object in the cluster and what it listens on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GatewayListeners {
    /// Name of the object.
    pub name: String,
    /// Its namespace in the cluster.
    pub namespace: String,
    /// Listener for HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<GatewayListener>,
    /// Listener for HTTPS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub https: Option<GatewayListener>,
    /// Listener that passes TLS through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<GatewayListener>,
}

/// One listener.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GatewayListener {
    /// Name of the listener in the `Gateway` object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listener_name: Option<String>,
    /// Port under which callers reach it.
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// Host under which callers reach it; components get names below it.
    pub host: String,
}
