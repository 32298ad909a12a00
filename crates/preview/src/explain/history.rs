//! The states of an object, read backwards from one value.

use serde_json::Value;

/// A step that changed the value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Change {
    /// Number of the state; `None` for what follows the last one.
    pub(super) step: Option<usize>,
    /// Where the value stood then.
    pub(super) tokens: Vec<String>,
    /// The value after it.
    pub(super) value: Option<Value>,
}

/// Every change of the value that stands at `tokens` of `last`, in order.
pub(super) fn of(states: &[&Value], last: &Value, tokens: &[String]) -> Vec<Change> {
    let mut places = vec![Some(tokens.to_vec())];
    let mut after = last;
    for state in states.iter().rev() {
        let known = places.last().cloned().flatten();
        places.push(known.and_then(|tokens| carry(after, state, &tokens)));
        after = state;
    }
    places.reverse();
    let mut changes = Vec::new();
    let mut before: Option<&Value> = None;
    for (index, place) in places.into_iter().enumerate() {
        let state = states.get(index).copied();
        let found = place
            .as_ref()
            .and_then(|tokens| at(state.unwrap_or(last), tokens));
        if found != before {
            changes.push(Change {
                step: state.map(|_| index),
                tokens: place.unwrap_or_else(|| tokens.to_vec()),
                value: found.cloned(),
            });
        }
        before = found;
    }
    changes
}

/// The value at these tokens.
pub(super) fn at<'a>(root: &'a Value, tokens: &[String]) -> Option<&'a Value> {
    tokens.iter().try_fold(root, |at, token| match at {
        Value::Object(map) => map.get(token),
        Value::Array(items) => items.get(token.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

/// Where what stands at `tokens` of `after` stood before. An item of a list is followed by its name, or
/// else by its value, since patches insert and remove.
fn carry(after: &Value, before: &Value, tokens: &[String]) -> Option<Vec<String>> {
    let Some((first, rest)) = tokens.split_first() else {
        return Some(Vec::new());
    };
    let (token, after, before) = match (after, before) {
        (Value::Array(after), Value::Array(before)) => {
            let index: usize = first.parse().ok()?;
            let Some(item) = after.get(index) else {
                return Some(tokens.to_vec());
            };
            let index = same_item(item, index, before, after.len())?;
            (index.to_string(), item, before.get(index)?)
        }
        (Value::Object(after), Value::Object(before)) => {
            let before = before.get(first)?;
            (first.clone(), after.get(first).unwrap_or(before), before)
        }
        _ => return None,
    };
    let mut carried = vec![token];
    carried.extend(carry(after, before, rest)?);
    Some(carried)
}

fn same_item(item: &Value, index: usize, before: &[Value], length: usize) -> Option<usize> {
    let name = |item: &Value| item.get("name").and_then(Value::as_str).map(str::to_owned);
    if let Some(wanted) = name(item) {
        return before
            .iter()
            .position(|other| name(other).as_ref() == Some(&wanted));
    }
    if before.get(index) == Some(item) || before.len() == length {
        return (index < before.len()).then_some(index);
    }
    before.iter().position(|other| other == item)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tokens(pointer: &str) -> Vec<String> {
        pointer.split('/').skip(1).map(str::to_owned).collect()
    }

    #[test]
    fn an_item_is_followed_by_its_name() {
        let first = json!({"c": [{"name": "a", "v": 1}]});
        let second = json!({"c": [{"name": "z", "v": 0}, {"name": "a", "v": 1}]});
        let last = json!({"c": [{"name": "z", "v": 0}, {"name": "a", "v": 2}]});
        let changes = of(&[&first, &second], &last, &tokens("/c/1/v"));
        let values: Vec<_> = changes.iter().map(|c| (c.step, c.value.clone())).collect();
        assert_eq!(values, [(Some(0), Some(json!(1))), (None, Some(json!(2)))]);
        assert_eq!(changes[0].tokens, tokens("/c/0/v"));
    }

    #[test]
    fn what_was_taken_away_has_a_history() {
        let (first, last) = (json!({"a": {"b": 1}}), json!({"a": {}}));
        let changes = of(&[&first], &last, &tokens("/a/b"));
        assert_eq!(changes.len(), 2);
        assert_eq!(changes[1].value, None);
    }
}
