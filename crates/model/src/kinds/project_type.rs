//! Project types: what the cell of a project renders to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::template::{self, ResourceTemplate, SchemaSection, ValidationRule};
use crate::{Diagnostics, Kind, KindName, Scope, kind::NoStatus};

/// Spec of a project type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProjectType {
    /// What projects of this type may set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<SchemaSection>,
    /// What bindings of such projects may set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment_configs: Option<SchemaSection>,
    /// Conditions that must hold before anything is rendered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validations: Vec<ValidationRule>,
    /// The objects of a cell; one must be its namespace.
    #[schemars(length(min = 1), extend("x-kubernetes-list-map-keys" = ["id"]))]
    pub resources: Vec<ResourceTemplate>,
}

impl Kind for ProjectType {
    const NAME: KindName = KindName::ProjectType;
    const SHORT_NAMES: &'static [(Scope, &'static str)] = &[
        (Scope::Namespaced, "pt"),
        (Scope::Namespaced, "pts"),
        (Scope::Cluster, "cpt"),
        (Scope::Cluster, "cpts"),
    ];
    type Status = NoStatus;

    fn validate(&self, _old: Option<&Self>, _scope: Scope, diagnostics: &mut Diagnostics) {
        template::check_templates(&self.resources, "spec", diagnostics);
    }
}
