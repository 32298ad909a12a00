//! Checks a tree against a shape: every problem in one go, with its place and what to do about it.
//!
//! As the Kubernetes API server does, a `null` where a value is typed counts as absent, and defaults
//! are filled in where keys are absent. Unlike it, unknown fields are refused: nothing that somebody
//! wrote is dropped without a word.

use std::fmt::Write as _;

use regex::Regex;
use serde_json::{Map, Value};

use super::{
    nearest::nearest,
    shape::{Field, Form, Shape},
};
use crate::Diagnostics;

/// Nobody reads more; the rest shows when these are mended.
const MAX_PROBLEMS: usize = 100;

/// Fills in defaults and reports every problem of `value`, which is at `path`.
pub(crate) fn check(shape: &Shape, value: &mut Value, path: &str, diagnostics: &mut Diagnostics) {
    Walk {
        path: path.to_owned(),
        diagnostics,
        left: MAX_PROBLEMS,
    }
    .place(shape, value);
}

struct Walk<'a> {
    path: String,
    diagnostics: &'a mut Diagnostics,
    left: usize,
}

impl Walk<'_> {
    fn place(&mut self, shape: &Shape, value: &mut Value) {
        if self.left == 0 {
            return;
        }
        match (&shape.form, value) {
            (Form::Any, _) | (Form::Flag, Value::Bool(_)) => {}
            (Form::Whole { min, max }, Value::Number(number)) => match whole(number) {
                Some(whole) => {
                    *number = whole.into();
                    self.range(whole, *min, *max);
                }
                None => self.problem(format!("must be a whole number, not {number}"), None),
            },
            (
                Form::Text {
                    words,
                    pattern,
                    min,
                    max,
                },
                Value::String(text),
            ) => {
                self.text(text, words, pattern.as_ref(), *min, *max);
            }
            (
                Form::List {
                    items,
                    min,
                    max,
                    unique,
                    keys,
                },
                Value::Array(list),
            ) => {
                self.size(list.len(), *min, *max);
                self.list(items, list);
                self.repeats(list, *unique, keys);
            }
            (Form::Map { entries, max }, Value::Object(map)) => {
                self.size(map.len(), 0, *max);
                if !matches!(entries.form, Form::Any) {
                    for (key, entry) in map {
                        self.below(&format!("[{key:?}]"), |walk| walk.place(entries, entry));
                    }
                }
            }
            (Form::Fields(fields), Value::Object(map)) => self.fields(fields, map),
            (form, other) => {
                self.problem(
                    format!("must be {}, not {}", form.noun(), noun(other)),
                    None,
                );
            }
        }
    }

    fn fields(&mut self, fields: &[Field], map: &mut Map<String, Value>) {
        for field in fields {
            if map.get(&field.name).is_some_and(Value::is_null) && !field.shape.is_any() {
                map.remove(&field.name);
            }
            if let (None, Some(default)) = (map.get(&field.name), &field.shape.default) {
                map.insert(field.name.clone(), default.clone());
            }
            match map.get_mut(&field.name) {
                Some(value) => {
                    self.below(&format!(".{}", field.name), |walk| {
                        walk.place(&field.shape, value)
                    });
                }
                None if field.required => {
                    let telling = |meaning: &&String| !meaning.eq_ignore_ascii_case(&field.name);
                    let hint = field.shape.meaning.as_ref().filter(telling).cloned();
                    self.below(&format!(".{}", field.name), |walk| {
                        walk.problem("is required".to_owned(), hint);
                    });
                }
                None => {}
            }
        }
        for name in map.keys() {
            if fields.iter().any(|field| field.name == *name) {
                continue;
            }
            let hint = self.unknown_hint(fields, name);
            self.below(&format!(".{name}"), |walk| {
                walk.problem("unknown field".to_owned(), hint);
            });
        }
    }

    fn unknown_hint(&self, fields: &[Field], name: &str) -> Option<String> {
        let known = || fields.iter().map(|field| field.name.as_str());
        match nearest(name, known()) {
            Some(meant) => Some(format!("did you mean {meant:?}?")),
            None if fields.is_empty() => None,
            None => Some(format!(
                "known here: {}",
                known().collect::<Vec<_>>().join(", ")
            )),
        }
    }

    fn list(&mut self, items: &Shape, list: &mut [Value]) {
        for (index, item) in list.iter_mut().enumerate() {
            self.below(&format!("[{index}]"), |walk| walk.place(items, item));
        }
    }

    fn repeats(&mut self, list: &[Value], unique: bool, keys: &[String]) {
        let same = |left: &Value, right: &Value| match keys {
            [] => unique && left == right,
            keys => keys.iter().all(|key| {
                left.get(key)
                    .is_some_and(|value| right.get(key) == Some(value))
            }),
        };
        if !unique && keys.is_empty() {
            return;
        }
        for (index, item) in list.iter().enumerate() {
            let Some(first) = list[..index].iter().position(|other| same(other, item)) else {
                continue;
            };
            self.below(&format!("[{index}]"), |walk| {
                walk.problem(
                    format!("repeats item {first}"),
                    Some("remove one of them".to_owned()),
                );
            });
        }
    }

    fn text(
        &mut self,
        text: &str,
        words: &[String],
        pattern: Option<&Regex>,
        min: u64,
        max: Option<u64>,
    ) {
        if !words.is_empty() && !words.iter().any(|word| word == text) {
            let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
            let hint = nearest(text, words.iter().map(String::as_str))
                .map(|meant| format!("did you mean {meant:?}?"));
            self.problem(
                format!("{text:?} is not one of {}", quoted.join(", ")),
                hint,
            );
        }
        if u64::try_from(text.len()).is_ok_and(|bytes| bytes < min) && text.is_empty() {
            self.problem("must not be empty".to_owned(), None);
            return;
        }
        let length = text.chars().count() as u64;
        if length < min {
            self.problem(format!("must have at least {min} characters"), None);
        }
        if let Some(max) = max.filter(|max| length > *max) {
            self.problem(
                format!("must have at most {max} characters, and has {length}"),
                None,
            );
        }
        if let Some(pattern) = pattern.filter(|pattern| !pattern.is_match(text)) {
            let pattern = pattern.as_str();
            self.problem(
                format!("{text:?} does not match {pattern}"),
                advice(pattern).map(str::to_owned),
            );
        }
    }

    fn range(&mut self, number: i64, min: Option<i64>, max: Option<i64>) {
        if min.is_some_and(|min| number < min) || max.is_some_and(|max| number > max) {
            let message = match (min, max) {
                (Some(min), Some(max)) => format!("must be between {min} and {max}, not {number}"),
                (Some(min), None) => format!("must be at least {min}, not {number}"),
                (None, Some(max)) => format!("must be at most {max}, not {number}"),
                (None, None) => return,
            };
            self.problem(message, None);
        }
    }

    fn size(&mut self, entries: usize, min: u64, max: Option<u64>) {
        let entries = entries as u64;
        match min {
            1 if entries == 0 => self.problem("must not be empty".to_owned(), None),
            min if entries < min => {
                self.problem(format!("must have at least {min} entries"), None);
            }
            _ => {}
        }
        if let Some(max) = max.filter(|max| entries > *max) {
            self.problem(
                format!("must have at most {max} entries, and has {entries}"),
                None,
            );
        }
    }

    fn below(&mut self, step: &str, look: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        let _ = self.path.write_str(step);
        look(self);
        self.path.truncate(length);
    }

    fn problem(&mut self, message: String, hint: Option<String>) {
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        match hint {
            Some(hint) => self.diagnostics.push_hint(&self.path, message, hint),
            None => self.diagnostics.push(&self.path, message),
        }
    }
}

