//! Where a component can be reached, read from what it rendered (reference 2.6).

use std::collections::BTreeMap;

use model::{
    kinds::{
        endpoint::{Endpoint, EndpointType},
        gateway::{Gateway, GatewayListener, GatewayListeners},
        release_binding::status::{EndpointStatus, EndpointUrl, GatewayUrls},
    },
    label,
};

use crate::{object, tree::Tree};

/// The endpoints of a component that a Service or a route serves, with their URLs, by name.
///
/// The listeners of `gateway` give URLs their ports: of the one that templates see, so that no route is
/// rendered for a door that then has no URL. The reference looks at that of the environment alone.
#[must_use]
pub fn resolve<'a, T: Tree + 'a>(
    endpoints: &BTreeMap<String, Endpoint>,
    objects: impl Iterator<Item = &'a T> + Clone,
    gateway: Option<&Gateway>,
) -> Vec<EndpointStatus> {
    let service = best_service(endpoints, objects.clone());
    let mut statuses = Vec::new();
    for (name, endpoint) in endpoints {
        let mut status = EndpointStatus {
            name: name.clone(),
            endpoint_type: Some(endpoint.endpoint_type),
            service_url: service.and_then(|service| service_url(service, endpoint)),
            ..EndpointStatus::default()
        };
        let mut served = status.service_url.is_some();
        for route in objects
            .clone()
            .filter(|route| serves(*route, name, endpoint))
        {
            served = true;
            add_route(&mut status, route, endpoint, gateway);
        }
        if served {
            statuses.push(status);
        }
    }
    statuses
}

/// The Service that shares the most ports with the workload; the first wins a tie.
fn best_service<'a, T: Tree>(
    endpoints: &BTreeMap<String, Endpoint>,
    objects: impl Iterator<Item = &'a T>,
) -> Option<&'a T> {
    let mut best: Option<(&T, usize)> = None;
    for service in objects
        .filter(|object| object::kind(*object) == "Service" && object::api_version(*object) == "v1")
    {
        let shared = endpoints
            .values()
            .filter(|endpoint| has_port(service, endpoint.port))
            .count();
        if shared > 0 && best.is_none_or(|(_, most)| shared > most) {
            best = Some((service, shared));
        }
    }
    best.map(|(service, _)| service)
}

fn has_port<T: Tree>(service: &T, port: u16) -> bool {
    let ports = service.at(&["spec", "ports"]).map_or(&[][..], T::items);
    let number = |entry: &T| entry.get("port").and_then(T::as_f64);
    ports
        .iter()
        .any(|entry| number(entry) == Some(f64::from(port)))
}

fn service_url<T: Tree>(service: &T, endpoint: &Endpoint) -> Option<EndpointUrl> {
    if !has_port(service, endpoint.port) {
        return None;
    }
    let (name, namespace) = (object::name(service), object::namespace(service));
    Some(EndpointUrl {
        scheme: Some(plain_scheme(endpoint.endpoint_type).to_owned()),
        host: format!("{name}.{namespace}.svc.cluster.local"),
        port: Some(endpoint.port),
        path: endpoint.base_path.clone().filter(|path| !path.is_empty()),
    })
}

const fn plain_scheme(endpoint_type: EndpointType) -> &'static str {
    match endpoint_type {
        EndpointType::Http | EndpointType::GraphQl => "http",
        EndpointType::Websocket => "ws",
        EndpointType::Grpc => "grpc",
        EndpointType::Tcp => "tcp",
        EndpointType::Udp => "udp",
    }
}

const fn secure_scheme(endpoint_type: EndpointType) -> &'static str {
    match endpoint_type {
        EndpointType::Http | EndpointType::GraphQl => "https",
        EndpointType::Websocket => "wss",
        EndpointType::Grpc => "grpcs",
        EndpointType::Tcp | EndpointType::Udp => "tls",
    }
}

/// Whether an object is a route that serves this endpoint.
fn serves<T: Tree>(route: &T, name: &str, endpoint: &Endpoint) -> bool {
    if object::group_of(object::api_version(route)) != "gateway.networking.k8s.io" {
        return false;
    }
    let fits = match (object::kind(route), endpoint.endpoint_type) {
        ("HTTPRoute", EndpointType::Tcp | EndpointType::Udp) => false,
        ("HTTPRoute", _) => true,
        ("GRPCRoute", kind) => kind == EndpointType::Grpc,
        ("TLSRoute", kind) => kind != EndpointType::Udp,
        _ => false,
    };
    fits && object::text(route, &["metadata", "labels", label::ENDPOINT_NAME]) == name
}

fn add_route<T: Tree>(
    status: &mut EndpointStatus,
    route: &T,
    endpoint: &Endpoint,
    gateway: Option<&Gateway>,
) {
    let Some(host) = route
        .get("spec")
        .and_then(|spec| first(spec, "hostnames")?.as_str())
    else {
        return;
    };
    let external =
        object::text(route, &["metadata", "labels", label::ENDPOINT_VISIBILITY]) == "external";
    let ingress = gateway.and_then(|gateway| gateway.ingress.as_ref());
    let listeners = ingress.and_then(|pair| {
        if external {
            pair.external.as_ref()
        } else {
            pair.internal.as_ref()
        }
    });
    let Some(listeners) = listeners else { return };
    let urls = urls(route, host, endpoint.endpoint_type, listeners);
    if urls.is_empty() {
        return;
    }
    let slot = if external {
        &mut status.external_urls
    } else {
        &mut status.internal_urls
    };
    let slot = slot.get_or_insert_default();
    slot.http = urls.http.or(slot.http.take());
    slot.https = urls.https.or(slot.https.take());
    slot.tls = urls.tls.or(slot.tls.take());
}

fn urls<T: Tree>(
    route: &T,
    host: &str,
    endpoint_type: EndpointType,
    listeners: &GatewayListeners,
) -> GatewayUrls {
    let path = path_of(route);
    let url = |scheme: &str, listener: &GatewayListener| EndpointUrl {
        scheme: Some(scheme.to_owned()),
        host: host.to_owned(),
        port: Some(listener.port).filter(|port| *port != 0),
        path: path.clone(),
    };
    if object::kind(route) == "TLSRoute" {
        let tls = listeners
            .tls
            .as_ref()
            .map(|listener| url(secure_scheme(endpoint_type), listener));
        return GatewayUrls {
            tls,
            ..GatewayUrls::default()
        };
    }
    GatewayUrls {
        http: listeners
            .http
            .as_ref()
            .map(|listener| url(plain_scheme(endpoint_type), listener)),
        https: listeners
            .https
            .as_ref()
            .map(|listener| url(secure_scheme(endpoint_type), listener)),
        tls: None,
    }
}

/// The path under which a route is reached: its annotation, or the first match of an HTTPRoute.
fn path_of<T: Tree>(route: &T) -> Option<String> {
    let annotated = object::text(
        route,
        &["metadata", "annotations", label::ENDPOINT_BASE_PATH],
    );
    if !annotated.is_empty() {
        return Some(annotated.to_owned());
    }
    if object::kind(route) != "HTTPRoute" {
        return None;
    }
    let found = first(first(route.get("spec")?, "rules")?, "matches")?;
    let path = found.at(&["path", "value"]).and_then(T::as_str)?;
    Some(path.to_owned()).filter(|path| !path.is_empty())
}

/// The first item of a list.
fn first<'a, T: Tree>(of: &'a T, list: &str) -> Option<&'a T> {
    of.get(list)?.items().first()
}
