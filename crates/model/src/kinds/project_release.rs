//! Project releases: frozen copies of a project's type and parameters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ProjectType, immutable,
    owner::ProjectOwner,
    reference::ProjectTypeKind,
    template::{self, FreeForm},
};
use crate::{Column, Diagnostics, IndexKey, Kind, KindName, ObjectMeta, Scope, kind::NoStatus};

/// Spec of a project release; immutable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProjectRelease {
    /// The project.
    pub owner: ProjectOwner,
    /// Its type, as it was.
    pub project_type: ProjectTypeSnapshot,
    /// Its parameters, as they were.
    #[serde(default, skip_serializing_if = "FreeForm::is_empty")]
    pub parameters: FreeForm,
}

/// A project type as it was when a release was cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProjectTypeSnapshot {
    /// Kind of the project type.
    pub kind: ProjectTypeKind,
    /// Name of the project type.
    #[schemars(length(min = 1))]
    pub name: String,
    /// What it said.
    pub spec: ProjectType,
}

impl ProjectRelease {
    /// The releases of a project.
    #[must_use]
    pub fn of_project(namespace: &str, project: &str) -> IndexKey {
        IndexKey::new(KindName::ProjectRelease, "project", &[namespace, project])
    }
}

impl Kind for ProjectRelease {
    const NAME: KindName = KindName::ProjectRelease;
    const COLUMNS: &'static [Column] = &[Column {
        name: "Project",
        path: ".spec.owner.projectName",
    }];
    type Status = NoStatus;

    fn validate(&self, old: Option<&Self>, _scope: Scope, diagnostics: &mut Diagnostics) {
        let rule = "ProjectRelease spec is immutable";
        immutable::check(old, self, "spec", rule, diagnostics);
        let resources = &self.project_type.spec.resources;
        template::check_templates(resources, "spec.projectType.spec", diagnostics);
    }

    fn indexes(&self, metadata: &ObjectMeta) -> Vec<IndexKey> {
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        vec![Self::of_project(namespace, &self.owner.project_name)]
    }
}
