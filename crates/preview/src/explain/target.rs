//! What is asked about: `Kind/name:/json/pointer`, or `Kind:a.b[0].c`.

use std::{fmt, str::FromStr};

use serde_json::Value;

use compile::object;
use model::label;

use super::history;
use crate::workspace::Unit;

/// A value of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    kind: String,
    name: Option<String>,
    tokens: Vec<String>,
}

/// Nothing can be explained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The text names no value.
    #[error(
        "{0:?} names no value: write Kind/name:/path/to/value, or Kind:path.to.value, as Deployment:spec.replicas"
    )]
    Malformed(String),
    /// No object, or several, are meant.
    #[error("{what}: {known}")]
    Object {
        /// What is wrong.
        what: String,
        /// The objects that there are.
        known: String,
    },
    /// The object has nothing there, and never had.
    #[error("{object} has nothing at {pointer}; {known}")]
    Nothing {
        /// The object.
        object: String,
        /// Where.
        pointer: String,
        /// What there is.
        known: String,
    },
    /// The unit does not render.
    #[error("{0}")]
    Broken(String),
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let malformed = || TargetError::Malformed(text.to_owned());
        let (object, path) = text.split_once(':').ok_or_else(malformed)?;
        let (kind, name) = match object.split_once('/') {
            Some((kind, name)) => (kind, Some(name.to_owned()).filter(|name| !name.is_empty())),
            None => (object, None),
        };
        if kind.is_empty() {
            return Err(malformed());
        }
        let tokens = match path.strip_prefix('/') {
            Some(rest) => (rest.split('/'))
                .map(|step| step.replace("~1", "/").replace("~0", "~"))
                .collect(),
            None => dotted(path).ok_or_else(malformed)?,
        };
        Ok(Self {
            kind: kind.to_owned(),
            name,
            tokens,
        })
    }
}

/// `a.b[0].c["d.e"]`.
fn dotted(path: &str) -> Option<Vec<String>> {
    let mut tokens = Vec::new();
    let mut rest = path.trim_start_matches('.');
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let (token, after) = inner.split_once(']')?;
            tokens.push(token.trim_matches(['"', '\'']).to_owned());
            rest = after.strip_prefix('.').unwrap_or(after);
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            tokens.push(rest[..end].to_owned());
            rest = &rest[end..];
            rest = rest.strip_prefix('.').unwrap_or(rest);
        }
    }
    Some(tokens)
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if let Some(name) = &self.name {
            write!(f, "/{name}")?;
        }
        write!(f, ":{}", pointer(&self.tokens))
    }
}

/// A JSON pointer.
pub(super) fn pointer(tokens: &[String]) -> String {
    let mut pointer = String::new();
    for token in tokens {
        pointer.push('/');
        pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
    }
    pointer
}

/// The object that is meant, and its unit.
///
/// # Errors
/// There is none, or there are several; those that there are, are named.
pub fn find<'a>(units: &'a [Unit], target: &Target) -> Result<(&'a Unit, &'a Value), TargetError> {
    let all = units
        .iter()
        .flat_map(|unit| unit.objects.iter().map(move |object| (unit, object)));
    let of_kind: Vec<_> = all
        .clone()
        .filter(|(_, object)| object::kind(*object).eq_ignore_ascii_case(&target.kind))
        .collect();
    let named = |object: &Value| {
        let label = |name| object::text(object, &["metadata", "labels", name]);
        let owner = match label(label::COMPONENT) {
            "" => label(label::PROJECT),
            component => component,
        };
        target
            .name
            .as_deref()
            .is_none_or(|name| name == object::name(object) || name == owner)
    };
    let meant: Vec<_> = (of_kind.iter())
        .filter(|(_, object)| named(object))
        .copied()
        .collect();
    let titles = |objects: &[(&Unit, &Value)]| {
        let titles = objects.iter().map(|(_, object)| object::title(*object));
        titles.collect::<Vec<_>>().join(", ")
    };
    let asked = match &target.name {
        Some(name) => format!("{}/{name}", target.kind),
        None => target.kind.clone(),
    };
    match (&*meant, &*of_kind) {
        ([one], _) => Ok(*one),
        ([], []) => Err(TargetError::Object {
            what: format!("there is no {asked}"),
            known: titles(&all.collect::<Vec<_>>()),
        }),
        ([], others) => Err(TargetError::Object {
            what: format!("there is no {asked}"),
            known: titles(others),
        }),
        (several, _) => Err(TargetError::Object {
            what: format!("{asked} is one of several; name it, or the component with --component"),
            known: titles(several),
        }),
    }
}

impl Target {
    /// The tokens with names of list items turned into their numbers, in the object or the latest of its
    /// states that has something there.
    pub(super) fn resolve(
        &self,
        object: &Value,
        states: &[&Value],
    ) -> Result<Vec<String>, TargetError> {
        let candidates = std::iter::once(object).chain(states.iter().rev().copied());
        for state in candidates {
            let tokens = numbered(state, &self.tokens);
            if history::at(state, &tokens).is_some() {
                return Ok(tokens);
            }
        }
        let deepest = (0..self.tokens.len())
            .rev()
            .map(|length| numbered(object, &self.tokens[..length]))
            .find(|tokens| history::at(object, tokens).is_some())
            .unwrap_or_default();
        let there = match history::at(object, &deepest) {
            Some(Value::Object(map)) => map.keys().cloned().collect::<Vec<_>>().join(", "),
            Some(Value::Array(items)) => format!("{} items", items.len()),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        let at = match &*pointer(&deepest) {
            "" => "it".to_owned(),
            pointer => pointer.to_owned(),
        };
        Err(TargetError::Nothing {
            object: object::title(object),
            pointer: pointer(&self.tokens),
            known: format!("{at} has {there}"),
        })
    }
}

fn numbered(root: &Value, tokens: &[String]) -> Vec<String> {
    let mut at = Some(root);
    let mut numbered = Vec::with_capacity(tokens.len());
    for token in tokens {
        let mut token = token.clone();
        if let Some(Value::Array(items)) = at
            && token.parse::<usize>().is_err()
            && let Some(index) = items
                .iter()
                .position(|item| item.get("name").and_then(Value::as_str) == Some(&*token))
        {
            token = index.to_string();
        }
        at = at.and_then(|at| history::at(at, std::slice::from_ref(&token)));
        numbered.push(token);
    }
    numbered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_named_by_pointer_or_by_path() {
        let pointer: Target = "Deployment/a:/spec/x~1y/0".parse().unwrap();
        let path: Target = r#"Deployment/a:spec["x/y"][0]"#.parse().unwrap();
        assert_eq!(pointer, path);
        assert_eq!(pointer.to_string(), "Deployment/a:/spec/x~1y/0");
        assert!("spec.replicas".parse::<Target>().is_err());
    }
}
