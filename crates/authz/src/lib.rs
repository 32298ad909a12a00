//! Who may do what. Pure: policy in, decision out; no I/O, no clock, no token.
//!
//! The model is OpenChoreo's (reference 5.2): a subject is a claim and its value, a grant gives
//! actions below a scope, and one denial outweighs any number of allowances. The control plane
//! collects the grants; this crate only decides.

use std::fmt;

use serde::{Deserialize, Serialize};

use model::KindName;

/// Who asks: one of the entitlements that a verified token carries.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Entitlement {
    /// The claim, as `groups` or `sub`.
    pub claim: String,
    /// Its value.
    pub value: String,
}

/// A caller whose token was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Name for the audit log.
    pub name: String,
    /// `user` or `service_account`.
    pub subject_type: String,
    /// What the token says the caller is.
    pub entitlements: Vec<Entitlement>,
}

/// What is done, as `component:view`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Action(String);

/// The verbs that every kind has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Read, list, watch.
    View,
    /// Create.
    Create,
    /// Change.
    Update,
    /// Delete.
    Delete,
}

impl Action {
    /// An action on objects of a kind: `clustertrait:update`.
    #[must_use]
    pub fn on(kind: KindName, scope: model::Scope, verb: Verb) -> Self {
        let verb = match verb {
            Verb::View => "view",
            Verb::Create => "create",
            Verb::Update => "update",
            Verb::Delete => "delete",
        };
        Self(format!(
            "{}:{verb}",
            kind.public_name(scope).to_ascii_lowercase()
        ))
    }

    /// An action by its name, as signals have them: `logs:view`.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where in the hierarchy; an inner part is only meaningful with all outer ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ScopePath {
    /// Namespace; empty for the whole platform.
    #[serde(default)]
    pub namespace: String,
    /// Project.
    #[serde(default)]
    pub project: String,
    /// Component.
    #[serde(default)]
    pub component: String,
}

impl ScopePath {
    /// Whether `inner` lies in this scope.
    #[must_use]
    pub fn contains(&self, inner: &Self) -> bool {
        let part = |own: &str, other: &str| own.is_empty() || own == other;
        part(&self.namespace, &inner.namespace)
            && part(&self.project, &inner.project)
            && part(&self.component, &inner.component)
    }
}

/// Whether a grant gives or takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Gives.
    #[default]
    Allow,
    /// Takes, whatever others give.
    Deny,
}

/// A rule: who has it may do these actions below this scope, or may not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// To whom.
    pub entitlement: Entitlement,
    /// Patterns: `*`, `component:*`, `component:view`.
    pub actions: Vec<String>,
    /// Where.
    #[serde(default)]
    pub scope: ScopePath,
    /// Whether it gives or takes.
    #[serde(default)]
    pub effect: Effect,
}

/// The answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Go ahead.
    Allowed,
    /// A grant with effect deny matches.
    Denied,
    /// No grant matches.
    NotGranted,
}

/// Whether `subject` may do `action` in `scope`.
///
/// Entitlements are looked at one by one, as in the reference: a denial bound to one of them does
/// not take what another gives.
#[must_use]
pub fn decide(grants: &[Grant], subject: &Subject, action: &Action, scope: &ScopePath) -> Decision {
    let mut decision = Decision::NotGranted;
    for entitlement in &subject.entitlements {
        let matching = grants.iter().filter(|grant| {
            grant.entitlement == *entitlement
                && grant.scope.contains(scope)
                && grant
                    .actions
                    .iter()
                    .any(|pattern| matches(pattern, &action.0))
        });
        let (mut allowed, mut denied) = (false, false);
        for grant in matching {
            match grant.effect {
                Effect::Allow => allowed = true,
                Effect::Deny => denied = true,
            }
        }
        if allowed && !denied {
            return Decision::Allowed;
        }
        if denied {
            decision = Decision::Denied;
        }
    }
    decision
}

fn matches(pattern: &str, action: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some("") => true,
        Some(prefix) => prefix.ends_with(':') && action.starts_with(prefix),
        None => pattern == action,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entitlement(value: &str) -> Entitlement {
        Entitlement {
            claim: "groups".to_owned(),
            value: value.to_owned(),
        }
    }

    fn grant(to: &str, action: &str, namespace: &str, effect: Effect) -> Grant {
        Grant {
            entitlement: entitlement(to),
            actions: vec![action.to_owned()],
            scope: ScopePath {
                namespace: namespace.to_owned(),
                ..ScopePath::default()
            },
            effect,
        }
    }

    fn ask(grants: &[Grant], groups: &[&str], action: &str, namespace: &str) -> Decision {
        let subject = Subject {
            name: "ada".to_owned(),
            subject_type: "user".to_owned(),
            entitlements: groups.iter().map(|group| entitlement(group)).collect(),
        };
        let scope = ScopePath {
            namespace: namespace.to_owned(),
            ..ScopePath::default()
        };
        decide(grants, &subject, &Action::named(action), &scope)
    }

    #[test]
    fn a_grant_reaches_below_its_scope_and_no_further() {
        let grants = [grant("devs", "component:*", "shop", Effect::Allow)];
        assert_eq!(
            ask(&grants, &["devs"], "component:view", "shop"),
            Decision::Allowed
        );
        assert_eq!(
            ask(&grants, &["devs"], "component:view", "other"),
            Decision::NotGranted
        );
        assert_eq!(
            ask(&grants, &["devs"], "componenttype:view", "shop"),
            Decision::NotGranted
        );
        assert_eq!(
            ask(&grants, &[], "component:view", "shop"),
            Decision::NotGranted
        );
    }

    #[test]
    fn a_denial_outweighs_allowances_of_the_same_entitlement() {
        let grants = [
            grant("devs", "*", "", Effect::Allow),
            grant("devs", "component:delete", "shop", Effect::Deny),
            grant("admins", "*", "", Effect::Allow),
        ];
        assert_eq!(
            ask(&grants, &["devs"], "component:delete", "shop"),
            Decision::Denied
        );
        assert_eq!(
            ask(&grants, &["devs"], "component:delete", "lab"),
            Decision::Allowed
        );
        assert_eq!(
            ask(&grants, &["devs", "admins"], "component:delete", "shop"),
            Decision::Allowed
        );
    }
}
