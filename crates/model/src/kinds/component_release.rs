//! Component releases: frozen copies of a component, its type, its traits and its workload.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ComponentType, Trait, Workload,
    container::{self, Container},
    dependency::Dependencies,
    endpoint::Endpoint,
    owner::ComponentOwner,
    reference::{ComponentTypeKind, TraitKind},
    template::FreeForm,
};
use crate::{Column, Diagnostics, IndexKey, Kind, KindName, ObjectMeta, Scope, kind::NoStatus};

/// Spec of a component release; none of its parts can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ComponentRelease {
    /// The component.
    pub owner: ComponentOwner,
    /// Its type, as it was.
    pub component_type: ComponentTypeSnapshot,
    /// The traits that it and its type use, as they were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub traits: Vec<TraitSnapshot>,
    /// Its own part, as it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component_profile: Option<ComponentProfile>,
    /// Its workload, as it was.
    pub workload: WorkloadSnapshot,
}

/// A component type as it was when a release was cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ComponentTypeSnapshot {
    /// Kind of the component type.
    pub kind: ComponentTypeKind,
    /// Workload type, slash, name, as in [`super::reference::ComponentTypeRef`].
    #[schemars(length(min = 1))]
    pub name: String,
    /// What it said.
    pub spec: ComponentType,
}

/// A trait as it was when a release was cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TraitSnapshot {
    /// Kind of the trait.
    pub kind: TraitKind,
    /// Name of the trait.
    #[schemars(length(min = 1))]
    pub name: String,
    /// What it said.
    pub spec: Trait,
}

/// A component's own part in a release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ComponentProfile {
    /// Values for the parameters of the type.
    #[serde(default, skip_serializing_if = "FreeForm::is_empty")]
    pub parameters: FreeForm,
    /// Its uses of traits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traits: Vec<ProfileTrait>,
}

/// One use of a trait by a released component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProfileTrait {
    /// Kind of the trait.
    pub kind: TraitKind,
    /// Name of the trait.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Name of this use, unique within the component.
    #[schemars(length(min = 1))]
    pub instance_name: String,
    /// Values for the parameters of the trait.
    #[serde(default, skip_serializing_if = "FreeForm::is_empty")]
    pub parameters: FreeForm,
}

/// A workload as it was when a release was cut.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkloadSnapshot {
    /// What runs.
    pub container: Container,
    /// What it offers, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub endpoints: BTreeMap<String, Endpoint>,
    /// What it needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dependencies: Option<Dependencies>,
}

impl From<Workload> for WorkloadSnapshot {
    fn from(workload: Workload) -> Self {
        let Workload {
            owner: _,
            container,
            endpoints,
            dependencies,
        } = workload;
        Self {
            container,
            endpoints,
            dependencies,
        }
    }
}

impl ComponentRelease {
    /// Each part stays as it is; an optional part may still be added.
    fn check_frozen(&self, old: Option<&Self>, diagnostics: &mut Diagnostics) {
        let Some(old) = old else { return };
        let traits = [&old.traits, &self.traits];
        let profiles = [&old.component_profile, &self.component_profile];
        let changed = [
            ("owner", old.owner != self.owner),
            ("componentType", old.component_type != self.component_type),
            (
                "traits",
                traits.iter().all(|traits| !traits.is_empty()) && traits[0] != traits[1],
            ),
            (
                "componentProfile",
                profiles.iter().all(|p| p.is_some()) && profiles[0] != profiles[1],
            ),
            ("workload", old.workload != self.workload),
        ];
        for (part, _) in changed.into_iter().filter(|(_, changed)| *changed) {
            diagnostics.push_hint(
                format!("spec.{part}"),
                format!("spec.{part} is immutable"),
                "cut another release",
            );
        }
    }

    /// The releases of a component.
    #[must_use]
    pub fn of_component(namespace: &str, project: &str, component: &str) -> IndexKey {
        IndexKey::new(
            KindName::ComponentRelease,
            "component",
            &[namespace, project, component],
        )
    }
}

impl Kind for ComponentRelease {
    const NAME: KindName = KindName::ComponentRelease;
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
        self.check_frozen(old, diagnostics);
        self.component_type
            .spec
            .check("spec.componentType.spec", diagnostics);
        for (index, snapshot) in self.traits.iter().enumerate() {
            snapshot
                .spec
                .check(&format!("spec.traits[{index}].spec"), diagnostics);
        }
        let Container { env, files, .. } = &self.workload.container;
        container::check_sources(env, files, "spec.workload.container", diagnostics);
        if let Some(dependencies) = &self.workload.dependencies {
            dependencies.check("spec.workload.dependencies", diagnostics);
        }
    }

    fn indexes(&self, metadata: &ObjectMeta) -> Vec<IndexKey> {
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let owner = &self.owner;
        vec![Self::of_component(
            namespace,
            &owner.project_name,
            &owner.component_name,
        )]
    }
}
