//! What a list may show: places, for the query of a store, and what is left to ask of each object.

use std::collections::BTreeSet;

use crate::{Action, Effect, Policy, ScopePath, Subject};

/// The places in which a subject may do something to every object, to none, or to some.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    allowed: BTreeSet<ScopePath>,
    /// Where some objects are allowed: conditions decide.
    maybe_allowed: BTreeSet<ScopePath>,
    denied: BTreeSet<ScopePath>,
    /// Where some objects are denied.
    maybe_denied: BTreeSet<ScopePath>,
}

impl Policy {
    /// Where `subject` may do `action`.
    #[must_use]
    pub fn reach(&self, subject: &Subject, action: &Action) -> Reach {
        let mut reach = Reach::default();
        for rule in self.rules_of(subject) {
            if !rule.role.actions.matches(action) {
                continue;
            }
            let free = rule.about(action).next().is_none();
            let places = match (rule.effect, free) {
                (Effect::Allow, true) => &mut reach.allowed,
                (Effect::Allow, false) => &mut reach.maybe_allowed,
                (Effect::Deny, true) => &mut reach.denied,
                (Effect::Deny, false) => &mut reach.maybe_denied,
            };
            places.insert(rule.scope.clone());
        }
        reach.settle();
        reach
    }
}

impl Reach {
    /// Drops places that say nothing beside others.
    fn settle(&mut self) {
        let denied = outermost(&self.denied);
        let open = |place: &ScopePath| !lies_in(&denied, place);
        self.allowed = outermost(&self.allowed).into_iter().filter(open).collect();
        self.maybe_allowed.retain(open);
        self.maybe_denied.retain(open);
        self.denied = denied;
    }

    /// Whether nothing at all can be seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.allowed.is_empty() && self.maybe_allowed.is_empty()
    }

    /// The outermost places outside of which nothing can be seen.
    pub fn places(&self) -> impl Iterator<Item = &ScopePath> {
        self.allowed.iter().chain(&self.maybe_allowed)
    }

    /// The places in which nothing can be seen, whatever [`Reach::places`] says.
    pub fn denied(&self) -> impl Iterator<Item = &ScopePath> {
        self.denied.iter()
    }

    /// The namespaces outside of which nothing can be seen; nothing if it may be anywhere.
    #[must_use]
    pub fn namespaces(&self) -> Option<BTreeSet<&str>> {
        self.places()
            .map(|place| Some(place.namespace.as_str()).filter(|name| !name.is_empty()))
            .collect()
    }

    /// Whether every object in a place is allowed.
    #[must_use]
    pub fn is_all_of(&self, path: &ScopePath) -> bool {
        let mut denied = self.denied.iter().chain(&self.maybe_denied);
        lies_in(&self.allowed, path) && !denied.any(|place| place.overlaps(path))
    }

    /// Whether some objects further in than a place are, or may be, denied.
    #[must_use]
    pub fn has_denials_below(&self, path: &ScopePath) -> bool {
        let mut denied = self.denied.iter().chain(&self.maybe_denied);
        denied.any(|place| place != path && path.contains(place))
    }

    /// What the place of an object alone decides; nothing if its attributes must be asked.
    #[must_use]
    pub fn decided(&self, path: &ScopePath) -> Option<bool> {
        if lies_in(&self.denied, path) {
            return Some(false);
        }
        match lies_in(&self.allowed, path) {
            true if lies_in(&self.maybe_denied, path) => None,
            true => Some(true),
            false if lies_in(&self.maybe_allowed, path) => None,
            false => Some(false),
        }
    }
}

fn lies_in(places: &BTreeSet<ScopePath>, path: &ScopePath) -> bool {
    places.iter().any(|place| place.contains(path))
}

/// The places that lie in no other.
fn outermost(places: &BTreeSet<ScopePath>) -> BTreeSet<ScopePath> {
    let inside = |place: &&ScopePath| places.iter().any(|it| it != *place && it.contains(place));
    places
        .iter()
        .filter(|place| !inside(place))
        .cloned()
        .collect()
}
