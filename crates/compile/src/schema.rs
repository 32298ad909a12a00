//! Parameter schemas: OpenAPI v3 as Kubernetes understands it.
//!
//! `$defs` are inlined, vendor keys dropped, defaults applied as structural schemas have them, values
//! validated as JSON Schema. Everything is bounded: depth, size, and what a reference may expand to.

mod resolve;
mod validate;

use std::sync::{Arc, LazyLock};

use moka::sync::Cache;
use serde_json::{Map, Value, json};

use model::{Digest, kinds::template::SchemaSection};

use crate::template::budget::Spent;

use validate::Problems;

pub use resolve::resolve_refs;

/// Deepest nesting of a schema, and of what is validated against it.
pub(crate) const MAX_DEPTH: usize = 64;

/// Places of a value and of its schema that are looked at together, over one value.
const MAX_WORK: usize = 1_000_000;
/// Bytes that defaults may add to one value.
const MAX_DEFAULTS: usize = 16 << 20;
/// Bytes of parsed schemas that are kept.
const CACHE_BYTES: u64 = 16 << 20;

/// A schema, or why it cannot be used, and the bytes that it may take.
type Parsed = (u32, Result<Arc<Schema>, Error>);

/// Schemas by the digest of their text: the same few are used by every component of a type.
static PARSED: LazyLock<Cache<Digest, Parsed>> = LazyLock::new(|| {
    Cache::builder()
        .max_capacity(CACHE_BYTES)
        .weigher(|_, (weight, _): &Parsed| *weight)
        .build()
});

/// A schema cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    message: String,
}

impl Error {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

/// A schema as the API shows it: with its references inlined and what is for portals kept; without
/// one, an object without fields.
///
/// # Errors
/// As [`Schema::parse`].
pub fn shown(section: Option<&SchemaSection>) -> Result<Value, Error> {
    match section.map(|section| &section.open_api_v3_schema) {
        Some(raw) if !raw.is_empty() => resolve_refs(&Value::Object(raw.clone())),
        Some(_) | None => Ok(json!({"type": "object", "properties": {}})),
    }
}

/// A schema with its references inlined.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema(Value);

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    /// When a reference is not local, circular or missing, or the schema is nested too deep.
    pub fn parse(raw: &Map<String, Value>) -> Result<Self, Error> {
        let mut resolved = resolve_refs(&Value::Object(raw.clone()))?;
        resolve::strip_vendor_keys(&mut resolved);
        Ok(Self(resolved))
    }

    /// As [`Schema::parse`], of a schema that may have been read before.
    ///
    /// # Errors
    /// As [`Schema::parse`].
    pub(crate) fn of(raw: &Map<String, Value>) -> Result<Arc<Self>, Error> {
        /// Bytes of a parsed schema for each of its text.
        const PARSED_BYTES: usize = 8;
        const ENTRY: usize = 512;
        let text = serde_json::to_vec(raw).expect("a schema has string keys");
        let digest = Digest::of(&text);
        if let Some((_, known)) = PARSED.get(&digest) {
            return known;
        }
        let parsed = Self::parse(raw).map(Arc::new);
        // Inlining lets a short text become a large schema.
        let size = parsed
            .as_ref()
            .map_or(0, |schema| Spent::json(&schema.0).bytes);
        let weight = size.max(text.len()).saturating_mul(PARSED_BYTES) + ENTRY;
        let weight = u32::try_from(weight).unwrap_or(u32::MAX);
        PARSED.insert(digest, (weight, parsed.clone()));
        parsed
    }

    /// The schema as JSON.
    #[must_use]
    pub const fn as_value(&self) -> &Value {
        &self.0
    }

    /// `values` with defaults filled in, as Kubernetes does for structural schemas: a default of an
    /// inner field counts only where its parent is there.
    #[must_use]
    pub fn default(&self, values: &Map<String, Value>) -> Map<String, Value> {
        self.fill(values).unwrap_or_else(|_| values.clone())
    }

    /// As [`Schema::default`].
    ///
    /// # Errors
    /// The defaults are larger than any value may be.
    pub(crate) fn fill(&self, values: &Map<String, Value>) -> Result<Map<String, Value>, Error> {
        let mut value = Value::Object(values.clone());
        let mut left = Spent {
            steps: MAX_WORK,
            bytes: MAX_DEFAULTS,
        };
        apply_defaults(&self.0, &mut value, MAX_DEPTH, &mut left)?;
        Ok(match value {
            Value::Object(map) => map,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Map::new(),
        })
    }

    /// Every way in which `value` does not fit, as `path: problem` texts in document order.
    #[must_use]
    pub fn validate(&self, value: &Value) -> Vec<String> {
        let left = std::cell::Cell::new(MAX_WORK);
        let mut problems = Problems::new(&left);
        validate::validate(&self.0, value, "", MAX_DEPTH, &mut problems);
        problems.into_texts()
    }
}

fn apply_defaults(
    schema: &Value,
    value: &mut Value,
    depth: usize,
    left: &mut Spent,
) -> Result<(), Error> {
    let Some(depth) = depth.checked_sub(1) else {
        return Ok(());
    };
    take(left, Spent::value(0))?;
    match value {
        Value::Object(map) => {
            let properties = schema.get("properties").and_then(Value::as_object);
            for (name, property) in properties.into_iter().flatten() {
                fill_field(name, property, map, depth, left)?;
            }
            if let Some(additional) = schema.get("additionalProperties").filter(|s| s.is_object()) {
                for (name, child) in map.iter_mut() {
                    if properties.is_none_or(|properties| !properties.contains_key(name)) {
                        apply_defaults(additional, child, depth, left)?;
                    }
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for item in items {
                    apply_defaults(schema, item, depth, left)?;
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    Ok(())
}

fn fill_field(
    name: &str,
    property: &Value,
    map: &mut Map<String, Value>,
    depth: usize,
    left: &mut Spent,
) -> Result<(), Error> {
    let flag = property.get("nullable").and_then(Value::as_bool);
    let nullable = flag.unwrap_or_default();
    take(left, Spent { steps: 1, bytes: 0 })?;
    let missing = map
        .get(name)
        .is_none_or(|found| found.is_null() && !nullable);
    if let Some(default) = property.get("default").filter(|_| missing) {
        take(left, Spent::json(default))?;
        map.insert(name.to_owned(), default.clone());
    }
    match map.get_mut(name) {
        Some(child) => apply_defaults(property, child, depth, left),
        None => Ok(()),
    }
}

fn take(left: &mut Spent, spent: Spent) -> Result<(), Error> {
    let steps = left.steps.checked_sub(spent.steps);
    let bytes = left.bytes.checked_sub(spent.bytes);
    let (Some(steps), Some(bytes)) = (steps, bytes) else {
        return Err(Error::new("the values are too large with their defaults"));
    };
    *left = Spent { steps, bytes };
    Ok(())
}
