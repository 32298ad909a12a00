//! Release bindings: a component release in an environment.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    container::{self, EnvVar, FileVar},
    immutable,
    owner::ComponentOwner,
    template::FreeForm,
    text_enum::text_enum,
};
use crate::{Column, Diagnostics, IndexKey, Kind, KindName, ObjectMeta, Scope};

pub mod status;

pub use status::ReleaseBindingStatus;

text_enum! {
    /// Whether a release should run.
    #[derive(Default)]
    pub enum BindingState {
        /// It should run.
        #[default]
        Active = "Active",
        /// Its objects should be taken away; the binding stays.
        Undeploy = "Undeploy",
    }
}

/// Spec of a release binding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleaseBinding {
    /// The component; immutable.
    pub owner: ComponentOwner,
    /// The environment; immutable.
    pub environment: String,
    /// The ComponentRelease; absent until automation or a person sets it. An update that leaves it
    /// out keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release_name: Option<String>,
    /// Whether it should run.
    #[serde(default)]
    pub state: BindingState,
    /// Values for the environment configuration of the component's type.
    #[serde(default, skip_serializing_if = "FreeForm::is_empty")]
    pub component_type_environment_configs: FreeForm,
    /// Values for the environment configuration of its traits, by instance name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub trait_environment_configs: BTreeMap<String, FreeForm>,
    /// What this environment changes in the workload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload_overrides: Option<WorkloadOverrides>,
}

/// What an environment changes in a workload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkloadOverrides {
    /// Changes of the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<ContainerOverride>,
}

/// Changes of a container: entries replace those of the same key, others are added.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContainerOverride {
    /// Environment variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<EnvVar>,
    /// Files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileVar>,
}

impl ReleaseBinding {
    /// The bindings of a component.
    #[must_use]
    pub fn of_component(namespace: &str, project: &str, component: &str) -> IndexKey {
        IndexKey::new(
            KindName::ReleaseBinding,
            "component",
            &[namespace, project, component],
        )
    }

    /// The bindings of the components of a project.
    #[must_use]
    pub fn of_project(namespace: &str, project: &str) -> IndexKey {
        IndexKey::new(KindName::ReleaseBinding, "project", &[namespace, project])
    }

    /// The bindings of the components of a project in an environment.
    #[must_use]
    pub fn of_project_in(namespace: &str, project: &str, environment: &str) -> IndexKey {
        IndexKey::new(
            KindName::ReleaseBinding,
            "project-in",
            &[namespace, project, environment],
        )
    }

    /// The bindings in an environment.
    #[must_use]
    pub fn of_environment(namespace: &str, environment: &str) -> IndexKey {
        IndexKey::new(
            KindName::ReleaseBinding,
            "environment",
            &[namespace, environment],
        )
    }
}

impl Kind for ReleaseBinding {
    const NAME: KindName = KindName::ReleaseBinding;
    const COLUMNS: &'static [Column] = &[
        Column {
            name: "Project",
            path: ".spec.owner.projectName",
        },
        Column {
            name: "Component",
            path: ".spec.owner.componentName",
        },
        Column {
            name: "Environment",
            path: ".spec.environment",
        },
    ];
    const FINALIZER: Option<&'static str> = Some("openchoreo.dev/releasebinding-cleanup");
    type Status = ReleaseBindingStatus;

    /// A manifest that names no release leaves the one that is deployed.
    fn apply_defaults(&mut self, old: Option<&Self>) {
        if self.release_name.as_deref().unwrap_or_default().is_empty() {
            self.release_name = old.and_then(|old| old.release_name.clone());
        }
    }

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
            old.map(|old| &old.environment),
            &self.environment,
            "spec.environment",
            "spec.environment is immutable",
            diagnostics,
        );
        let overrides = self.workload_overrides.as_ref();
        if let Some(container) = overrides.and_then(|overrides| overrides.container.as_ref()) {
            let path = "spec.workloadOverrides.container";
            container::check_sources(&container.env, &container.files, path, diagnostics);
        }
    }

    fn indexes(&self, metadata: &ObjectMeta) -> Vec<IndexKey> {
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let owner = &self.owner;
        vec![
            Self::of_component(namespace, &owner.project_name, &owner.component_name),
            Self::of_project(namespace, &owner.project_name),
            Self::of_project_in(namespace, &owner.project_name, &self.environment),
            Self::of_environment(namespace, &self.environment),
        ]
    }

    fn exports(status: &ReleaseBindingStatus) -> Value {
        json!({"endpoints": status.endpoints, "ready": status.conditions.is_true("Ready")})
    }
}
