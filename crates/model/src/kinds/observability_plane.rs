//! ObservabilityPlane.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Kind, KindName, kind::NoStatus};

/// Spec of ObservabilityPlane.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObservabilityPlane {}

impl Kind for ObservabilityPlane {
    const NAME: KindName = KindName::ObservabilityPlane;
    type Status = NoStatus;
}
