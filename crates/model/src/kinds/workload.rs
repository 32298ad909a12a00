//! Workloads: the image of a component and how it runs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    container::{self, Container},
    dependency::Dependencies,
    endpoint::Endpoint,
    immutable,
    owner::ComponentOwner,
};
use crate::{Column, Diagnostics, IndexKey, Kind, KindName, ObjectMeta, Scope, kind::NoStatus};

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
    /// The workloads of the components of a project.
    #[must_use]
    pub fn of_project(namespace: &str, project: &str) -> IndexKey {
        IndexKey::new(KindName::Workload, "project", &[namespace, project])
    }

    /// The workloads of a component; there should be one.
    #[must_use]
    pub fn of_component(namespace: &str, project: &str, component: &str) -> IndexKey {
        IndexKey::new(
            KindName::Workload,
            "component",
            &[namespace, project, component],
        )
    }
}

impl Kind for Workload {
    const NAME: KindName = KindName::Workload;
    const COLUMNS: &'static [Column] = &[
        Column {
            name: "Project",
            path: ".spec.owner.projectName",
        },
        Column {
            name: "Component",
            path: ".spec.owner.componentName",
        },
    ];
    type Status = NoStatus;

    fn validate(&self, old: Option<&Self>, _scope: Scope, diagnostics: &mut Diagnostics) {
        let rule = "spec.owner is immutable";
        immutable::check(
            old.map(|old| &old.owner),
            &self.owner,
            "spec.owner",
            rule,
            diagnostics,
        );
        let Container { env, files, .. } = &self.container;
        container::check_sources(env, files, "spec.container", diagnostics);
        if let Some(dependencies) = &self.dependencies {
            dependencies.check("spec.dependencies", diagnostics);
        }
    }

    fn indexes(&self, metadata: &ObjectMeta) -> Vec<IndexKey> {
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let owner = &self.owner;
        vec![
            Self::of_project(namespace, &owner.project_name),
            Self::of_component(namespace, &owner.project_name, &owner.component_name),
        ]
    }
}
