//! The decision: may this subject do this here?
//!
//! A denial that reaches the subject through any of its entitlements wins. OpenChoreo looks at
//! entitlements one by one, so that a denial of one group does not take what another gives.

use model::ObjectKey;

use crate::{Action, Attributes, Effect, Entitlement, Policy, ScopePath, Subject, policy::Rule};

/// The answer to a question, with what it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision<'a> {
    /// Go ahead.
    Allowed(Ground<'a>),
    /// A binding denies it.
    Denied(Ground<'a>),
    /// No binding allows it.
    NotGranted,
}

/// What a decision rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ground<'a> {
    /// The entitlement of the subject that was found.
    pub entitlement: &'a Entitlement,
    /// The binding that was found for it.
    pub binding: &'a ObjectKey,
    /// The role of the binding that has the action.
    pub role: &'a ObjectKey,
}

impl Decision<'_> {
    /// Whether the subject may.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed(_))
    }
}

impl Policy {
    /// Whether `subject` may do `action` at `path`, to an object with these attributes.
    #[must_use]
    pub fn decide<'a>(
        &'a self,
        subject: &'a Subject,
        action: &Action,
        path: &ScopePath,
        attributes: &Attributes,
    ) -> Decision<'a> {
        let mut decision = Decision::NotGranted;
        for entitlement in &subject.entitlements {
            for rule in self.rules_at(entitlement, path) {
                if !rule.counts(action, attributes) {
                    continue;
                }
                match rule.effect {
                    Effect::Deny => return Decision::Denied(Ground::of(entitlement, rule)),
                    Effect::Allow if decision == Decision::NotGranted => {
                        decision = Decision::Allowed(Ground::of(entitlement, rule));
                    }
                    Effect::Allow => {}
                }
            }
        }
        decision
    }
}

impl<'a> Ground<'a> {
    fn of(entitlement: &'a Entitlement, rule: &'a Rule) -> Self {
        Self {
            entitlement,
            binding: &rule.binding,
            role: &rule.role.key,
        }
    }
}
