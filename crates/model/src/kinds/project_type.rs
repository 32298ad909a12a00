//! ProjectType.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Kind, KindName, kind::NoStatus};

/// Spec of ProjectType.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProjectType {}

impl Kind for ProjectType {
    const NAME: KindName = KindName::ProjectType;
    type Status = NoStatus;
}
