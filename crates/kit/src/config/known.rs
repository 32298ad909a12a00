//! Which keys a configuration has, by its JSON Schema.
//!
//! Used to refuse unknown keys with their whole path, to read the texts of the environment and of `--set` as the
//! types that are wanted there, and to see where one variant of an enum replaces another instead of mixing with it.

use figment::value::{Dict, Num, Value as Held};
use serde_json::{Map, Value};

/// A place in a configuration: the schemas that may apply there.
#[derive(Clone)]
pub(super) struct Place<'s> {
    root: &'s Value,
    /// The alternatives, without references and combinations.
    schemas: Vec<&'s Map<String, Value>>,
    /// Whether anything may be written here.
    open: bool,
}

/// A key that does not exist.
pub(super) struct Unknown<'s> {
    /// The whole path that was written.
    pub(super) path: String,
    /// The part of it that does not exist.
    pub(super) key: String,
    /// What exists in its place.
    pub(super) known: Vec<&'s str>,
}

/// References nest at most this deep, which no schema of a configuration reaches.
const MAX_DEPTH: usize = 32;

impl<'s> Place<'s> {
    pub(super) fn root(schema: &'s Value) -> Self {
        Self::of(schema, &[schema])
    }

    fn of(root: &'s Value, schemas: &[&'s Value]) -> Self {
        let mut place = Self {
            root,
            schemas: Vec::new(),
            open: false,
        };
        for schema in schemas {
            place.add(schema, 0);
        }
        place
    }

    fn add(&mut self, schema: &'s Value, depth: usize) {
        let Some(schema) = schema.as_object().filter(|_| depth < MAX_DEPTH) else {
            self.open |= schema.as_bool() == Some(true);
            return;
        };
        let mut combined = false;
        if let Some(Value::String(reference)) = schema.get("$ref") {
            combined = true;
            let pointer = reference.trim_start_matches('#');
            if let Some(target) = self.root.pointer(pointer) {
                self.add(target, depth + 1);
            }
        }
        for keyword in ["anyOf", "oneOf", "allOf"] {
            if let Some(Value::Array(parts)) = schema.get(keyword) {
                combined = true;
                for part in parts {
                    self.add(part, depth + 1);
                }
            }
        }
        let says = [
            "type",
            "properties",
            "additionalProperties",
            "enum",
            "const",
        ];
        if says.iter().any(|keyword| schema.contains_key(*keyword)) {
            self.schemas.push(schema);
        } else if !combined {
            self.open = true;
        }
    }

    /// The place of `key` below this one; `None` if there is no such key.
    pub(super) fn child(&self, key: &str) -> Option<Self> {
        let mut found = Vec::new();
        let mut open = self.open;
        let mut is_object = false;
        for schema in &self.schemas {
            let properties = schema.get("properties").and_then(Value::as_object);
            if let Some(property) = properties.and_then(|properties| properties.get(key)) {
                found.push(property);
                continue;
            }
            match schema.get("additionalProperties") {
                Some(Value::Bool(any)) => open |= any,
                Some(values) => found.push(values),
                None => open |= properties.is_none() && accepts(schema, "object"),
            }
            is_object |= properties.is_some() || schema.contains_key("additionalProperties");
        }
        if found.is_empty() && !open && is_object {
            return None;
        }
        let mut place = Self::of(self.root, &found);
        // Below a value that is no object, the type is what is wrong, not the key.
        place.open |= open || found.is_empty();
        Some(place)
    }

    fn items(&self) -> Self {
        let items: Vec<&Value> = self
            .schemas
            .iter()
            .filter_map(|schema| schema.get("items"))
            .collect();
        let mut place = Self::of(self.root, &items);
        place.open |= items.is_empty();
        place
    }

    fn keys(&self) -> Vec<&'s str> {
        let properties = self
            .schemas
            .iter()
            .filter_map(|schema| schema.get("properties"));
        let mut keys: Vec<&str> = properties
            .filter_map(Value::as_object)
            .flat_map(|properties| properties.keys().map(String::as_str))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    fn accepts(&self, kind: &str) -> bool {
        self.open || self.schemas.iter().any(|schema| accepts(schema, kind))
    }

    /// The keys of `dict` that do not exist.
    pub(super) fn unknown(&self, dict: &Dict) -> Vec<Unknown<'s>> {
        let mut unknown = Vec::new();
        self.find_unknown(dict, "", &mut unknown);
        unknown
    }

    fn find_unknown(&self, dict: &Dict, path: &str, unknown: &mut Vec<Unknown<'s>>) {
        for (key, value) in dict {
            let path = if path.is_empty() {
                key.clone()
            } else {
                format!("{path}.{key}")
            };
            match self.child(key) {
                Some(child) => child.find_unknown_in(value, &path, unknown),
                None => unknown.push(Unknown {
                    path: down_to_value(path, value),
                    key: key.clone(),
                    known: self.keys(),
                }),
            }
        }
    }

    fn find_unknown_in(&self, value: &Held, path: &str, unknown: &mut Vec<Unknown<'s>>) {
        if let Some(dict) = value.as_dict() {
            // Of a free-form value nothing is known, so nothing is unknown.
            if !self.schemas.is_empty() {
                self.find_unknown(dict, path, unknown);
            }
        } else if let Held::Array(_, values) = value {
            let items = self.items();
            for (index, value) in values.iter().enumerate() {
                items.find_unknown_in(value, &format!("{path}.{index}"), unknown);
            }
        }
    }

    /// Reads a text as what is wanted here: a number where a number is wanted, else the text itself.
    pub(super) fn read(&self, text: &str) -> Held {
        let parsed: Held = text.parse().unwrap_or_else(|never| match never {});
        let wanted = match &parsed {
            Held::Bool(..) => self.accepts("boolean"),
            Held::Num(_, Num::F32(_) | Num::F64(_)) => self.accepts("number"),
            Held::Num(..) => self.accepts("integer") || self.accepts("number"),
            Held::Dict(..) => self.accepts("object"),
            Held::Array(..) => self.accepts("array"),
            Held::String(..) | Held::Char(..) | Held::Empty(..) => false,
        };
        if wanted { parsed } else { Held::from(text) }
    }

    /// Takes out of `earlier` each enum value whose variant `later` replaces, so that merging does not mix them.
    pub(super) fn make_room(&self, earlier: &mut Dict, later: &Dict) {
        for (key, new) in later {
            let (Some(place), Some(Held::Dict(_, old)), Some(new)) =
                (self.child(key), earlier.get_mut(key), new.as_dict())
            else {
                continue;
            };
            if place.is_other_variant(old, new) {
                earlier.remove(key);
            } else {
                place.make_room(old, new);
            }
        }
    }

    fn is_other_variant(&self, old: &Dict, new: &Dict) -> bool {
        let variants: Vec<&Map<String, Value>> = self
            .schemas
            .iter()
            .copied()
            .filter(|schema| schema.contains_key("properties"))
            .collect();
        if variants.len() < 2 {
            return false;
        }
        let tag = variants.iter().find_map(|schema| tag_of(schema));
        match tag {
            Some(tag) => matches!((old.get(tag), new.get(tag)), (Some(a), Some(b)) if a != b),
            None => old.len() == 1 && new.keys().any(|key| !old.contains_key(key)),
        }
    }
}

/// The path of the one value below `value`, so that an unknown section is named as it was written.
fn down_to_value(mut path: String, mut value: &Held) -> String {
    while let Some((key, below)) = value
        .as_dict()
        .filter(|d| d.len() == 1)
        .and_then(|d| d.iter().next())
    {
        path = format!("{path}.{key}");
        value = below;
    }
    path
}

fn accepts(schema: &Map<String, Value>, kind: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(one)) => one == kind,
        Some(Value::Array(several)) => several.iter().any(|one| one == kind),
        _ => schema.contains_key("properties") && kind == "object",
    }
}

/// The property whose constant tells the variants of an enum apart.
fn tag_of(schema: &Map<String, Value>) -> Option<&str> {
    let properties = schema.get("properties")?.as_object()?;
    let tag = properties
        .iter()
        .find(|(_, property)| property.get("const").is_some())?;
    Some(tag.0)
}
