//! Parameter schemas: OpenAPI v3 as Kubernetes understands it.
//!
//! `$defs` are inlined, vendor keys dropped, defaults applied as structural schemas have them, values
//! validated as JSON Schema. Everything is bounded: depth, size, and what a reference may expand to.

mod resolve;
mod validate;

use serde_json::{Map, Value, json};

use model::kinds::template::SchemaSection;

pub use resolve::resolve_refs;

/// Deepest nesting of a schema, and of what is validated against it.
pub(crate) const MAX_DEPTH: usize = 64;

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

    /// The schema as JSON.
    #[must_use]
    pub const fn as_value(&self) -> &Value {
        &self.0
    }

    /// `values` with defaults filled in, as Kubernetes does for structural schemas: a default of an
    /// inner field counts only where its parent is there.
    #[must_use]
    pub fn default(&self, values: &Map<String, Value>) -> Map<String, Value> {
        let mut value = Value::Object(values.clone());
        apply_defaults(&self.0, &mut value, MAX_DEPTH);
        if let Value::Object(map) = value {
            map
        } else {
            Map::new()
        }
    }

    /// Every way in which `value` does not fit, as `path: problem` texts in document order.
    #[must_use]
    pub fn validate(&self, value: &Value) -> Vec<String> {
        let mut problems = Vec::new();
        validate::validate(&self.0, value, "", MAX_DEPTH, &mut problems);
        problems
    }
}

fn apply_defaults(schema: &Value, value: &mut Value, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    match value {
        Value::Object(map) => {
            let properties = schema.get("properties").and_then(Value::as_object);
            for (name, property) in properties.into_iter().flatten() {
                let nullable = property
                    .get("nullable")
                    .and_then(Value::as_bool)
                    .unwrap_or_default();
                let missing = map
                    .get(name)
                    .is_none_or(|found| found.is_null() && !nullable);
                if let Some(default) = property.get("default").filter(|_| missing) {
                    map.insert(name.clone(), default.clone());
                }
                if let Some(child) = map.get_mut(name) {
                    apply_defaults(property, child, depth);
                }
            }
            if let Some(additional) = schema.get("additionalProperties").filter(|s| s.is_object()) {
                for (name, child) in map.iter_mut() {
                    if properties.is_none_or(|properties| !properties.contains_key(name)) {
                        apply_defaults(additional, child, depth);
                    }
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for item in items {
                    apply_defaults(schema, item, depth);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