impl Shape {
    fn is_any(&self) -> bool {
        matches!(self.form, Form::Any)
    }
}

impl Form {
    const fn noun(&self) -> &'static str {
        match self {
            Self::Any => "anything",
            Self::Flag => "true or false",
            Self::Whole { .. } => "a whole number",
            Self::Text { .. } => "a text",
            Self::List { .. } => "a list",
            Self::Map { .. } | Self::Fields(_) => "a map",
        }
    }
}

const fn noun(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// `3.0` is whole, as JSON does not tell it from `3`.
fn whole(number: &serde_json::Number) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    number.as_i64().or_else(|| {
        let float = number.as_f64()?;
        (float.fract() == 0.0 && float.abs() < EXACT).then_some(float as i64)
    })
}

/// What to write where a pattern is asked for.
fn advice(pattern: &str) -> Option<&'static str> {
    use crate::{kinds::reference, kinds::template, kinds::workflow, name};
    const ADVICE: &[(&str, &str)] = &[
        (template::EXPRESSION, "wrap the expression in ${ and }"),
        (
            template::VARIABLE,
            "use letters, digits and '_', and do not begin with a digit",
        ),
        (
            name::LABEL,
            "use lower-case letters, digits and '-', and begin and end with a letter or digit",
        ),
        (
            reference::TYPE_NAME,
            "write WORKLOADTYPE/NAME, as deployment/web-service",
        ),
        (
            workflow::TTL,
            "write days, hours, minutes and seconds in this order, as 1d12h",
        ),
    ];
    // Patterns are compiled with their digits spelled out.
    ADVICE
        .iter()
        .find(|(known, _)| known.replace(r"\d", "[0-9]") == pattern)
        .map(|(_, advice)| *advice)
}
