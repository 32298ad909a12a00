//! Workload.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Kind, KindName, kind::NoStatus};

/// Spec of Workload.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Workload {}

impl Kind for Workload {
    const NAME: KindName = KindName::Workload;
    type Status = NoStatus;
}
