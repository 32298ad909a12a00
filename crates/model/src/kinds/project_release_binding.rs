//! Project release bindings: a project release in an environment, which is a cell.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{immutable, owner::ProjectOwner, template::FreeForm};
use crate::{Column, Conditions, Diagnostics, IndexKey, Kind, KindName, ObjectMeta, Scope, schema};

/// Spec of a project release binding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProjectReleaseBinding {
    /// The project; immutable.
    pub owner: ProjectOwner,
    /// The environment; immutable.
    #[schemars(length(min = 1))]
    pub environment: String,
    /// The ProjectRelease; absent until it is set, once, to the latest one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_release: Option<String>,
    /// Values for the environment configuration of the project's type.
    #[serde(default, skip_serializing_if = "FreeForm::is_empty")]
    pub environment_configs: FreeForm,
}

/// Status of a project release binding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectReleaseBindingStatus {
    /// Generation that was looked at last.
    #[serde(default, skip_serializing_if = "schema::is_zero")]
    pub observed_generation: u64,
    /// `Synced`, `NamespaceReady`, `ResourcesReady`, `Ready`, `Finalizing`.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub conditions: Conditions,
    /// Namespace of the cell in the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

impl ProjectReleaseBinding {
    /// The cells of a project.
    #[must_use]
    pub fn of_project(namespace: &str, project: &str) -> IndexKey {
        IndexKey::new(
            KindName::ProjectReleaseBinding,
            "project",
            &[namespace, project],
        )
    }

    /// The cell of a project in an environment; there should be one.
    #[must_use]
    pub fn of_project_in(namespace: &str, project: &str, environment: &str) -> IndexKey {
        let values = &[namespace, project, environment];
        IndexKey::new(KindName::ProjectReleaseBinding, "project-in", values)
    }

    /// The cells in an environment.
    #[must_use]
    pub fn of_environment(namespace: &str, environment: &str) -> IndexKey {
        IndexKey::new(
            KindName::ProjectReleaseBinding,
            "environment",
            &[namespace, environment],
        )
    }
}

impl Kind for ProjectReleaseBinding {
    const NAME: KindName = KindName::ProjectReleaseBinding;
    const SHORT_NAMES: &'static [(Scope, &'static str)] =
        &[(Scope::Namespaced, "prb"), (Scope::Namespaced, "prbs")];
    const COLUMNS: &'static [Column] = &[
        Column {
            name: "Project",
            path: ".spec.owner.projectName",
        },
        Column {
            name: "Environment",
            path: ".spec.environment",
        },
        Column {
            name: "Release",
            path: ".spec.projectRelease",
        },
        Column {
            name: "Ready",
            path: r#".status.conditions[?(@.type=="Ready")].status"#,
        },
    ];
    const FINALIZER: Option<&'static str> = Some("openchoreo.dev/projectreleasebinding-cleanup");
    type Status = ProjectReleaseBindingStatus;

    /// A manifest that names no release leaves the one that is pinned.
    fn apply_defaults(&mut self, old: Option<&Self>) {
        if self
            .project_release
            .as_deref()
            .unwrap_or_default()
            .is_empty()
        {
            self.project_release = old.and_then(|old| old.project_release.clone());
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
    }

    fn indexes(&self, metadata: &ObjectMeta) -> Vec<IndexKey> {
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        vec![
            Self::of_project(namespace, &self.owner.project_name),
            Self::of_project_in(namespace, &self.owner.project_name, &self.environment),
            Self::of_environment(namespace, &self.environment),
        ]
    }

    fn exports(status: &ProjectReleaseBindingStatus) -> Value {
        json!({"namespace": status.namespace, "ready": status.conditions.is_true("Ready")})
    }
}
