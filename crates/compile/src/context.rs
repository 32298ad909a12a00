//! The variables that templates see (reference 3.6), and what the compiler is told to make them.

pub mod configurations;
pub(crate) mod dependencies;
pub(crate) mod service_ports;

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value, json};

use model::{
    kinds::{
        DataPlane, Environment,
        container::Container,
        endpoint::{Endpoint, Visibility},
        gateway::{Gateway, GatewayListeners, GatewayPair},
        template::{FreeForm, SchemaSection},
    },
    label,
};

use crate::prepared;

/// An environment as the compiler is told of it.
#[derive(Debug, Clone, Serialize)]
pub struct EnvironmentContext {
    /// Name.
    pub name: String,
    /// UID.
    pub uid: String,
    /// Spec.
    pub spec: Environment,
}

/// A data plane as the compiler is told of it.
#[derive(Debug, Clone, Serialize)]
pub struct DataPlaneContext {
    /// Name.
    pub name: String,
    /// UID.
    pub uid: String,
    /// Spec.
    pub spec: DataPlane,
    /// Annotations.
    pub annotations: IndexMap<String, String>,
}

/// Names and UIDs of everything that a rendered object belongs to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Identity<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) project: (&'a str, &'a str),
    pub(crate) component: Option<(&'a str, &'a str)>,
    pub(crate) resource: Option<(&'a str, &'a str)>,
    pub(crate) environment: (&'a str, &'a str),
}

impl Identity<'_> {
    /// The labels of every object of the owner.
    pub(crate) fn labels(&self) -> Map<String, Value> {
        let mut labels = Map::new();
        let mut insert = |name: &str, value: &str| {
            labels.insert(name.to_owned(), Value::String(value.to_owned()));
        };
        insert(label::NAMESPACE, self.namespace);
        insert(label::PROJECT, self.project.0);
        insert(label::PROJECT_UID, self.project.1);
        if let Some((component, uid)) = self.component {
            insert(label::COMPONENT, component);
            insert(label::COMPONENT_UID, uid);
        }
        if let Some((resource, uid)) = self.resource {
            insert(label::RESOURCE, resource);
            insert(label::RESOURCE_UID, uid);
        }
        insert(label::ENVIRONMENT, self.environment.0);
        insert(label::ENVIRONMENT_UID, self.environment.1);
        labels
    }
}

/// `dataplane` of components: the plane with its annotations, which projects do not see.
pub(crate) fn annotated_data_plane(data_plane: &DataPlaneContext) -> Value {
    let mut variable = self::data_plane(&data_plane.spec);
    if !data_plane.annotations.is_empty() {
        variable["annotations"] = json!(data_plane.annotations);
    }
    variable
}

/// `dataplane`: what templates may know of the plane. What is empty is absent.
pub(crate) fn data_plane(spec: &DataPlane) -> Value {
    let mut variable = Map::new();
    if let Some(store) = &spec.secret_store_ref {
        variable.insert("secretStore".to_owned(), store.name.clone().into());
    }
    if let Some(gateway) = spec.gateway.as_ref().and_then(to_map) {
        variable.insert("gateway".to_owned(), gateway);
    }
    if let Some(reference) = &spec.observability_plane_ref {
        let reference = json!({"kind": reference.kind.as_str(), "name": reference.name});
        variable.insert("observabilityPlaneRef".to_owned(), reference);
    }
    Value::Object(variable)
}

/// The gateway of an environment, as templates see it.
pub(crate) fn gateway(environment: &Environment, data_plane: &DataPlane) -> Option<Value> {
    to_map(&merged_gateway(environment, data_plane))
}

/// The gateway of an environment: each of its four doors is the environment's own, or else that of
/// its data plane.
pub(crate) fn merged_gateway(environment: &Environment, data_plane: &DataPlane) -> Gateway {
    let (base, own) = (data_plane.gateway.as_ref(), environment.gateway.as_ref());
    let pair = |of: fn(&Gateway) -> Option<&GatewayPair>| -> Option<GatewayPair> {
        let (base, own) = (base.and_then(of), own.and_then(of));
        let door = |of: fn(&GatewayPair) -> Option<&GatewayListeners>| {
            own.and_then(of).or_else(|| base.and_then(of)).cloned()
        };
        Some(GatewayPair {
            external: door(|pair| pair.external.as_ref()),
            internal: door(|pair| pair.internal.as_ref()),
        })
    };
    Gateway {
        ingress: pair(|gateway| gateway.ingress.as_ref()),
        egress: pair(|gateway| gateway.egress.as_ref()),
    }
}

