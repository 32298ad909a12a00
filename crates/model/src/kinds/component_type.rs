//! ComponentType.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Kind, KindName, kind::NoStatus};

/// Spec of ComponentType.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ComponentType {}

impl Kind for ComponentType {
    const NAME: KindName = KindName::ComponentType;
    type Status = NoStatus;
}
