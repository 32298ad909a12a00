//! DataPlane.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Kind, KindName, kind::NoStatus};

/// Spec of DataPlane.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DataPlane {}

impl Kind for DataPlane {
    const NAME: KindName = KindName::DataPlane;
    type Status = NoStatus;
}
