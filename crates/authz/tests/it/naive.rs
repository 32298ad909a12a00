//! The reference's engine, written down as it is described (5.2): tuples of text, looked at one by one.

use std::collections::{BTreeMap, BTreeSet};

use authz::Action;
use expr::{Bindings, Environment, Key, Map, Value};

/// A line of the policy: a subject may do what a role may, or may not.
#[derive(Debug, Clone)]
pub(crate) struct Tuple {
    pub(crate) subject: String,
    pub(crate) path: String,
    pub(crate) role: String,
    pub(crate) role_namespace: String,
    pub(crate) denies: bool,
    pub(crate) conditions: Vec<(Vec<String>, String)>,
}

#[derive(Debug, Default)]
pub(crate) struct Naive {
    pub(crate) tuples: Vec<Tuple>,
    /// Role, action, namespace of the role.
    pub(crate) role_actions: Vec<(String, String, String)>,
}

/// A question in text.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) path: &'a str,
    pub(crate) action: &'a str,
    /// Attributes by field.
    pub(crate) context: &'a BTreeMap<String, String>,
}

impl Naive {
    /// For each subject whether something allows and whether something denies.
    fn found(&self, subject: &str, asked: &Asked<'_>) -> (bool, bool) {
        let (mut allowed, mut denied) = (false, false);
        for tuple in self.tuples.iter().filter(|it| it.subject == subject) {
            let role = self.role_actions.iter().any(|(role, action, namespace)| {
                *role == tuple.role
                    && *namespace == tuple.role_namespace
                    && action_match(asked.action, action)
            });
            if role && resource_match(asked.path, &tuple.path) && condition_match(tuple, asked) {
                match tuple.denies {
                    true => denied = true,
                    false => allowed = true,
                }
            }
        }
        (allowed, denied)
    }

    /// As the reference decides: some entitlement is allowed and not denied.
    pub(crate) fn one_by_one(&self, subjects: &[String], asked: &Asked<'_>) -> bool {
        let mut found = subjects.iter().map(|subject| self.found(subject, asked));
        found.any(|(allowed, denied)| allowed && !denied)
    }

    /// Whether any entitlement is denied.
    pub(crate) fn any_denied(&self, subjects: &[String], asked: &Asked<'_>) -> bool {
        subjects.iter().any(|subject| self.found(subject, asked).1)
    }

    /// As we decide: some entitlement is allowed, and none is denied.
    pub(crate) fn denial_wins(&self, subjects: &[String], asked: &Asked<'_>) -> bool {
        let allowed = subjects.iter().any(|subject| self.found(subject, asked).0);
        allowed && !self.any_denied(subjects, asked)
    }
}

fn resource_match(request: &str, policy: &str) -> bool {
    policy == "*" || request == policy || request.starts_with(&format!("{policy}/"))
}

fn action_match(request: &str, role: &str) -> bool {
    if role == "*" || role == request {
        return true;
    }
    role.strip_suffix('*').is_some_and(|prefix| {
        prefix.ends_with(':') && request.len() > prefix.len() && request.starts_with(prefix)
    })
}

fn condition_match(tuple: &Tuple, asked: &Asked<'_>) -> bool {
    let about = tuple.conditions.iter().filter(|(actions, _)| {
        actions
            .iter()
            .any(|pattern| action_match(asked.action, pattern))
    });
    let results: BTreeSet<Option<bool>> = about
        .map(|(_, expression)| evaluate(expression, asked))
        .collect();
    if results.contains(&None) {
        return tuple.denies;
    }
    results.is_empty() || results.contains(&Some(true))
}

/// What an expression says; nothing if it cannot be evaluated.
fn evaluate(expression: &str, asked: &Asked<'_>) -> Option<bool> {
    let program = Environment::default().compile(expression).ok()?;
    let attributes = Action::named(asked.action).attributes().iter();
    let fields: Map = attributes
        .map(|attribute| {
            let value = asked.context.get(attribute.field()).cloned();
            (
                Key::string(attribute.field()),
                Value::from(value.unwrap_or_default()),
            )
        })
        .collect();
    let bindings = match Action::named(asked.action).attributes().is_empty() {
        true => Bindings::new(),
        false => Bindings::new().with("resource", Value::map(fields)),
    };
    match program.evaluate(&bindings) {
        Ok(Value::Bool(answer)) => Some(answer),
        Ok(_) | Err(_) => None,
    }
}
