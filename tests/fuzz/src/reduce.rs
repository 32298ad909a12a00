//! Making an input smaller that fails: what can be left out is left out.

use anyhow::Result;
use serde_json::Value;

/// What became of a smaller input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Fails,
    Passes,
    /// It was not tried, and no other shall be.
    Enough,
}

type Attempt<'a> = dyn FnMut(&str) -> Result<Verdict> + 'a;

/// The smallest input found on which `attempt` still fails.
///
/// # Errors
/// An input could not be tried.
pub(crate) fn reduce(input: &str, attempt: &mut Attempt<'_>) -> Result<String> {
    let mut small = input.to_owned();
    if let Ok(document) = serde_json::from_str::<Value>(input)
        && (document.is_object() || document.is_array())
    {
        small = parts(document, input, attempt)?;
    }
    chunks(small, attempt)
}

/// Leaves out entries and items of JSON, the outer ones first.
fn parts(mut document: Value, input: &str, attempt: &mut Attempt<'_>) -> Result<String> {
    let (mut small, mut at) = (input.to_owned(), 0);
    loop {
        let mut smaller = document.clone();
        let mut left = at;
        if !remove(&mut smaller, &mut left) {
            return Ok(small);
        }
        let text = smaller.to_string();
        match attempt(&text)? {
            Verdict::Fails => (document, small) = (smaller, text),
            Verdict::Passes => at += 1,
            Verdict::Enough => return Ok(small),
        }
    }
}

/// Removes the part of this number, and says whether there is one. Numbers go from the outside to the inside.
fn remove(value: &mut Value, number: &mut usize) -> bool {
    let mut level = vec![value];
    while !level.is_empty() {
        let mut below = Vec::new();
        for value in level {
            match value {
                Value::Object(map) if *number < map.len() => {
                    let key = map.keys().nth(*number).cloned();
                    key.map(|key| map.remove(&key));
                    return true;
                }
                Value::Array(items) if *number < items.len() => {
                    items.remove(*number);
                    return true;
                }
                Value::Object(map) => {
                    *number -= map.len();
                    below.extend(map.values_mut());
                }
                Value::Array(items) => {
                    *number -= items.len();
                    below.extend(items.iter_mut());
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        level = below;
    }
    false
}

/// Leaves out characters, many at once at first.
fn chunks(input: String, attempt: &mut Attempt<'_>) -> Result<String> {
    let mut small: Vec<char> = input.chars().collect();
    let mut size = small.len().div_ceil(2);
    while size > 0 {
        let (mut at, mut removed) = (0, false);
        while at < small.len() {
            let end = (at + size).min(small.len());
            let text: String = small[..at].iter().chain(&small[end..]).collect();
            match attempt(&text)? {
                Verdict::Fails => {
                    drop(small.drain(at..end));
                    removed = true;
                }
                Verdict::Passes => at += size,
                Verdict::Enough => return Ok(small.into_iter().collect()),
            }
        }
        if !removed {
            size /= 2;
        }
    }
    Ok(small.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reduced(input: &str, fails: impl Fn(&str) -> bool) -> String {
        let verdict = |candidate: &str| match fails(candidate) {
            true => Ok(Verdict::Fails),
            false => Ok(Verdict::Passes),
        };
        reduce(input, &mut { verdict }).unwrap()
    }

    #[test]
    fn what_does_not_matter_is_left_out() {
        let found = "some (long) é text with a <fault> in it";
        assert_eq!(reduced(found, |text| text.contains("ult")), "ult");
        let both = reduced(found, |text| text.contains('é') && text.contains('<'));
        assert_eq!(both, "é<");
        assert_eq!(reduced(found, |text| text == found), found);
    }

    #[test]
    fn json_stays_json_where_it_must() {
        let found = r#"{"a":[1,{"b":"fault","c":2}],"d":{"e":3}}"#;
        let fault = |text: &str| {
            serde_json::from_str::<Value>(text).is_ok_and(|value| value["a"].is_array())
                && text.contains("fault")
        };
        assert_eq!(reduced(found, fault), r#"{"a":[{"":"fault"}]}"#);
    }

    #[test]
    fn it_stops_when_time_is_up() {
        let mut attempts = 0;
        let mut enough = |_: &str| {
            attempts += 1;
            Ok(Verdict::Enough)
        };
        assert_eq!(reduce("abc", &mut enough).unwrap(), "abc");
        assert_eq!(attempts, 1);
    }
}
