//! ProjectRelease.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Kind, KindName, kind::NoStatus};

/// Spec of ProjectRelease.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProjectRelease {}

impl Kind for ProjectRelease {
    const NAME: KindName = KindName::ProjectRelease;
    type Status = NoStatus;
}
