//! WorkflowPlane.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Kind, KindName, kind::NoStatus};

/// Spec of WorkflowPlane.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkflowPlane {}

impl Kind for WorkflowPlane {
    const NAME: KindName = KindName::WorkflowPlane;
    type Status = NoStatus;
}
