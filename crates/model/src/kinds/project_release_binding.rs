//! ProjectReleaseBinding.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Kind, KindName, kind::NoStatus};

/// Spec of ProjectReleaseBinding.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProjectReleaseBinding {}

impl Kind for ProjectReleaseBinding {
    const NAME: KindName = KindName::ProjectReleaseBinding;
    type Status = NoStatus;
}
