//! Role bindings: who has which roles, where, and under which conditions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{reference::AuthzRoleRef, text_enum::text_enum};
use crate::{Diagnostics, Kind, KindName, Scope, kind::NoStatus};

/// Spec of a role binding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthzRoleBinding {
    /// Who has the roles.
    pub entitlement: Entitlement,
    /// The roles, and where they count.
    #[schemars(length(min = 1))]
    pub role_mappings: Vec<RoleMapping>,
    /// Whether the actions of the roles are allowed or denied.
    #[serde(default)]
    pub effect: Effect,
}

/// A claim of a token and the value that it must have.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entitlement {
    /// Name of the claim, as `groups` or `sub`.
    pub claim: String,
    /// The value, or one of the values.
    pub value: String,
}

/// A role and where it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoleMapping {
    /// The role.
    pub role_ref: AuthzRoleRef,
    /// The part of the hierarchy; absent: all that the binding can reach.
    #[serde(default, skip_serializing_if = "RoleScope::is_empty")]
    pub scope: RoleScope,
    /// Restrictions on some of the actions. Of those that are about an action, one must hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<AuthzCondition>,
}

/// A part of the hierarchy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoleScope {
    /// A namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// A project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// A component of the project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// A resource of the project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
}

impl RoleScope {
    /// Whether it names no part.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A restriction on some of the actions of a role.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthzCondition {
    /// The actions that it is about, as `releasebinding:create` or `releasebinding:*`.
    #[schemars(length(min = 1))]
    pub actions: Vec<String>,
    /// An expression over attributes, as `resource.environment in ["dev", "staging"]`.
    #[schemars(length(min = 1))]
    pub expression: String,
}

text_enum! {
    /// What a binding does with the actions of its roles.
    #[derive(Default)]
    pub enum Effect {
        /// Allows them.
        #[default]
        Allow = "allow",
        /// Denies them, whatever allows them.
        Deny = "deny",
    }
}

impl Kind for AuthzRoleBinding {
    const NAME: KindName = KindName::AuthzRoleBinding;
    const ONLY_IN_CLUSTER: &'static [&'static str] = &["roleMappings[].scope.namespace"];
    type Status = NoStatus;

    fn validate(&self, _old: Option<&Self>, scope: Scope, diagnostics: &mut Diagnostics) {
        for (index, mapping) in self.role_mappings.iter().enumerate() {
            let path = format!("spec.roleMappings[{index}].scope");
            let parts = &mapping.scope;
            let mut needs =
                |inner: &Option<String>, name: &str, outer: &Option<String>, of: &str| {
                    if inner.is_some() && outer.is_none() {
                        let message = format!("scope.{name} requires scope.{of}");
                        diagnostics.push(format!("{path}.{name}"), message);
                    }
                };
            if scope == Scope::Cluster {
                needs(&parts.project, "project", &parts.namespace, "namespace");
            }
            needs(&parts.component, "component", &parts.project, "project");
            needs(&parts.resource, "resource", &parts.project, "project");
            if parts.component.is_some() && parts.resource.is_some() {
                let message = "scope.component and scope.resource are mutually exclusive";
                diagnostics.push(path, message);
            }
        }
    }
}
