//! What a workload needs from others: endpoints of components, outputs of resources.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text_enum::text_enum;
use crate::Diagnostics;

/// What a workload needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Dependencies {
    /// Endpoints of other components.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub endpoints: Vec<EndpointDependency>,
    /// Resources of the same project.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-map-keys" = ["ref"]))]
    pub resources: Vec<ResourceDependency>,
}

impl Dependencies {
    /// The rules that the schema does not show, for dependencies that stand at `path`.
    pub(crate) fn check(&self, path: &str, diagnostics: &mut Diagnostics) {
        for (index, resource) in self.resources.iter().enumerate() {
            let path = format!("{path}.resources[{index}]");
            let maps = [
                ("envBindings", &resource.env_bindings, "env var names"),
                ("fileBindings", &resource.file_bindings, "mount paths"),
            ];
            for (field, map, values) in maps {
                if map
                    .iter()
                    .any(|(output, target)| output.is_empty() || target.is_empty())
                {
                    diagnostics.push(
                        format!("{path}.{field}"),
                        format!(
                            "{field} keys (output names) and values ({values}) cannot be empty"
                        ),
                    );
                }
            }
        }
    }

    /// Whether nothing is needed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.endpoints.is_empty() && self.resources.is_empty()
    }
}

text_enum! {
    /// Through which door a dependency is reached.
    pub enum DependencyVisibility {
        /// As a component of the same project.
        Project = "project",
        /// As a component of another project in the same namespace.
        Namespace = "namespace",
    }
}

/// An endpoint of another component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndpointDependency {
    /// Project of the component; absent: the own one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The component.
    #[schemars(length(min = 1))]
    pub component: String,
    /// Name of its endpoint.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Through which door it is reached.
    pub visibility: DependencyVisibility,
    /// Environment variables that receive its address.
    pub env_bindings: EnvBindings,
}

/// Names of the environment variables that receive parts of an address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvBindings {
    /// Receives the whole address, in the form that its protocol uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Receives the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Receives the port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// Receives the base path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_path: Option<String>,
}

/// A resource of the same project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceDependency {
    /// Name of the resource.
    #[serde(rename = "ref")]
    #[schemars(length(min = 1))]
    pub resource: String,
    /// Name of an output to the environment variable that receives it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 50))]
    pub env_bindings: BTreeMap<String, String>,
    /// Name of an output to the path at which it is mounted as a file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 50))]
    pub file_bindings: BTreeMap<String, String>,
}
