//! The arguments of a call, checked against the schema of the tool.

use serde_json::{Map, Value};

use model::{Code, KindName, Scope};

use crate::problem::Problem;

/// Checked arguments. Those that are null are left out.
#[derive(Debug)]
pub(super) struct Arguments(Map<String, Value>);

fn invalid(message: String) -> Problem {
    Problem::new(Code::Invalid, message)
}

fn is_of(value: &Value, wanted: &str) -> bool {
    match wanted {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        _ => true,
    }
}

impl Arguments {
    /// Checks arguments: all that are required, none that are unknown, each of its type.
    pub(super) fn check(
        schema: &Map<String, Value>,
        given: Map<String, Value>,
    ) -> Result<Self, Problem> {
        let given: Map<String, Value> = given
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect();
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, value) in &given {
            let Some(property) = properties.and_then(|properties| properties.get(name)) else {
                let known: Vec<&str> = properties
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name.as_str())
                    .collect();
                return Err(invalid(format!(
                    "{name}: no such argument; there are: {}",
                    known.join(", ")
                )));
            };
            let wanted = property
                .get("type")
                .and_then(Value::as_str)
                .unwrap_or_default();
            if !is_of(value, wanted) {
                return Err(invalid(format!("{name}: must be of type {wanted}")));
            }
            let allowed = property.get("enum").and_then(Value::as_array);
            if let Some(allowed) = allowed.filter(|allowed| !allowed.contains(value)) {
                return Err(invalid(format!(
                    "{name}: must be one of {}",
                    Value::from(allowed.clone())
                )));
            }
        }
        let arguments = Self(given);
        let required = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        for name in required.filter_map(Value::as_str) {
            match arguments.0.get(name) {
                None => return Err(invalid(format!("{name}: is required"))),
                Some(Value::String(text)) if text.is_empty() => {
                    return Err(invalid(format!("{name}: must not be empty")));
                }
                Some(_) => {}
            }
        }
        Ok(arguments)
    }

    /// An argument that says something: an empty text means "as it is".
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| value.as_str() != Some(""))
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.value(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The scope of what is asked for, and its namespace, empty in cluster scope.
    pub(super) fn place(&self, kind: KindName) -> Result<(Scope, &str), Problem> {
        let cluster = match kind.scopes() {
            [Scope::Cluster] => true,
            _ => kind.has_twin() && self.text("scope") == "cluster",
        };
        match (cluster, self.text("namespace_name")) {
            (true, _) => Ok((Scope::Cluster, "")),
            (false, "") => Err(invalid(
                "namespace_name: is required in scope \"namespace\"".to_owned(),
            )),
            (false, namespace) => Ok((Scope::Namespaced, namespace)),
        }
    }

    /// Fills the arguments into a pattern, as `{component_name}-{environment}`.
    pub(super) fn fill(&self, pattern: &str) -> String {
        let mut filled = String::new();
        for part in pattern.split('{') {
            match part.split_once('}') {
                Some((name, rest)) => {
                    filled.push_str(self.text(name));
                    filled.push_str(rest);
                }
                None => filled.push_str(part),
            }
        }
        filled
    }
}
