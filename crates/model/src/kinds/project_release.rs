//! Project releases: frozen copies of a project's type and parameters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ProjectType, owner::ProjectOwner, reference::ProjectTypeKind, template::FreeForm};
use crate::{Column, Kind, KindName, kind::NoStatus};

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

impl Kind for ProjectRelease {
    const NAME: KindName = KindName::ProjectRelease;
    const COLUMNS: &'static [Column] =
        &[Column { name: "Project", path: ".spec.owner.projectName" }];
    type Status = NoStatus;
}