fn to_map(gateway: &Gateway) -> Option<Value> {
    let mut value = serde_json::to_value(gateway).expect("a gateway has string keys");
    prune(&mut value);
    value
        .as_object()
        .is_some_and(|map| !map.is_empty())
        .then_some(value)
}

/// Drops maps and texts that hold nothing, and nulls.
fn prune(value: &mut Value) {
    if let Value::Object(map) = value {
        map.values_mut().for_each(prune);
        map.retain(|_, value| {
            !value.is_null()
                && value.as_object().is_none_or(|map| !map.is_empty())
                && value.as_str() != Some("")
        });
    }
}

/// `workload`: container and endpoints.
pub(crate) fn workload(container: &Container, endpoints: &BTreeMap<String, Endpoint>) -> Value {
    let mut image = Map::new();
    if !container.image.is_empty() {
        image.insert("image".to_owned(), container.image.clone().into());
    }
    if !container.command.is_empty() {
        image.insert("command".to_owned(), json!(container.command));
    }
    if !container.args.is_empty() {
        image.insert("args".to_owned(), json!(container.args));
    }
    let endpoints: Map<String, Value> = endpoints
        .iter()
        .map(|(name, endpoint)| (name.clone(), self::endpoint(endpoint)))
        .collect();
    json!({"container": image, "endpoints": endpoints})
}

/// An endpoint without its schema, which templates reach as operations.
fn endpoint(endpoint: &Endpoint) -> Value {
    let mut variable = json!({
        "port": endpoint.port,
        "targetPort": endpoint.container_port(),
        "type": endpoint.endpoint_type.as_str(),
        "visibility": visibilities(endpoint).iter().map(|v| v.as_str()).collect::<Vec<_>>(),
    });
    let map = variable.as_object_mut().expect("made as an object");
    let texts = [
        ("displayName", &endpoint.display_name),
        ("basePath", &endpoint.base_path),
    ];
    for (name, text) in texts {
        if let Some(text) = text.as_deref().filter(|text| !text.is_empty()) {
            map.insert(name.to_owned(), text.into());
        }
    }
    variable
}

/// The visibilities of an endpoint; every endpoint can be reached from its project.
pub(crate) fn visibilities(endpoint: &Endpoint) -> Vec<Visibility> {
    let mut all = vec![Visibility::Project];
    all.extend(
        endpoint
            .visibility
            .iter()
            .filter(|v| **v != Visibility::Project),
    );
    all
}

/// What to do with values for which a type declares no schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undeclared {
    /// They are dropped (component types and traits).
    Drop,
    /// They pass (projects, resources, workflows).
    Pass,
}

/// Parameters with defaults; validated where the pipeline validates.
///
/// # Errors
/// `{what} validation failed: …`, or why the schema cannot be used.
pub(crate) fn parameters(
    what: &str,
    section: Option<&SchemaSection>,
    values: &FreeForm,
    undeclared: Undeclared,
) -> Result<Map<String, Value>, String> {
    filled(what, &prepared::section(section), values, undeclared)
}

/// As [`parameters`], of a schema that is parsed.
///
/// # Errors
/// As [`parameters`].
pub(crate) fn filled(
    what: &str,
    schema: &prepared::Section,
    values: &FreeForm,
    undeclared: Undeclared,
) -> Result<Map<String, Value>, String> {
    let Some(schema) = schema else {
        return Ok(match undeclared {
            Undeclared::Drop => Map::new(),
            Undeclared::Pass => values.clone(),
        });
    };
    let schema = schema.as_ref().map_err(|error| {
        format!("failed to build schemas: failed to create {what} schema: {error}")
    })?;
    let values = schema
        .fill(values)
        .map_err(|error| format!("{what} cannot be used: {error}"))?;
    if undeclared == Undeclared::Pass {
        return Ok(values);
    }
    let values = Value::Object(values);
    let problems = schema.validate(&values);
    if !problems.is_empty() {
        return Err(format!("{what} validation failed: {}", problems.join("; ")));
    }
    Ok(match values {
        Value::Object(values) => values,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    })
}

#[cfg(test)]
pub(crate) mod tests;
