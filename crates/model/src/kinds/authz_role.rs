//! Roles: names for sets of actions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Kind, KindName, kind::NoStatus};

/// Spec of a role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthzRole {
    /// What the role may do: actions as `component:view`, `component:*`, `*`. They are not checked
    /// against the known ones, since other programs have actions of their own.
    #[schemars(length(min = 1))]
    pub actions: Vec<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl Kind for AuthzRole {
    const NAME: KindName = KindName::AuthzRole;
    type Status = NoStatus;
}
