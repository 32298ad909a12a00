//! How many requests were sent, by verb and resource: what "nothing changed, so nothing was sent" is tested with.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use http::{Method, Request};

/// One line of the count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The verb as Kubernetes names it for authorization: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`.
    pub verb: &'static str,
    /// The resource as `deployments.apps` or `pods/log`; `-` for what is no resource, such as discovery.
    pub resource: String,
    /// How many requests were sent since the start.
    pub sent: u64,
}

/// Counts every request of a client, retries and watches included. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Requests(Arc<Mutex<BTreeMap<(&'static str, String), u64>>>);

impl Requests {
    /// The count so far.
    #[must_use]
    pub fn counts(&self) -> Vec<Count> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = |((verb, resource), sent): (&(&'static str, String), &u64)| Count {
            verb,
            resource: resource.clone(),
            sent: *sent,
        };
        counts.iter().map(line).collect()
    }

    /// How many requests were sent that read or write objects on purpose: watches, which the server ends from time to
    /// time, and leases, which are renewed by the clock, are left out.
    #[must_use]
    pub fn deliberate(&self) -> u64 {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let chosen = counts.iter().filter(|((verb, resource), _)| {
            *verb != "watch" && resource != "leases.coordination.k8s.io"
        });
        chosen.map(|(_, sent)| sent).sum()
    }

    pub(crate) fn add<B>(&self, request: &Request<B>) {
        let line = classify(
            request.method(),
            request.uri().path(),
            request.uri().query(),
        );
        *self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(line)
            .or_default() += 1;
    }
}

/// Verb and resource of a request, by the paths that every API server serves.
fn classify(method: &Method, path: &str, query: Option<&str>) -> (&'static str, String) {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let group = match parts.next() {
        Some("api") => Some(""),
        Some("apis") => parts.next(),
        _ => None,
    };
    let rest: Vec<&str> = parts.skip(1).collect();
    let (resource, named) = match (group, rest.as_slice()) {
        (Some(group), ["namespaces", _, resource, rest @ ..]) => {
            (join(group, resource, rest), !rest.is_empty())
        }
        (Some(group), [resource, rest @ ..]) => (join(group, resource, rest), !rest.is_empty()),
        _ => ("-".to_owned(), true),
    };
    let watches = query.is_some_and(|query| query.split('&').any(|part| part == "watch=true"));
    let verb = match *method {
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        _ if watches => "watch",
        _ if named => "get",
        _ => "list",
    };
    (verb, resource)
}

fn join(group: &str, resource: &str, rest: &[&str]) -> String {
    let sub = rest.get(1).map(|sub| format!("/{sub}")).unwrap_or_default();
    if group.is_empty() {
        format!("{resource}{sub}")
    } else {
        format!("{resource}.{group}{sub}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: Method, uri: &str, verb: &str, resource: &str) {
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        assert_eq!(
            classify(&method, path, Some(query)),
            (verb, resource.to_owned()),
            "{uri}"
        );
    }

    #[test]
    fn requests_are_counted_by_verb_and_resource() {
        check(
            Method::PATCH,
            "/apis/apps/v1/namespaces/n/deployments/d?force=true",
            "patch",
            "deployments.apps",
        );
        check(
            Method::GET,
            "/api/v1/namespaces/n/pods/p/log?follow=true",
            "get",
            "pods/log",
        );
        check(
            Method::GET,
            "/apis/apps/v1/deployments?&watch=true&a=b",
            "watch",
            "deployments.apps",
        );
        check(Method::GET, "/api/v1/namespaces", "list", "namespaces");
        check(Method::GET, "/api/v1/namespaces/n", "get", "namespaces");
        check(
            Method::DELETE,
            "/api/v1/namespaces/n",
            "delete",
            "namespaces",
        );
        check(Method::GET, "/version", "get", "-");
        check(Method::GET, "/apis/apps/v1", "get", "-");
    }
}
