//! Label selectors, in the language of Kubernetes.

use std::str::FromStr;

use indexmap::IndexMap;
use model::{Code, Coded};

/// What the labels of an object must say. The default asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector(Vec<Requirement>);

/// One demand on the labels of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requirement {
    /// The label has one of these values.
    In(String, Vec<String>),
    /// The label is absent or has none of these values.
    NotIn(String, Vec<String>),
    /// The label is there.
    Exists(String),
    /// The label is not there.
    Absent(String),
}

impl Requirement {
    fn matches(&self, labels: &IndexMap<String, String>) -> bool {
        match self {
            Self::In(label, values) => labels.get(label).is_some_and(|own| values.contains(own)),
            Self::NotIn(label, values) => {
                !labels.get(label).is_some_and(|own| values.contains(own))
            }
            Self::Exists(label) => labels.contains_key(label),
            Self::Absent(label) => !labels.contains_key(label),
        }
    }
}

impl Selector {
    /// A selector that asks for all of these.
    #[must_use]
    pub const fn new(requirements: Vec<Requirement>) -> Self {
        Self(requirements)
    }

    /// Whether it asks for nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether these labels meet every requirement.
    #[must_use]
    pub fn matches(&self, labels: &IndexMap<String, String>) -> bool {
        self.0.iter().all(|requirement| requirement.matches(labels))
    }
}

/// A text is not a label selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a label requirement: write a=b, a!=b, a in (b,c), a notin (b,c), a or !a")]
pub struct ParseSelectorError(String);

impl Coded for ParseSelectorError {
    fn code(&self) -> Code {
        Code::Invalid
    }
}

impl FromStr for Selector {
    type Err = ParseSelectorError;

    fn from_str(text: &str) -> Result<Self, ParseSelectorError> {
        let mut requirements = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let end = end_of_requirement(rest);
            requirements.push(requirement(rest[..end].trim())?);
            rest = rest[end..].trim_start_matches(',').trim();
        }
        Ok(Self(requirements))
    }
}

/// Where the first requirement ends: at a comma outside parentheses.
fn end_of_requirement(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

fn requirement(text: &str) -> Result<Requirement, ParseSelectorError> {
    let error = || ParseSelectorError(text.to_owned());
    let label = |raw: &str| {
        let label = raw.trim();
        let valid = !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte));
        if valid {
            Ok(label.to_owned())
        } else {
            Err(error())
        }
    };
    if let Some(absent) = text.strip_prefix('!').filter(|rest| !rest.contains('=')) {
        return Ok(Requirement::Absent(label(absent)?));
    }
    if let Some((name, value)) = text.split_once("!=") {
        return Ok(Requirement::NotIn(
            label(name)?,
            vec![value.trim().to_owned()],
        ));
    }
    if let Some((name, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return Ok(Requirement::In(label(name)?, vec![value.trim().to_owned()]));
    }
    if let Some(inner) = text.strip_suffix(')') {
        let (head, values) = inner.split_once('(').ok_or_else(error)?;
        let values = values
            .split(',')
            .map(|value| value.trim().to_owned())
            .collect();
        return match head.trim().rsplit_once(char::is_whitespace) {
            Some((name, "in")) => Ok(Requirement::In(label(name)?, values)),
            Some((name, "notin")) => Ok(Requirement::NotIn(label(name)?, values)),
            _ => Err(error()),
        };
    }
    Ok(Requirement::Exists(label(text)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> IndexMap<String, String> {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn selectors_mean_what_kubernetes_means() {
        let own = labels(&[("app", "web"), ("example.dev/tier", "front")]);
        for (text, expected) in [
            ("", true),
            ("app=web", true),
            ("app == web , example.dev/tier=front", true),
            ("app!=web", false),
            ("missing!=web", true),
            ("app in (api, web)", true),
            ("app notin (api,web),app", false),
            ("app,!missing", true),
            ("!app", false),
            ("missing", false),
        ] {
            assert_eq!(
                text.parse::<Selector>().unwrap().matches(&own),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn a_text_that_is_no_selector_is_refused() {
        for text in ["=web", "app in web", "app on (web)", "a b", "!", ",,"] {
            let parsed = text.parse::<Selector>();
            assert!(parsed.is_err() || text == ",,", "{text} gives {parsed:?}");
        }
    }
}
