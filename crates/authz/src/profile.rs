//! What a subject may do, action by action: what a portal needs to show or hide its buttons.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{Action, Effect, Policy, ScopePath, Subject, policy::Rule};

/// What a subject may do, by action.
pub type Capabilities = BTreeMap<String, Capability>;

/// Where an action is allowed and where it is denied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Capability {
    /// Where it is allowed.
    pub allowed: Vec<Place>,
    /// Where it is denied, whatever is allowed around.
    pub denied: Vec<Place>,
}

/// A place, and what an object must be for it to count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The place: `*` or `ns/NAMESPACE/…`.
    pub path: String,
    /// Absent: every object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constraints: Option<Constraints>,
}

/// Conditions on the attributes of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Constraints {
    /// One of them must hold.
    pub expressions: Vec<String>,
}

/// For each place and effect the expressions of which one must hold; nothing: it always counts.
type Found<'a> = BTreeMap<(&'a ScopePath, Effect), Option<BTreeSet<&'a str>>>;

impl Policy {
    /// What `subject` may do at `scope`, around it and below it.
    #[must_use]
    pub fn profile(&self, subject: &Subject, scope: &ScopePath) -> Capabilities {
        let mut found: BTreeMap<String, Found<'_>> = BTreeMap::new();
        let near = |rule: &&Rule| rule.scope.overlaps(scope);
        for rule in self.rules_of(subject).filter(near) {
            for action in rule
                .role
                .actions
                .iter()
                .flat_map(|pattern| pattern.expand())
            {
                let action = Action::named(action);
                let places = found.entry(action.name().to_owned()).or_default();
                add(places, rule, &action);
            }
        }
        let capability = |(action, places)| (action, Capability::of(places));
        found.into_iter().map(capability).collect()
    }
}

/// Adds a rule. Where one counts for every object, what others ask of objects does not matter.
fn add<'a>(places: &mut Found<'a>, rule: &'a Rule, action: &Action) {
    let about = rule.conditions.iter().filter(|it| it.is_about(action));
    let expressions: BTreeSet<&str> = about.map(|it| it.expression()).collect();
    let known = places
        .entry((&rule.scope, rule.effect))
        .or_insert_with(|| Some(BTreeSet::new()));
    match known {
        Some(known) if !expressions.is_empty() => known.extend(expressions),
        Some(_) => *known = None,
        None => {}
    }
}

impl Capability {
    fn of(places: Found<'_>) -> Self {
        let mut capability = Self::default();
        for ((scope, effect), expressions) in places {
            let constraints = expressions.map(|expressions| Constraints {
                expressions: expressions.into_iter().map(str::to_owned).collect(),
            });
            let place = Place {
                path: scope.to_string(),
                constraints,
            };
            match effect {
                Effect::Allow => capability.allowed.push(place),
                Effect::Deny => capability.denied.push(place),
            }
        }
        capability
    }
}
