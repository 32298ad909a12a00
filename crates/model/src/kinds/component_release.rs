//! ComponentRelease.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Kind, KindName, kind::NoStatus};

/// Spec of ComponentRelease.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ComponentRelease {}

impl Kind for ComponentRelease {
    const NAME: KindName = KindName::ComponentRelease;
    type Status = NoStatus;
}
