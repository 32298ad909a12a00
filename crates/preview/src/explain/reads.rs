//! Which variables a template text reads, and their values.

use serde_json::Value;

use compile::template::{Context, find_expressions};

/// A variable as an expression reads it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    /// Names on the way, the variable first.
    pub(super) path: Vec<String>,
    /// Its value; absent if it is not set.
    pub(super) value: Option<Value>,
}

/// The variables of a text, each once, in order of appearance.
pub(super) fn of(text: &str, context: &Context) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for expression in find_expressions(text).unwrap_or_default() {
        for path in paths(expression.source) {
            let Some(root) = path.first().and_then(|root| context.find(root)) else {
                continue;
            };
            if found.iter().any(|known| known.path == path) {
                continue;
            }
            let root = root.to_json().unwrap_or_default();
            let value = path[1..]
                .iter()
                .try_fold(&root, |at, key| at.get(key))
                .cloned();
            found.push(Found { path, value });
        }
    }
    found
}

/// Every chain of names in an expression that does not follow another, without the name of a method.
fn paths(source: &str) -> Vec<Vec<String>> {
    let characters: Vec<char> = source.chars().collect();
    let mut paths = Vec::new();
    let mut at = 0;
    while let Some(c) = characters.get(at).copied() {
        if c == '"' || c == '\'' {
            at = after_quotes(&characters, at);
        } else if is_first(c) {
            let follows = at > 0 && characters[at - 1] == '.';
            let (path, end) = chain(&characters, at);
            if !follows && !path.is_empty() {
                paths.push(path);
            }
            at = end;
        } else if c.is_ascii_digit() {
            at = end_of_word(&characters, at);
        } else {
            at += 1;
        }
    }
    paths
}

/// The names from here on, as `a.b.?c`, and where they end.
fn chain(characters: &[char], start: usize) -> (Vec<String>, usize) {
    let mut path = Vec::new();
    let mut at = start;
    loop {
        let end = end_of_word(characters, at);
        if characters.get(end) == Some(&'(') {
            // The name of a function or method is no variable.
            return (path, end);
        }
        path.push(characters[at..end].iter().collect());
        let mut next = end;
        if characters.get(next) != Some(&'.') {
            return (path, end);
        }
        next += 1;
        if characters.get(next) == Some(&'?') {
            next += 1;
        }
        if !characters.get(next).copied().is_some_and(is_first) {
            return (path, end);
        }
        at = next;
    }
}

fn after_quotes(characters: &[char], start: usize) -> usize {
    let quote = characters[start];
    let mut at = start + 1;
    while let Some(c) = characters.get(at).copied() {
        at += 1;
        if c == '\\' {
            at += 1;
        } else if c == quote {
            break;
        }
    }
    at
}

fn end_of_word(characters: &[char], start: usize) -> usize {
    let word = characters[start..].iter();
    start
        + word
            .take_while(|c| c.is_alphanumeric() || **c == '_')
            .count()
}

fn is_first(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn variables_are_told_from_methods_texts_and_loop_variables() {
        let variables = json!({"parameters": {"a": {"b": 1}}, "metadata": {"name": "m"}});
        let context = Context::from_json(variables.as_object().unwrap());
        let text = "${has(parameters.a.c) ? 'metadata.name' : parameters.a.?b.orValue(x.y)}-${metadata.name.size()}";
        let found: Vec<_> = of(text, &context)
            .into_iter()
            .map(|found| (found.path.join("."), found.value))
            .collect();
        assert_eq!(
            found,
            [
                ("parameters.a.c".to_owned(), None),
                ("parameters.a.b".to_owned(), Some(json!(1))),
                ("metadata.name".to_owned(), Some(json!("m"))),
            ]
        );
    }
}
