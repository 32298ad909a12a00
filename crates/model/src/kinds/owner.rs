//! Who an object belongs to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The project, in the same namespace, that an object belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProjectOwner {
    /// Name of the project.
    #[schemars(length(min = 1))]
    pub project_name: String,
}

/// The component, in the same namespace, that an object belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ComponentOwner {
    /// Name of the project.
    #[schemars(length(min = 1))]
    pub project_name: String,
    /// Name of the component.
    #[schemars(length(min = 1))]
    pub component_name: String,
}

/// The resource, in the same namespace, that an object belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceOwner {
    /// Name of the project.
    #[schemars(length(min = 1))]
    pub project_name: String,
    /// Name of the resource.
    #[schemars(length(min = 1))]
    pub resource_name: String,
}
