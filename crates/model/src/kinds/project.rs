//! Projects: groups of components, isolated together in a cell per environment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    immutable,
    reference::{PipelineRef, ProjectTypeRef},
    template::FreeForm,
};
use crate::{Conditions, Diagnostics, IndexKey, Kind, KindName, ObjectMeta, Scope, schema};

/// Spec of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Project {
    /// The order in which its releases are promoted.
    pub deployment_pipeline_ref: PipelineRef,
    /// What its cells render to; immutable.
    #[serde(rename = "type")]
    pub project_type: ProjectTypeRef,
    /// Values for the parameters of the type.
    #[serde(default, skip_serializing_if = "FreeForm::is_empty")]
    pub parameters: FreeForm,
}

/// Status of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectStatus {
    /// Generation that was looked at last.
    #[serde(default, skip_serializing_if = "schema::is_zero")]
    pub observed_generation: u64,
    /// `Created`, `Ready`, `Finalizing`.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub conditions: Conditions,
    /// The release that was cut last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_release: Option<LatestProjectRelease>,
}

/// The project release that was cut last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LatestProjectRelease {
    /// Name of the ProjectRelease.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Hash of its content.
    #[schemars(length(min = 1))]
    pub hash: String,
}

impl Project {
    /// The projects that use a pipeline.
    #[must_use]
    pub fn of_pipeline(namespace: &str, pipeline: &str) -> IndexKey {
        IndexKey::new(KindName::Project, "pipeline", &[namespace, pipeline])
    }
}

impl Kind for Project {
    const NAME: KindName = KindName::Project;
    const SHORT_NAMES: &'static [(Scope, &'static str)] =
        &[(Scope::Namespaced, "proj"), (Scope::Namespaced, "projs")];
    const FINALIZER: Option<&'static str> = Some("openchoreo.dev/project-cleanup");
    type Status = ProjectStatus;

    /// The pipeline may be given by its name alone.
    fn modernize(spec: &mut Value) {
        if let Some(pipeline @ Value::String(_)) = spec.get_mut("deploymentPipelineRef") {
            *pipeline = json!({ "name": pipeline.take() });
        }
    }

    fn validate(&self, old: Option<&Self>, _scope: Scope, diagnostics: &mut Diagnostics) {
        immutable::check(
            old.map(|old| &old.project_type),
            &self.project_type,
            "spec.type",
            "spec.type cannot be changed after creation",
            diagnostics,
        );
    }

    fn exports(status: &ProjectStatus) -> Value {
        json!({ "latestRelease": status.latest_release })
    }

    fn indexes(&self, metadata: &ObjectMeta) -> Vec<IndexKey> {
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        vec![Self::of_pipeline(
            namespace,
            &self.deployment_pipeline_ref.name,
        )]
    }
}
