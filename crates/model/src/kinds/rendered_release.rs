//! RenderedRelease.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Kind, KindName, kind::NoStatus};

/// Spec of RenderedRelease.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RenderedRelease {}

impl Kind for RenderedRelease {
    const NAME: KindName = KindName::RenderedRelease;
    type Status = NoStatus;
}
