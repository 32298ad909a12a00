//! What a workload offers to others.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text_enum::text_enum;

text_enum! {
    /// Protocol of an endpoint.
    pub enum EndpointType {
        /// HTTP.
        Http = "HTTP",
        /// gRPC.
        Grpc = "gRPC",
        /// GraphQL over HTTP.
        GraphQl = "GraphQL",
        /// WebSocket.
        Websocket = "Websocket",
        /// Plain TCP.
        Tcp = "TCP",
        /// UDP.
        Udp = "UDP",
    }
}

text_enum! {
    /// From where an endpoint may be reached; every endpoint can be reached from its project.
    pub enum Visibility {
        /// From components of the same project and environment.
        Project = "project",
        /// From projects of the same namespace in the same environment.
        Namespace = "namespace",
        /// From inside the organisation, through the internal gateway.
        Internal = "internal",
        /// From outside, through the external gateway.
        External = "external",
    }
}

/// A port on which a workload serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Endpoint {
    /// Protocol.
    #[serde(rename = "type")]
    pub endpoint_type: EndpointType,
    /// Port that others connect to.
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// Port that the container listens on; absent: the same as `port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub target_port: Option<u16>,
    /// Path below which the service answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_path: Option<String>,
    /// Name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Description of the interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<EndpointSchema>,
    /// From where it may be reached beyond its project.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("uniqueItems" = true))]
    pub visibility: Vec<Visibility>,
}

impl Endpoint {
    /// The port that the container listens on; a `targetPort` of 0 is none.
    #[must_use]
    pub fn container_port(&self) -> u16 {
        self.target_port
            .filter(|port| *port != 0)
            .unwrap_or(self.port)
    }
}

/// Description of the interface of an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndpointSchema {
    /// Language of `content`, as `openapi`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub schema_type: Option<String>,
    /// The description itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}
