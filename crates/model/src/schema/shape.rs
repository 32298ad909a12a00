//! A structural schema made ready for checking: patterns compiled, constraints typed.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use regex::Regex;
use serde_json::{Map, Value};

use crate::{Kind, KindName, Scope};

/// What a place in a document may hold.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(super) form: Form,
    /// Filled in where the key is absent.
    pub(super) default: Option<Value>,
    /// What the field is, for people: the first sentence of its documentation.
    pub(super) meaning: Option<String>,
}

/// The type of a place and its constraints.
#[derive(Debug)]
pub(super) enum Form {
    /// Anything.
    Any,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Whole { min: Option<i64>, max: Option<i64> },
    /// A text; lengths in characters.
    Text {
        words: Vec<String>,
        pattern: Option<Regex>,
        min: u64,
        max: Option<u64>,
    },
    /// A list.
    List {
        items: Box<Shape>,
        min: u64,
        max: Option<u64>,
        /// No two items are equal.
        unique: bool,
        /// No two items agree in these fields.
        keys: Vec<String>,
    },
    /// A map of things that are all alike.
    Map {
        entries: Box<Shape>,
        max: Option<u64>,
    },
    /// A map with these fields and no others.
    Fields(Vec<Field>),
}

/// A field of a map.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) shape: Shape,
}

/// The shape of the spec of kind `K` in `scope`; made once.
pub(crate) fn of<K: Kind>(scope: Scope) -> Arc<Shape> {
    static SHAPES: Mutex<BTreeMap<(KindName, Scope), Arc<Shape>>> = Mutex::new(BTreeMap::new());
    let mut shapes = SHAPES.lock().unwrap_or_else(PoisonError::into_inner);
    let shape = shapes
        .entry((K::NAME, scope))
        .or_insert_with(|| Arc::new(Shape::compile(&super::spec::<K>(scope))));
    Arc::clone(shape)
}

impl Shape {
    /// Compiles a structural schema. What it does not know it takes for [`Form::Any`], which the
    /// typed decoding that follows refuses.
    pub(super) fn compile(schema: &Value) -> Self {
        let empty = Map::new();
        let map = schema.as_object().unwrap_or(&empty);
        let number = |key: &str| map.get(key).and_then(Value::as_u64);
        let form = match map.get("type").and_then(Value::as_str) {
            Some("boolean") => Form::Flag,
            Some("integer") => Form::Whole {
                min: map.get("minimum").and_then(Value::as_i64),
                max: map.get("maximum").and_then(Value::as_i64),
            },
            Some("string") => Form::Text {
                words: texts(map.get("enum")),
                pattern: map.get("pattern").and_then(Value::as_str).map(pattern),
                min: number("minLength").unwrap_or(0),
                max: number("maxLength"),
            },
            Some("array") => Form::List {
                items: Box::new(Self::compile(map.get("items").unwrap_or(&Value::Null))),
                min: number("minItems").unwrap_or(0),
                max: number("maxItems"),
                unique: map.get("uniqueItems") == Some(&Value::Bool(true)),
                keys: texts(map.get("x-kubernetes-list-map-keys")),
            },
            Some("object") => Self::object(map),
            Some(_) | None => Form::Any,
        };
        Self {
            form,
            default: map.get("default").cloned(),
            meaning: meaning(map),
        }
    }

    fn object(map: &Map<String, Value>) -> Form {
        let max = map.get("maxProperties").and_then(Value::as_u64);
        if let Some(entries) = map
            .get("additionalProperties")
            .filter(|entries| entries.is_object())
        {
            return Form::Map {
                entries: Box::new(Self::compile(entries)),
                max,
            };
        }
        if map.contains_key("x-kubernetes-preserve-unknown-fields") {
            return Form::Map {
                entries: Box::new(Self::compile(&Value::Null)),
                max,
            };
        }
        let required = texts(map.get("required"));
        let fields = map.get("properties").and_then(Value::as_object);
        Form::Fields(
            fields
                .into_iter()
                .flatten()
                .map(|(name, schema)| Field {
                    name: name.clone(),
                    required: required.contains(name),
                    shape: Self::compile(schema),
                })
                .collect(),
        )
    }
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// Digits are ASCII in the pattern dialect of Kubernetes, and Unicode's in that of the crate.
fn pattern(text: &str) -> Regex {
    Regex::new(&text.replace(r"\d", "[0-9]")).expect("patterns are literals of the kinds")
}

fn meaning(map: &Map<String, Value>) -> Option<String> {
    let text = map
        .get("description")
        .and_then(Value::as_str)?
        .split_once('.')?
        .0;
    if text.contains(['[', '\n']) {
        return None;
    }
    let mut letters = text.chars();
    let first = letters.next()?;
    // "OCI image" stays, "Name of the project" becomes a fragment.
    let is_word = letters
        .clone()
        .next()
        .is_some_and(|second| !second.is_uppercase());
    let first = if is_word {
        first.to_ascii_lowercase()
    } else {
        first
    };
    Some(std::iter::once(first).chain(letters).collect())
}
