//! Validation of values, with the words of the reference.

use std::cell::Cell;

use serde_json::{Map, Value};

use expr::Pattern;

/// Problems that are told of one value.
const MAX_PROBLEMS: usize = 100;

/// What was found, and the work that is left for the whole value.
pub(super) struct Problems<'a> {
    texts: Vec<String>,
    left: &'a Cell<usize>,
}

impl<'a> Problems<'a> {
    pub(super) const fn new(left: &'a Cell<usize>) -> Self {
        Self {
            texts: Vec::new(),
            left,
        }
    }

    pub(super) fn into_texts(self) -> Vec<String> {
        self.texts
    }

    fn push(&mut self, problem: String) {
        if self.texts.len() < MAX_PROBLEMS {
            self.texts.push(problem);
        }
    }

    /// Takes some of the work that is left. Once there is none, that is the last problem.
    fn spend(&mut self, work: usize) -> bool {
        match self.left.get().checked_sub(work) {
            Some(left) => {
                self.left.set(left);
                true
            }
            None => {
                if self.left.replace(0) > 0 || self.texts.is_empty() {
                    self.push("the value is too large to be validated".to_owned());
                }
                false
            }
        }
    }

    /// What another schema finds in the same value, on its own.
    fn apart(&self) -> Problems<'a> {
        Self::new(self.left)
    }
}

/// Work that compiling a pattern counts for, beside its length.
const PATTERN_WORK: usize = 256;

pub(super) fn validate(
    schema: &Value,
    value: &Value,
    path: &str,
    depth: usize,
    problems: &mut Problems<'_>,
) {
    let Some(depth) = depth.checked_sub(1) else {
        problems.push(format!("{} is nested too deep", place(path)));
        return;
    };
    if !problems.spend(1) {
        return;
    }
    if value.is_null() && flag(schema, "nullable") {
        return;
    }
    if let Some(expected) = schema.get("type").and_then(Value::as_str)
        && !is_of(value, expected)
        && !(flag(schema, "x-kubernetes-int-or-string") && (value.is_string() || is_integer(value)))
    {
        let found = type_of(value);
        problems.push(format!(
            "{} must be of type {expected}: \"{found}\"",
            place(path)
        ));
        return;
    }
    if flag(schema, "x-kubernetes-int-or-string") && !value.is_string() && !is_integer(value) {
        let found = type_of(value);
        problems.push(format!(
            "{} must be of type integer,string: \"{found}\"",
            place(path)
        ));
        return;
    }
    if let Some(Value::Array(allowed)) = schema.get("enum")
        && !allowed.iter().any(|other| same(other, value))
    {
        let allowed: Vec<_> = allowed.iter().map(text_of).collect();
        problems.push(format!(
            "{} should be one of [{}]",
            place(path),
            allowed.join(" ")
        ));
    }
    match value {
        Value::Object(map) => object(schema, map, path, depth, problems),
        Value::Array(items) => array(schema, items, path, depth, problems),
        Value::String(text) => string(schema, text, path, problems),
        Value::Number(number) => {
            number_bounds(schema, number.as_f64().unwrap_or_default(), path, problems);
        }
        Value::Null | Value::Bool(_) => {}
    }
    combined(schema, value, path, depth, problems);
}

