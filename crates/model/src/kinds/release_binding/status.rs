//! Status of release bindings: where a component is reached and what it waits for.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Conditions,
    kinds::endpoint::{EndpointType, Visibility},
    schema,
};

/// Status of a release binding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseBindingStatus {
    /// Generation that was looked at last.
    #[serde(default, skip_serializing_if = "schema::is_zero")]
    pub observed_generation: u64,
    /// `ReleaseSynced`, `ConnectionsResolved`, `ResourceDependenciesReady`, `ResourcesReady`, `Ready`,
    /// `Finalizing`.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub conditions: Conditions,
    /// When the spec was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub last_spec_update_time: Option<Timestamp>,
    /// Where its endpoints are reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<EndpointStatus>,
    /// Endpoints that it depends on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connection_targets: Vec<ConnectionTarget>,
    /// Those that were found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resolved_connections: Vec<ResolvedConnection>,
    /// Those that were not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending_connections: Vec<PendingConnection>,
    /// Resources that it depends on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource_dependency_targets: Vec<ResourceDependencyTarget>,
    /// Those that are not ready.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending_resource_dependencies: Vec<PendingResourceDependency>,
    /// SecretReferences that it uses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secret_reference_names: Vec<String>,
}

/// An address in parts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndpointUrl {
    /// Scheme, as `https`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// Host.
    #[schemars(length(min = 1))]
    pub host: String,
    /// Port; absent: that of the scheme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// The addresses that a gateway gives an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewayUrls {
    /// Over HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<EndpointUrl>,
    /// Over HTTPS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub https: Option<EndpointUrl>,
    /// Over TLS that is passed through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<EndpointUrl>,
}

impl GatewayUrls {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.http.is_none() && self.https.is_none() && self.tls.is_none()
    }
}

/// Where an endpoint is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndpointStatus {
    /// Name of the endpoint.
    pub name: String,
    /// Its protocol.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub endpoint_type: Option<EndpointType>,
    /// Inside its cluster.
    #[serde(rename = "serviceURL", skip_serializing_if = "Option::is_none")]
    pub service_url: Option<EndpointUrl>,
    /// Through the internal gateway.
    #[serde(rename = "internalURLs", skip_serializing_if = "Option::is_none")]
    pub internal_urls: Option<GatewayUrls>,
    /// Through the external gateway.
    #[serde(rename = "externalURLs", skip_serializing_if = "Option::is_none")]
    pub external_urls: Option<GatewayUrls>,
    /// Never written; kept for readers of older objects.
    #[serde(rename = "invokeURL", skip_serializing_if = "Option::is_none")]
    pub invoke_url: Option<String>,
}

/// An endpoint that a binding depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionTarget {
    /// Namespace of its component.
    #[schemars(length(min = 1))]
    pub namespace: String,
    /// Project of its component.
    #[schemars(length(min = 1))]
    pub project: String,
    /// Its component.
    #[schemars(length(min = 1))]
    pub component: String,
    /// Its name.
    #[schemars(length(min = 1))]
    pub endpoint: String,
    /// The environment, which is that of the binding.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub environment: String,
    /// Through which door it is reached.
    pub visibility: Visibility,
}

/// An endpoint that a binding depends on, with its address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResolvedConnection {
    /// Namespace of its component.
    #[schemars(length(min = 1))]
    pub namespace: String,
    /// Project of its component.
    #[schemars(length(min = 1))]
    pub project: String,
    /// Its component.
    #[schemars(length(min = 1))]
    pub component: String,
    /// Its name.
    #[schemars(length(min = 1))]
    pub endpoint: String,
    /// Through which door it is reached.
    pub visibility: Visibility,
    /// Its address.
    pub url: EndpointUrl,
}

/// An endpoint that a binding depends on and that was not found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PendingConnection {
    /// Namespace of its component.
    #[schemars(length(min = 1))]
    pub namespace: String,
    /// Project of its component.
    #[schemars(length(min = 1))]
    pub project: String,
    /// Its component.
    #[schemars(length(min = 1))]
    pub component: String,
    /// Its name.
    #[schemars(length(min = 1))]
    pub endpoint: String,
    /// Why, for people.
    pub reason: String,
}

/// A resource that a binding depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceDependencyTarget {
    /// Namespace of the resource.
    #[schemars(length(min = 1))]
    pub namespace: String,
    /// Its project.
    #[schemars(length(min = 1))]
    pub project: String,
    /// Its name.
    #[schemars(length(min = 1))]
    pub resource_name: String,
    /// The environment, which is that of the binding.
    #[schemars(length(min = 1))]
    pub environment: String,
}

/// A resource that a binding depends on and that is not ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PendingResourceDependency {
    /// Namespace of the resource.
    #[schemars(length(min = 1))]
    pub namespace: String,
    /// Its project.
    #[schemars(length(min = 1))]
    pub project: String,
    /// Its name.
    #[schemars(length(min = 1))]
    pub resource_name: String,
    /// Why, for people.
    pub reason: String,
}
