//! Inlining `$defs`, and dropping keys that are for others.

use serde_json::{Map, Value};

use super::{Error, MAX_DEPTH};
use crate::template::budget::Spent;

/// Most nodes that a schema may have once its references are inlined.
const MAX_NODES: usize = 100_000;
/// Most bytes that it may have then.
const MAX_BYTES: usize = 16 << 20;

/// The schema with every `#/$defs/Name` replaced by what it names; keys beside a reference win.
///
/// # Errors
/// When a reference is not local, is missing or circular, or the schema is nested too deep.
pub fn resolve_refs(schema: &Value) -> Result<Value, Error> {
    let empty = Map::new();
    let definitions = match schema.get("$defs") {
        None | Some(Value::Null) => &empty,
        Some(Value::Object(definitions)) => definitions,
        Some(_) => return Err(Error::new("$defs must be a map")),
    };
    if schema.get("definitions").is_some() {
        return Err(Error::new("definitions is not supported: use $defs"));
    }
    let mut resolver = Resolver {
        definitions,
        open: Vec::new(),
        nodes: 0,
        bytes: 0,
    };
    let mut resolved = resolver.resolve(schema, MAX_DEPTH)?;
    if let Value::Object(map) = &mut resolved {
        map.shift_remove("$defs");
    }
    Ok(resolved)
}

struct Resolver<'a> {
    definitions: &'a Map<String, Value>,
    /// Names of the definitions that are being inlined.
    open: Vec<String>,
    nodes: usize,
    bytes: usize,
}

impl Resolver<'_> {
    fn resolve(&mut self, schema: &Value, depth: usize) -> Result<Value, Error> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(Error::new(format!(
                "schema exceeds maximum nesting depth of {MAX_DEPTH}"
            )));
        };
        self.count(Spent { steps: 1, bytes: 0 })?;
        match schema {
            Value::Object(map) => match map.get("$ref") {
                Some(Value::String(reference)) => self.inline(reference, map, depth),
                Some(_) => Err(Error::new("$ref must be a string")),
                None => {
                    let mut resolved = Map::new();
                    for (key, value) in map {
                        let value = match key.as_str() {
                            "$defs" | "default" | "enum" | "example" => self.copied(value)?,
                            "properties" => self.properties(value, depth)?,
                            _ => self.resolve(value, depth)?,
                        };
                        resolved.insert(key.clone(), value);
                    }
                    Ok(Value::Object(resolved))
                }
            },
            Value::Array(items) => items
                .iter()
                .map(|item| self.resolve(item, depth))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                let bytes = Spent::json(schema).bytes;
                self.count(Spent { steps: 0, bytes })?;
                Ok(schema.clone())
            }
        }
    }

    fn copied(&mut self, value: &Value) -> Result<Value, Error> {
        self.count(Spent::json(value))?;
        Ok(value.clone())
    }

    fn count(&mut self, spent: Spent) -> Result<(), Error> {
        self.nodes = self.nodes.saturating_add(spent.steps);
        self.bytes = self.bytes.saturating_add(spent.bytes);
        let over = |most: usize, what: &str| {
            Err(Error::new(format!(
                "schema expands to more than {most} {what}"
            )))
        };
        if self.nodes > MAX_NODES {
            return over(MAX_NODES, "nodes");
        }
        if self.bytes > MAX_BYTES {
            return over(MAX_BYTES, "bytes");
        }
        Ok(())
    }

    /// The schemas of fields, whatever the fields are called.
    fn properties(&mut self, properties: &Value, depth: usize) -> Result<Value, Error> {
        let Value::Object(properties) = properties else {
            return Err(Error::new("properties must be a map"));
        };
        let mut resolved = Map::with_capacity(properties.len());
        for (name, schema) in properties {
            resolved.insert(name.clone(), self.resolve(schema, depth)?);
        }
        Ok(Value::Object(resolved))
    }

    fn inline(
        &mut self,
        reference: &str,
        siblings: &Map<String, Value>,
        depth: usize,
    ) -> Result<Value, Error> {
        if !reference.starts_with('#') {
            return Err(Error::new(format!(
                "only local $ref supported, got {reference:?}"
            )));
        }
        let Some(name) = reference.strip_prefix("#/$defs/") else {
            return Err(Error::new(format!(
                "only #/$defs/ references are supported, got {reference:?}"
            )));
        };
        let name = name.replace("~1", "/").replace("~0", "~");
        let Some(target) = self.definitions.get(&name) else {
            return Err(Error::new(format!("$ref {reference:?} not found in $defs")));
        };
        if self.open.contains(&name) {
            return Err(Error::new(format!("circular $ref detected: {reference:?}")));
        }
        self.open.push(name);
        let mut resolved = self.resolve(target, depth)?;
        self.open.pop();
        if let Value::Object(map) = &mut resolved {
            for (key, value) in siblings.iter().filter(|(key, _)| *key != "$ref") {
                let value = self.resolve(value, depth)?;
                map.insert(key.clone(), value);
            }
        }
        Ok(resolved)
    }
}

/// Drops `x-…` keys, which are for portals, but for those of Kubernetes.
pub(super) fn strip_vendor_keys(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.retain(|key, _| !key.starts_with("x-") || key.starts_with("x-kubernetes-"));
            for (key, value) in map.iter_mut() {
                match (key.as_str(), value) {
                    ("default" | "enum" | "example", _) => {}
                    // Below `properties`, keys are names of fields.
                    ("properties", Value::Object(properties)) => {
                        properties.values_mut().for_each(strip_vendor_keys);
                    }
                    (_, value) => strip_vendor_keys(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(strip_vendor_keys),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