fn object(
    schema: &Value,
    map: &Map<String, Value>,
    path: &str,
    depth: usize,
    problems: &mut Problems<'_>,
) {
    let mut required: Vec<&str> = list(schema, "required")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    required.sort_unstable();
    for name in required.into_iter().filter(|name| !map.contains_key(*name)) {
        // The reference writes the dot in front of a field of the root as well.
        problems.push(format!("{path}.{name} is required"));
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    let additional = schema.get("additionalProperties");
    for (name, child) in map {
        let path = join(path, name);
        match (
            properties.and_then(|properties| properties.get(name)),
            additional,
        ) {
            (Some(schema), _) => validate(schema, child, &path, depth, problems),
            (None, Some(Value::Bool(false))) => {
                problems.push(format!("{path} is a forbidden property"));
            }
            (None, Some(schema @ Value::Object(_))) => {
                validate(schema, child, &path, depth, problems);
            }
            (None, _) => {}
        }
    }
    count(
        schema,
        ("minProperties", "maxProperties"),
        map.len(),
        "properties",
        path,
        problems,
    );
}

fn array(schema: &Value, items: &[Value], path: &str, depth: usize, problems: &mut Problems<'_>) {
    if let Some(schema) = schema.get("items") {
        for (index, item) in items.iter().enumerate() {
            validate(schema, item, &format!("{path}[{index}]"), depth, problems);
        }
    }
    count(
        schema,
        ("minItems", "maxItems"),
        items.len(),
        "items",
        path,
        problems,
    );
    if flag(schema, "uniqueItems") {
        let mut seen: Vec<String> = items.iter().map(model::canonical::to_string).collect();
        seen.sort_unstable();
        if seen.windows(2).any(|pair| pair[0] == pair[1]) {
            problems.push(format!("{} shouldn't contain duplicates", place(path)));
        }
    }
}

fn string(schema: &Value, text: &str, path: &str, problems: &mut Problems<'_>) {
    let length = text.chars().count();
    count(
        schema,
        ("minLength", "maxLength"),
        length,
        "chars long",
        path,
        problems,
    );
    let Some(text_of_pattern) = schema.get("pattern").and_then(Value::as_str) else {
        return;
    };
    if !problems.spend(PATTERN_WORK + text_of_pattern.len() + text.len() / 16) {
        return;
    }
    match Pattern::parse(text_of_pattern) {
        Some(pattern) if pattern.is_match(text) => {}
        Some(_) => problems.push(format!("{} should match '{text_of_pattern}'", place(path))),
        None => problems.push(format!(
            "{}: pattern {text_of_pattern:?} cannot be used: it is no regular expression, or too large",
            place(path)
        )),
    }
}

fn number_bounds(schema: &Value, number: f64, path: &str, problems: &mut Problems<'_>) {
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    if let Some(minimum) = bound("minimum") {
        let exclusive = flag(schema, "exclusiveMinimum");
        if number < minimum || exclusive && number <= minimum {
            let or_equal = if exclusive { "" } else { " or equal to" };
            problems.push(format!(
                "{} should be greater than{or_equal} {minimum}",
                place(path)
            ));
        }
    }
    if let Some(maximum) = bound("maximum") {
        let exclusive = flag(schema, "exclusiveMaximum");
        if number > maximum || exclusive && number >= maximum {
            let or_equal = if exclusive { "" } else { " or equal to" };
            problems.push(format!(
                "{} should be less than{or_equal} {maximum}",
                place(path)
            ));
        }
    }
    if let Some(step) = bound("multipleOf").filter(|step| *step > 0.0)
        && (number / step).fract() != 0.0
    {
        problems.push(format!("{} should be a multiple of {step}", place(path)));
    }
}

fn count(
    schema: &Value,
    (least, most): (&str, &str),
    found: usize,
    what: &str,
    path: &str,
    problems: &mut Problems<'_>,
) {
    let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
    if let Some(least) = bound(least).filter(|least| (found as u64) < *least) {
        problems.push(format!(
            "{} should have at least {least} {what}",
            place(path)
        ));
    }
    if let Some(most) = bound(most).filter(|most| found as u64 > *most) {
        problems.push(format!("{} should have at most {most} {what}", place(path)));
    }
}

/// `allOf`, `anyOf`, `oneOf` and `not`.
fn combined(schema: &Value, value: &Value, path: &str, depth: usize, problems: &mut Problems<'_>) {
    for part in list(schema, "allOf") {
        validate(part, value, path, depth, problems);
    }
    let matching = |name: &str, problems: &Problems<'_>| {
        let parts = list(schema, name).iter();
        parts
            .filter(|part| {
                let mut found = problems.apart();
                validate(part, value, path, depth, &mut found);
                found.texts.is_empty()
            })
            .count()
    };
    if !list(schema, "anyOf").is_empty() && matching("anyOf", problems) == 0 {
        problems.push(format!(
            "{} must validate at least one schema (anyOf)",
            place(path)
        ));
    }
    if !list(schema, "oneOf").is_empty() && matching("oneOf", problems) != 1 {
        problems.push(format!(
            "{} must validate one and only one schema (oneOf)",
            place(path)
        ));
    }
    if let Some(not) = schema.get("not") {
        let mut found = problems.apart();
        validate(not, value, path, depth, &mut found);
        if found.texts.is_empty() {
            problems.push(format!(
                "{} must not validate the schema (not)",
                place(path)
            ));
        }
    }
}

fn list<'a>(schema: &'a Value, name: &str) -> &'a [Value] {
    schema
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn flag(schema: &Value, name: &str) -> bool {
    schema
        .get(name)
        .and_then(Value::as_bool)
        .unwrap_or_default()
}

fn is_integer(value: &Value) -> bool {
    value.as_f64().is_some_and(|number| number.fract() == 0.0)
}

fn is_of(value: &Value, expected: &str) -> bool {
    match expected {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => is_integer(value),
        _ => true,
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) if is_integer(value) => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn same(left: &Value, right: &Value) -> bool {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => left == right,
        _ => left == right,
    }
}

fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn place(path: &str) -> &str {
    if path.is_empty() { "the value" } else { path }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
