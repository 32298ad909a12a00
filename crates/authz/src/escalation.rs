//! Nobody can give more than they hold: what a writer of roles and bindings must hold.
//!
//! A write gives in three ways. A binding that allows gives the actions of its role; a role gives the
//! actions that are added to it, to whoever has it now or later; and a denial that is lifted gives
//! what it took. Each must be held by the writer for all of the place and under no narrower
//! conditions. A binding to a role that is not there gives whatever that role will have. Unlike
//! Kubernetes there is no verb that lets somebody pass.

use std::{collections::BTreeSet, fmt};

use model::{
    Envelope, Kind, KindName, ObjectKey,
    kinds::{
        AuthzRole, AuthzRoleBinding,
        authz_role_binding::{AuthzCondition, RoleMapping},
    },
};

use crate::{
    Action, Effect, Policy, ScopePath, Subject,
    pattern::Pattern,
    policy::{self, Rule},
};

/// A write would give what its writer does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this would give what you do not hold yourself: {}", .lacking.join(", "))]
pub struct Escalation {
    /// What the writer lacks, as `component:delete in ns/shop`.
    pub lacking: Vec<String>,
}

/// Most of what is lacking that is named.
const MAX_NAMED: usize = 10;

/// Something that a write gives.
#[derive(Debug)]
struct Gift {
    pattern: Pattern,
    scope: ScopePath,
    conditions: Vec<AuthzCondition>,
}

/// Whether `writer` may turn `old` into `new`; without `new` the object is deleted. Objects other than
/// roles and bindings give nothing.
///
/// # Errors
/// The write gives what the writer does not hold.
pub fn check(
    policy: &Policy,
    writer: &Subject,
    old: Option<&Envelope>,
    new: Option<&Envelope>,
) -> Result<(), Escalation> {
    let Some(key) = new.or(old).map(|object| &object.key) else {
        return Ok(());
    };
    let gifts = if key.kind == KindName::AuthzRole {
        of_role(policy, key, spec(old), spec(new))
    } else if key.kind == KindName::AuthzRoleBinding {
        of_binding(policy, key, spec(old), spec(new))
    } else {
        Vec::new()
    };
    let mut lacking: Vec<String> = Vec::new();
    for gift in &gifts {
        let text = gift.to_string();
        if lacking.len() < MAX_NAMED && !lacking.contains(&text) && !holds(policy, writer, gift) {
            lacking.push(text);
        }
    }
    if lacking.is_empty() {
        Ok(())
    } else {
        Err(Escalation { lacking })
    }
}

fn spec<K: Kind>(object: Option<&Envelope>) -> Option<K> {
    object.and_then(|object| object.spec().ok())
}

/// What is added to a role, and what of it is taken from the denials that name it.
fn of_role(
    policy: &Policy,
    key: &ObjectKey,
    old: Option<AuthzRole>,
    new: Option<AuthzRole>,
) -> Vec<Gift> {
    let patterns = |role: Option<AuthzRole>| -> Vec<Pattern> {
        let actions = role.map(|role| role.actions).unwrap_or_default();
        actions.iter().map(|action| Pattern::new(action)).collect()
    };
    let (old, new) = (patterns(old), patterns(new));
    let beyond = |some: &[Pattern], others: &[Pattern]| -> Vec<Pattern> {
        let covered = |pattern: &Pattern| others.iter().any(|other| other.covers(pattern));
        some.iter()
            .filter(|pattern| !covered(pattern))
            .cloned()
            .collect()
    };
    let home = ScopePath::namespace(key.namespace.as_deref().unwrap_or_default());
    let mut gifts: Vec<_> = beyond(&new, &old)
        .into_iter()
        .map(|pattern| Gift::new(pattern, home.clone()))
        .collect();
    let taken = beyond(&old, &new);
    let denials = policy
        .rules()
        .filter(|rule| rule.effect == Effect::Deny && rule.role.key == *key);
    for rule in denials {
        gifts.extend(
            taken
                .iter()
                .map(|it| Gift::new(it.clone(), rule.scope.clone())),
        );
    }
    gifts
}

