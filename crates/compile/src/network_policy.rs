//! The network policy of a component (reference 2.7): nobody reaches what no endpoint offers.
//!
//! One difference: ports are those that pods listen on (`targetPort`), since policies see traffic
//! after the Service has translated it. The reference takes `port` and so blocks components whose
//! two ports differ.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use expr::{Key, Map, Value};
use model::{
    kinds::endpoint::{Endpoint, EndpointType, Visibility},
    label,
};

use crate::{
    context::service_ports::protocol,
    names,
    tree::{self, record},
};

/// Which kind of policies a data plane enforces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// `NetworkPolicy` of Kubernetes.
    Kubernetes,
    /// `CiliumNetworkPolicy`, which also sees HTTP.
    Cilium,
}

impl Provider {
    /// The provider that a data plane's annotation names.
    #[must_use]
    pub fn of(annotation: Option<&str>) -> Self {
        if annotation == Some("cilium") {
            Self::Cilium
        } else {
            Self::Kubernetes
        }
    }
}

/// Whom a policy protects and from whom.
#[derive(Debug)]
pub struct Params<'a> {
    /// Name of the component.
    pub component: &'a str,
    /// Platform namespace.
    pub platform_namespace: &'a str,
    /// Environment.
    pub environment: &'a str,
    /// Namespace of the cell.
    pub cell: &'a str,
    /// Labels of the component's pods.
    pub pod_selectors: &'a Map,
    /// What the component offers.
    pub endpoints: &'a BTreeMap<String, Endpoint>,
}

/// The policy of a component.
#[must_use]
pub fn make(provider: Provider, params: &Params<'_>) -> Value {
    let (mut policy, selector) = match provider {
        Provider::Kubernetes => (kubernetes(params), "podSelector"),
        Provider::Cilium => (cilium(params), "endpointSelector"),
    };
    let selector = tree::map_at(&mut policy, &["spec", selector]);
    let labels = Value::map(params.pod_selectors.clone());
    selector.insert(Key::string("matchLabels"), labels);
    policy
}

/// The endpoints that a kind of caller reaches, as distinct ports.
fn ports_for<'a>(
    params: &Params<'a>,
    reached: impl Fn(&Endpoint) -> bool,
) -> Vec<(u16, &'static str, bool)> {
    let mut seen = BTreeSet::new();
    params
        .endpoints
        .values()
        .filter(|endpoint| reached(endpoint))
        .map(|endpoint| {
            (
                endpoint.container_port(),
                protocol(endpoint),
                speaks_http(endpoint),
            )
        })
        .filter(|(port, protocol, _)| seen.insert((*port, *protocol)))
        .collect()
}

fn speaks_http(endpoint: &Endpoint) -> bool {
    match endpoint.endpoint_type {
        EndpointType::Http
        | EndpointType::Grpc
        | EndpointType::GraphQl
        | EndpointType::Websocket => true,
        EndpointType::Tcp | EndpointType::Udp => false,
    }
}

fn for_namespace(endpoint: &Endpoint) -> bool {
    endpoint.visibility.contains(&Visibility::Namespace)
}

fn for_gateways(endpoint: &Endpoint) -> bool {
    endpoint
        .visibility
        .iter()
        .any(|v| matches!(v, Visibility::Internal | Visibility::External))
}

fn kubernetes(params: &Params<'_>) -> Value {
    let port = |(port, protocol, _): (u16, &'static str, bool)| {
        record([
            ("port", Value::Int(port.into())),
            ("protocol", protocol.into()),
        ])
    };
    let rule = |from: Value, reached: fn(&Endpoint) -> bool| {
        let ports: Vec<_> = ports_for(params, reached).into_iter().map(port).collect();
        let from = Value::list(vec![from]);
        (!ports.is_empty()).then(|| record([("from", from), ("ports", Value::list(ports))]))
    };
    let namespace = record([
        (label::NAMESPACE, params.platform_namespace.into()),
        (label::ENVIRONMENT, params.environment.into()),
    ]);
    let of_system = record([
        ("key", label::SYSTEM_COMPONENT.into()),
        ("operator", "Exists".into()),
    ]);
    let ingress = [
        rule(record([("podSelector", record([]))]), |_| true),
        rule(
            record([("namespaceSelector", record([("matchLabels", namespace)]))]),
            for_namespace,
        ),
        rule(
            record([
                ("namespaceSelector", record([])),
                (
                    "podSelector",
                    record([("matchExpressions", Value::list(vec![of_system]))]),
                ),
            ]),
            for_gateways,
        ),
    ];
    let ingress: Vec<_> = ingress.into_iter().flatten().collect();
    let spec = tree::some([
        ("policyTypes", Some(Value::list(vec!["Ingress".into()]))),
        (
            "ingress",
            (!ingress.is_empty()).then(|| Value::list(ingress)),
        ),
    ]);
    record([
        ("apiVersion", "networking.k8s.io/v1".into()),
        ("kind", "NetworkPolicy".into()),
        ("metadata", metadata(params)),
        ("spec", spec.unwrap_or_else(|| record([]))),
    ])
}

fn metadata(params: &Params<'_>) -> Value {
    record([
        ("name", names::network_policy(params.component).into()),
        ("namespace", params.cell.into()),
    ])
}

fn cilium(params: &Params<'_>) -> Value {
    use serde_json::Value;

    let to_ports = |reached: fn(&Endpoint) -> bool| -> Vec<Value> {
        let (http, plain): (Vec<_>, Vec<_>) = ports_for(params, reached)
            .into_iter()
            .partition(|(_, _, http)| *http);
        let list = |ports: &[(u16, &str, bool)]| -> Vec<Value> {
            ports
                .iter()
                .map(|(port, protocol, _)| json!({"port": port.to_string(), "protocol": protocol}))
                .collect()
        };
        let mut groups = Vec::new();
        if !http.is_empty() {
            groups.push(json!({"ports": list(&http), "rules": {"http": [{}]}}));
        }
        if !plain.is_empty() {
            groups.push(json!({"ports": list(&plain)}));
        }
        groups
    };
    let callers = [
        (json!({}), to_ports(|_| true)),
        (
            json!({"matchLabels": {
                format!("k8s:io.cilium.k8s.namespace.labels.{}", label::NAMESPACE): params.platform_namespace,
                format!("k8s:io.cilium.k8s.namespace.labels.{}", label::ENVIRONMENT): params.environment,
            }}),
            to_ports(for_namespace),
        ),
        (
            json!({"matchExpressions": [
                {"key": label::SYSTEM_COMPONENT, "operator": "Exists"},
                {"key": "k8s:io.kubernetes.pod.namespace", "operator": "Exists"},
            ]}),
            to_ports(for_gateways),
        ),
    ];
    let ingress: Vec<_> = callers
        .into_iter()
        .filter(|(_, ports)| !ports.is_empty())
        .map(|(from, ports)| json!({"fromEndpoints": [from], "toPorts": ports}))
        .collect();
    let mut policy = tree::of(&json!({
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "spec": {"ingress": ingress},
    }));
    tree::map_at(&mut policy, &[]).insert(Key::string("metadata"), metadata(params));
    policy
}
