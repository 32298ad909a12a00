//! Workloads: the image of a component and how it runs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{container::Container, dependency::Dependencies, endpoint::Endpoint, owner::ComponentOwner};
use crate::{Column, IndexKey, Kind, KindName, ObjectMeta, kind::NoStatus};

/// Spec of a workload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Workload {
    /// The component; immutable.
    pub owner: ComponentOwner,
    /// What runs.
    pub container: Container,
    /// What it offers, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub endpoints: BTreeMap<String, Endpoint>,
    /// What it needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dependencies: Option<Dependencies>,
}

impl Workload {
    /// The workloads of a component; there should be one.
    #[must_use]
    pub fn of_component(namespace: &str, project: &str, component: &str) -> IndexKey {
        IndexKey::new(KindName::Workload, "component", &[namespace, project, component])
    }
}

impl Kind for Workload {
    const NAME: KindName = KindName::Workload;
    const COLUMNS: &'static [Column] = &[
        Column { name: "Project", path: ".spec.owner.projectName" },
        Column { name: "Component", path: ".spec.owner.componentName" },
    ];
    type Status = NoStatus;

    fn indexes(&self, metadata: &ObjectMeta) -> Vec<IndexKey> {
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let owner = &self.owner;
        vec![Self::of_component(namespace, &owner.project_name, &owner.component_name)]
    }
}
