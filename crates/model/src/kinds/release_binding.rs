//! ReleaseBinding.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Kind, KindName, kind::NoStatus};

/// Spec of ReleaseBinding.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleaseBinding {}

impl Kind for ReleaseBinding {
    const NAME: KindName = KindName::ReleaseBinding;
    type Status = NoStatus;
}
