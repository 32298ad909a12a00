//! The variables that templates see (reference 3.6), and what the compiler is told to make them.

pub mod configurations;
pub(crate) mod dependencies;
pub(crate) mod service_ports;

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value};

use expr::Key;
use model::{
    kinds::{
        DataPlane, Environment,
        container::Container,
        endpoint::{Endpoint, Visibility},
        gateway::{Gateway, GatewayListener, GatewayListeners, GatewayPair},
        template::{FreeForm, SchemaSection},
    },
    label,
};

use crate::{prepared, tree};

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
    pub(crate) fn labels(&self) -> expr::Map {
        let kinds = [
            (Some(self.project), label::PROJECT, label::PROJECT_UID),
            (self.component, label::COMPONENT, label::COMPONENT_UID),
            (self.resource, label::RESOURCE, label::RESOURCE_UID),
            (
                Some(self.environment),
                label::ENVIRONMENT,
                label::ENVIRONMENT_UID,
            ),
        ];
        let labels = kinds.into_iter().filter_map(|(of, name, uid)| {
            of.map(|(own_name, own_uid)| [(name, own_name), (uid, own_uid)])
        });
        std::iter::once((label::NAMESPACE, self.namespace))
            .chain(labels.flatten())
            .map(|(label, text)| (Key::string(label), text.into()))
            .collect()
    }
}

/// `dataplane` of components: the plane with its annotations, which projects do not see.
pub(crate) fn annotated_data_plane(data_plane: &DataPlaneContext) -> expr::Value {
    let mut variable = self::data_plane(&data_plane.spec);
    if !data_plane.annotations.is_empty() {
        let annotations = data_plane.annotations.iter();
        let annotations = annotations
            .map(|(name, text)| (Key::string(name.as_str()), text.as_str().into()))
            .collect();
        tree::map_at(&mut variable, &[])
            .insert(Key::string("annotations"), expr::Value::map(annotations));
    }
    variable
}

/// `dataplane`: what templates may know of the plane. What is empty is absent.
pub(crate) fn data_plane(spec: &DataPlane) -> expr::Value {
    let store = spec.secret_store_ref.as_ref();
    let observability = spec.observability_plane_ref.as_ref();
    let variable = tree::some([
        ("secretStore", store.map(|store| store.name.as_str().into())),
        ("gateway", spec.gateway.as_ref().and_then(gateway)),
        (
            "observabilityPlaneRef",
            observability.map(|reference| {
                tree::record([
                    ("kind", reference.kind.as_str().into()),
                    ("name", reference.name.as_str().into()),
                ])
            }),
        ),
    ]);
    variable.unwrap_or_else(|| tree::record([]))
}

/// A gateway, as templates see it. What is empty is absent.
pub(crate) fn gateway(gateway: &Gateway) -> Option<expr::Value> {
    let listener = |listener: &GatewayListener| {
        tree::some([
            (
                "listenerName",
                listener.listener_name.as_deref().and_then(tree::text),
            ),
            ("port", Some(number(listener.port))),
            ("host", tree::text(&listener.host)),
        ])
    };
    let listeners = |door: &GatewayListeners| {
        tree::some([
            ("name", tree::text(&door.name)),
            ("namespace", tree::text(&door.namespace)),
            ("http", door.http.as_ref().and_then(listener)),
            ("https", door.https.as_ref().and_then(listener)),
            ("tls", door.tls.as_ref().and_then(listener)),
        ])
    };
    let pair = |pair: &GatewayPair| {
        tree::some([
            ("external", pair.external.as_ref().and_then(listeners)),
            ("internal", pair.internal.as_ref().and_then(listeners)),
        ])
    };
    tree::some([
        ("ingress", gateway.ingress.as_ref().and_then(pair)),
        ("egress", gateway.egress.as_ref().and_then(pair)),
    ])
}

/// A number, which is a double in every context.
pub(crate) fn number(number: u16) -> expr::Value {
    expr::Value::Double(f64::from(number))
}

/// The gateway of an environment: each of its four doors is the environment's own, or else that of
/// its data plane.
#[must_use]
pub fn merged_gateway(environment: &Environment, data_plane: &DataPlane) -> Gateway {
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

/// `workload`: container and endpoints.
pub(crate) fn workload(
    container: &Container,
    endpoints: &BTreeMap<String, Endpoint>,
) -> expr::Value {
    let container = tree::some([
        ("image", tree::text(&container.image)),
        ("command", tree::texts(&container.command)),
        ("args", tree::texts(&container.args)),
    ]);
    let endpoints = endpoints
        .iter()
        .map(|(name, endpoint)| (Key::string(name.as_str()), self::endpoint(endpoint)));
    tree::record([
        ("container", container.unwrap_or_else(|| tree::record([]))),
        ("endpoints", expr::Value::map(endpoints.collect())),
    ])
}

/// An endpoint without its schema, which templates reach as operations.
fn endpoint(endpoint: &Endpoint) -> expr::Value {
    let visibility = visibilities(endpoint);
    let visibility = visibility.iter().map(|v| v.as_str().into()).collect();
    let variable = tree::some([
        ("port", Some(number(endpoint.port))),
        ("targetPort", Some(number(endpoint.container_port()))),
        ("type", Some(endpoint.endpoint_type.as_str().into())),
        ("visibility", Some(expr::Value::list(visibility))),
        (
            "displayName",
            endpoint.display_name.as_deref().and_then(tree::text),
        ),
        (
            "basePath",
            endpoint.base_path.as_deref().and_then(tree::text),
        ),
    ]);
    variable.unwrap_or_else(|| tree::record([]))
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
    filled(what, &prepared::declared(section), values, undeclared)
}

/// As [`parameters`], of a schema that is parsed.
///
/// # Errors
/// As [`parameters`].
pub(crate) fn filled(
    what: &str,
    schema: &prepared::Declared,
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
