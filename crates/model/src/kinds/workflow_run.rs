//! WorkflowRun.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Kind, KindName, kind::NoStatus};

/// Spec of WorkflowRun.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkflowRun {}

impl Kind for WorkflowRun {
    const NAME: KindName = KindName::WorkflowRun;
    type Status = NoStatus;
}
