//! Components: the deployable parts of a project.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    immutable,
    owner::ProjectOwner,
    reference::{ComponentTypeRef, TraitKind, WorkflowKind},
    template::FreeForm,
};
use crate::{
    Column, Conditions, Diagnostics, IndexKey, Kind, KindName, ObjectKey, ObjectMeta, Scope, schema,
};

/// Spec of a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Component {
    /// The project; immutable.
    pub owner: ProjectOwner,
    /// What it renders to; immutable.
    pub component_type: ComponentTypeRef,
    /// Values for the parameters of the type.
    #[serde(default, skip_serializing_if = "FreeForm::is_empty")]
    pub parameters: FreeForm,
    /// What is added to what the type renders.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traits: Vec<TraitInstance>,
    /// How it is built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<ComponentWorkflow>,
    /// Whether every new release is bound to the first environment of the pipeline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_deploy: Option<bool>,
    /// Whether a push to its repository starts its workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_build: Option<bool>,
}

/// One use of a trait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TraitInstance {
    /// Kind of the trait.
    #[serde(default)]
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

impl TraitInstance {
    /// Key of the trait, seen from `namespace`.
    #[must_use]
    pub fn key(&self, namespace: &str) -> ObjectKey {
        self.kind.key(namespace, &self.name)
    }
}

/// How a component is built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ComponentWorkflow {
    /// Kind of the workflow.
    #[serde(default)]
    pub kind: WorkflowKind,
    /// Name of the workflow.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Values for the parameters of the workflow.
    #[serde(default, skip_serializing_if = "FreeForm::is_empty")]
    pub parameters: FreeForm,
}

impl ComponentWorkflow {
    /// Key of the workflow, seen from `namespace`.
    #[must_use]
    pub fn key(&self, namespace: &str) -> ObjectKey {
        self.kind.key(namespace, &self.name)
    }
}

/// Status of a component.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComponentStatus {
    /// Generation that was looked at last.
    #[serde(default, skip_serializing_if = "schema::is_zero")]
    pub observed_generation: u64,
    /// `Ready`, `Finalizing`.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub conditions: Conditions,
    /// The release that was cut last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_release: Option<LatestComponentRelease>,
}

/// The component release that was cut last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LatestComponentRelease {
    /// Name of the ComponentRelease.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Hash of its content.
    #[schemars(length(min = 1))]
    pub release_hash: String,
}

impl Component {
    /// The components of a project.
    #[must_use]
    pub fn of_project(namespace: &str, project: &str) -> IndexKey {
        IndexKey::new(KindName::Component, "project", &[namespace, project])
    }

    /// The components of a type, in whichever namespace if the type is of the whole platform.
    #[must_use]
    pub fn of_type(component_type: &ObjectKey) -> IndexKey {
        let namespace = component_type.namespace.as_deref().unwrap_or_default();
        let values = &[
            component_type.public_kind(),
            namespace,
            &component_type.name,
        ];
        IndexKey::new(KindName::Component, "type", values)
    }
}

impl Kind for Component {
    const NAME: KindName = KindName::Component;
    const SHORT_NAMES: &'static [(Scope, &'static str)] =
        &[(Scope::Namespaced, "comp"), (Scope::Namespaced, "comps")];
    const COLUMNS: &'static [Column] = &[
        Column {
            name: "Project",
            path: ".spec.owner.projectName",
        },
        Column {
            name: "ComponentType",
            path: ".spec.componentType.name",
        },
    ];
    const FINALIZER: Option<&'static str> = Some("openchoreo.dev/component-cleanup");
    type Status = ComponentStatus;

    fn validate(&self, old: Option<&Self>, _scope: Scope, diagnostics: &mut Diagnostics) {
        let rule = "spec.owner is immutable";
        immutable::check(
            old.map(|old| &old.owner),
            &self.owner,
            "spec.owner",
            rule,
            diagnostics,
        );
        immutable::check(
            old.map(|old| &old.component_type),
            &self.component_type,
            "spec.componentType",
            "spec.componentType cannot be changed after creation",
            diagnostics,
        );
    }

    fn exports(status: &ComponentStatus) -> Value {
        json!({ "latestRelease": status.latest_release })
    }

    fn indexes(&self, metadata: &ObjectMeta) -> Vec<IndexKey> {
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        vec![
            Self::of_project(namespace, &self.owner.project_name),
            Self::of_type(&self.component_type.key(namespace)),
        ]
    }
}
