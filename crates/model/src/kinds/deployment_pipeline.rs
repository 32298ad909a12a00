//! DeploymentPipeline.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Kind, KindName, kind::NoStatus};

/// Spec of DeploymentPipeline.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeploymentPipeline {}

impl Kind for DeploymentPipeline {
    const NAME: KindName = KindName::DeploymentPipeline;
    type Status = NoStatus;
}
