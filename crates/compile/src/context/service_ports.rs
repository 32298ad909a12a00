//! `workload.toServicePorts()`.

use std::collections::{BTreeMap, BTreeSet};

use model::kinds::endpoint::{Endpoint, EndpointType};

use super::number;
use crate::tree;

/// Longest name of a port.
const MAX_PORT_NAME: usize = 15;

/// Service ports in the order of endpoint names; the first endpoint wins a port and protocol.
pub(crate) fn service_ports(endpoints: &BTreeMap<String, Endpoint>) -> Vec<expr::Value> {
    let (mut taken, mut names) = (BTreeSet::new(), BTreeSet::new());
    let mut ports = Vec::new();
    for (index, (name, endpoint)) in endpoints.iter().enumerate() {
        let protocol = protocol(endpoint);
        if taken.insert((endpoint.port, protocol)) {
            let base = sanitize(name);
            let base = if base.is_empty() {
                format!("port-{}", index + 1)
            } else {
                base
            };
            ports.push(tree::record([
                ("name", unique(base, &mut names).into()),
                ("port", number(endpoint.port)),
                ("targetPort", number(endpoint.container_port())),
                ("protocol", protocol.into()),
            ]));
        }
    }
    ports
}

/// The transport protocol of an endpoint.
pub(crate) fn protocol(endpoint: &Endpoint) -> &'static str {
    match endpoint.endpoint_type {
        EndpointType::Udp => "UDP",
        EndpointType::Http
        | EndpointType::Grpc
        | EndpointType::GraphQl
        | EndpointType::Websocket
        | EndpointType::Tcp => "TCP",
    }
}

fn sanitize(name: &str) -> String {
    let clean: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c == '_' { '-' } else { c })
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    let clean = clean.trim_matches('-');
    clean[..clean.len().min(MAX_PORT_NAME)]
        .trim_end_matches('-')
        .to_owned()
}

fn unique(base: String, names: &mut BTreeSet<String>) -> String {
    let mut name = base.clone();
    let mut number = 2;
    while !names.insert(name.clone()) {
        let suffix = format!("-{number}");
        let keep = base.len().min(MAX_PORT_NAME - suffix.len());
        name = format!("{}{suffix}", base[..keep].trim_end_matches('-'));
        number += 1;
    }
    name
}