/// What the mappings of a binding give that were not there, and what denials that go give back.
fn of_binding(
    policy: &Policy,
    key: &ObjectKey,
    old: Option<AuthzRoleBinding>,
    new: Option<AuthzRoleBinding>,
) -> Vec<Gift> {
    let (old, new) = (old.as_ref(), new.as_ref());
    let mut gifts = Vec::new();
    for mapping in beyond(new, old, Effect::Allow) {
        gifts.extend(of_mapping(policy, key, mapping, Some("*")));
    }
    // A denial also counts where its conditions are broken, so that lifting it may give everything.
    for mapping in beyond(old, new, Effect::Deny) {
        let lifted = of_mapping(policy, key, mapping, None);
        gifts.extend(
            lifted
                .into_iter()
                .map(|gift| Gift::new(gift.pattern, gift.scope)),
        );
    }
    gifts
}

/// The mappings of a binding with this effect that another form of it has not.
fn beyond<'a>(
    some: Option<&'a AuthzRoleBinding>,
    other: Option<&AuthzRoleBinding>,
    effect: Effect,
) -> Vec<&'a RoleMapping> {
    let Some(some) = some.filter(|it| it.effect == effect) else {
        return Vec::new();
    };
    let same = |it: &&AuthzRoleBinding| it.effect == effect && it.entitlement == some.entitlement;
    let kept = other.filter(same).map_or(&[][..], |it| &it.role_mappings);
    let mappings = some.role_mappings.iter();
    mappings.filter(|mapping| !kept.contains(mapping)).collect()
}

/// What a mapping is about. `unknown` stands for the actions of a role that is not there.
fn of_mapping(
    policy: &Policy,
    binding: &ObjectKey,
    mapping: &RoleMapping,
    unknown: Option<&str>,
) -> Vec<Gift> {
    let key = mapping
        .role_ref
        .key(binding.namespace.as_deref().unwrap_or_default());
    let (scope, _) = policy::scope_of(binding, mapping);
    let patterns: Vec<_> = match policy.role(&key) {
        Some(role) => role.actions.iter().cloned().collect(),
        None => unknown.map(Pattern::new).into_iter().collect(),
    };
    let gift = |pattern| Gift {
        conditions: mapping.conditions.clone(),
        ..Gift::new(pattern, scope.clone())
    };
    patterns.into_iter().map(gift).collect()
}

impl Gift {
    const fn new(pattern: Pattern, scope: ScopePath) -> Self {
        Self {
            pattern,
            scope,
            conditions: Vec::new(),
        }
    }

    /// The expressions that restrict an action.
    fn about<'a>(&'a self, action: &'a str) -> impl Iterator<Item = &'a str> {
        let about = |condition: &&AuthzCondition| {
            let mut actions = condition.actions.iter();
            actions.any(|pattern| Pattern::new(pattern).matches(action))
        };
        self.conditions
            .iter()
            .filter(about)
            .map(|it| it.expression.as_str())
    }
}

impl fmt::Display for Gift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.pattern, self.scope)
    }
}

/// Whether a subject holds all of it: one rule gives it, and no denial takes any of it.
fn holds(policy: &Policy, subject: &Subject, gift: &Gift) -> bool {
    let gives = |rule: &Rule| {
        rule.effect == Effect::Allow
            && rule.scope.contains(&gift.scope)
            && rule.role.actions.iter().any(|it| it.covers(&gift.pattern))
            && is_as_wide(rule, gift)
    };
    let takes = |rule: &Rule| {
        rule.effect == Effect::Deny
            && rule.scope.overlaps(&gift.scope)
            && rule
                .role
                .actions
                .iter()
                .any(|it| it.overlaps(&gift.pattern))
    };
    policy.rules_of(subject).any(gives) && !policy.rules_of(subject).any(takes)
}

/// Whether a rule counts wherever the gift does: for each action it has no condition, or the very
/// conditions of the gift. Fewer would not do: one of the others may be broken, and then the rule gives
/// nothing.
fn is_as_wide(rule: &Rule, gift: &Gift) -> bool {
    gift.pattern
        .expand()
        .into_iter()
        .map(Action::named)
        .all(|action| {
            let own: BTreeSet<_> = rule.about(&action).map(|it| it.expression()).collect();
            own.is_empty() || own == gift.about(action.name()).collect()
        })
}
