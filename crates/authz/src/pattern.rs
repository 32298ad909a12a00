//! Patterns of actions: `component:view`, `component:*`, `*`.

use std::fmt;

use crate::actions::{self, Action};

/// A pattern of actions.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern(Box<str>);

impl Pattern {
    /// The pattern that a text is. Every text is one; most match only themselves.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an action of this name is meant.
    #[must_use]
    pub fn matches(&self, action: &str) -> bool {
        match self.prefix() {
            Some(prefix) => {
                action.len() > prefix.len() && action.starts_with(prefix) || prefix.is_empty()
            }
            None => &*self.0 == action,
        }
    }

    /// Whether every action that `other` means is meant.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        // A pattern is also a name: the wildcard of a resource begins like its actions.
        self == other || self.matches(&other.0)
    }

    /// Whether some action may be meant by both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.covers(other) || other.covers(self)
    }

    /// The known actions that are meant, in the order of the catalogue.
    pub fn known(&self) -> impl Iterator<Item = &'static actions::Known> {
        actions::catalogue()
            .iter()
            .filter(|known| self.matches(&known.name))
    }

    /// The actions that are meant, as far as they can be named: the known ones, or the one that the
    /// pattern itself is.
    #[must_use]
    pub fn expand(&self) -> Vec<&str> {
        match self.prefix() {
            Some(_) => self.known().map(|known| known.name.as_str()).collect(),
            None => vec![self.as_str()],
        }
    }

    /// What the names of a wildcard's actions begin with.
    fn prefix(&self) -> Option<&str> {
        match &*self.0 {
            "*" => Some(""),
            text => text.strip_suffix('*').filter(|rest| rest.ends_with(':')),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Several patterns, looked up by the number of a known action.
#[derive(Debug, Clone)]
pub(crate) struct Patterns {
    texts: Vec<Pattern>,
    /// For each action of the catalogue, whether it is meant.
    known: Box<[bool]>,
}

impl Patterns {
    pub(crate) fn new<'a>(texts: impl IntoIterator<Item = &'a String>) -> Self {
        let texts: Vec<_> = texts.into_iter().map(|text| Pattern::new(text)).collect();
        let means = |known: &actions::Known| texts.iter().any(|it| it.matches(&known.name));
        let known = actions::catalogue().iter().map(means).collect();
        Self { texts, known }
    }

    pub(crate) fn matches(&self, action: &Action) -> bool {
        match action.number() {
            Some(number) => self.known.get(number).copied().unwrap_or_default(),
            None => self.texts.iter().any(|text| text.matches(action.name())),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Pattern> {
        self.texts.iter()
    }
}

impl PartialEq for Patterns {
    fn eq(&self, other: &Self) -> bool {
        self.texts == other.texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text)
    }

    #[test]
    fn a_wildcard_stands_for_verbs_of_one_resource() {
        assert!(pattern("component:*").matches("component:view"));
        assert!(!pattern("component:*").matches("componenttype:view"));
        assert!(!pattern("component:*").matches("component:"));
        assert!(!pattern("component*").matches("component:view"));
        assert!(pattern("*").matches("anything"));
        assert!(pattern("portal-assistant:invoke").matches("portal-assistant:invoke"));
    }

    #[test]
    fn a_wildcard_is_more_than_all_known_verbs() {
        assert!(pattern("*").covers(&pattern("component:*")));
        assert!(pattern("component:*").covers(&pattern("component:view")));
        assert!(pattern("component:*").covers(&pattern("component:*")));
        assert!(!pattern("component:view").covers(&pattern("component:*")));
        assert!(!pattern("component:*").covers(&pattern("*")));
        assert!(pattern("component:view").overlaps(&pattern("component:*")));
        assert!(!pattern("component:view").overlaps(&pattern("component:delete")));
    }
}
