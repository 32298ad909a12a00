//! What the three kinds of planes have in common.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Conditions, schema};

/// How the agent of a plane proves who it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClusterAgent {
    /// Certificate authority that vouches for the agent.
    #[serde(rename = "clientCA")]
    pub client_ca: ClientCa,
}

/// A certificate authority: PEM text or where to find it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientCa {
    /// PEM text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// A secret that holds the PEM text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<SecretKeySelector>,
}

/// A key of a Secret of the control plane.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretKeySelector {
    /// Name of the Secret.
    pub name: String,
    /// Namespace of the Secret; absent: that of the referring object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its key.
    pub key: String,
}

/// The secret store of a plane's cluster from which secrets are read there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretStoreRef {
    /// Name of the store in that cluster.
    pub name: String,
}

/// What is known of the agents of a plane.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentConnection {
    /// Whether an agent is connected.
    pub connected: bool,
    /// How many are.
    pub connected_agents: u32,
    /// When the first of them connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub last_connected_time: Option<Timestamp>,
    /// When the last of them went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub last_disconnected_time: Option<Timestamp>,
    /// When one of them was last heard of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub last_heartbeat_time: Option<Timestamp>,
    /// More, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The name of the link of a plane: what its object says, else the name of the object.
pub(super) fn link_id<'a>(plane_id: Option<&'a str>, name: &'a str) -> &'a str {
    plane_id.filter(|id| !id.is_empty()).unwrap_or(name)
}

/// Status of a plane.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlaneStatus {
    /// Generation that was looked at last.
    #[serde(default, skip_serializing_if = "schema::is_zero")]
    pub observed_generation: u64,
    /// `Created`, `Finalizing`.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub conditions: Conditions,
    /// What is known of its agents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_connection: Option<AgentConnection>,
}

impl PlaneStatus {
    /// What others depend on: whether the plane can be reached.
    pub(crate) fn exports(&self) -> Value {
        let connected = self
            .agent_connection
            .as_ref()
            .is_some_and(|agents| agents.connected);
        json!({ "connected": connected })
    }
}
