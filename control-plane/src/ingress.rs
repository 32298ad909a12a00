//! Step 1: the door of the control plane. Authenticates, authorizes, and hands on.
//!
//! Every door of the platform, REST, Kubernetes style, MCP and portal, ends here, so there is one
//! place where rights are checked and writes admitted.

mod access;
mod planes;
mod release;
mod rendered;
mod resources;
mod scope;
mod watch;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tonic::{Request, Status};

use authz::{Action, Decision, ScopePath, Subject};
use kit::Shutdown;
use model::{Code, Coded};
use proto::resources::{
    access_server::AccessServer, planes_server::PlanesServer, resources_server::ResourcesServer,
};
use store::{Cause, Store};

use crate::{
    authenticate::{self, Authenticator},
    identity::Registry,
    link_service::Connections,
};

/// Where the control plane listens.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address of the gRPC door. Loopback unless told otherwise; beyond it, use TLS.
    pub listen: std::net::SocketAddr,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: ([127, 0, 0, 1], 7400).into(),
        }
    }
}

/// The gRPC services. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Ingress(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    authenticator: Arc<Authenticator>,
    clock: kit::Clock,
    registry: Registry,
    connections: Connections,
    shutdown: Shutdown,
}

impl Ingress {
    pub(crate) fn new(
        store: Store,
        authenticator: Arc<Authenticator>,
        clock: kit::Clock,
        registry: Registry,
        connections: Connections,
        shutdown: Shutdown,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            authenticator,
            clock,
            registry,
            connections,
            shutdown,
        }))
    }

    /// The service of objects.
    pub(crate) fn resources(&self) -> ResourcesServer<Self> {
        ResourcesServer::new(self.clone())
            .max_decoding_message_size(proto::MAX_MESSAGE)
            .max_encoding_message_size(proto::MAX_MESSAGE)
    }

    /// The service of rights.
    pub(crate) fn access(&self) -> AccessServer<Self> {
        AccessServer::new(self.clone())
    }

    /// The service of links.
    pub(crate) fn planes(&self) -> PlanesServer<Self> {
        PlanesServer::new(self.clone())
    }

    fn store(&self) -> &Store {
        &self.0.store
    }

    fn now(&self) -> jiff::Timestamp {
        self.0.clock.now()
    }

    /// The caller of a request.
    fn caller<T>(&self, request: &Request<T>) -> Result<&Subject, Status> {
        caller(&self.0.authenticator, request)
    }

    /// Whether the caller may do this; a refusal names what is missing.
    fn authorize(
        &self,
        subject: &Subject,
        action: &Action,
        scope: &ScopePath,
    ) -> Result<(), Status> {
        authorize(&self.0.authenticator, subject, action, scope)
    }

    fn cause(&self, subject: &Subject) -> Cause {
        Cause {
            actor: subject.name.clone(),
            at: self.now(),
            trace: kit::trace::current(),
            request_id: None,
        }
    }
}

/// The caller of a request.
pub(crate) fn caller<'a, T>(
    authenticator: &'a Authenticator,
    request: &Request<T>,
) -> Result<&'a Subject, Status> {
    let header = request
        .metadata()
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    let token = header.and_then(|header| header.strip_prefix("Bearer "));
    authenticator
        .verify(token)
        .map_err(|error: authenticate::Error| status(&error))
}

/// Whether the caller may do this.
pub(crate) fn authorize(
    authenticator: &Authenticator,
    subject: &Subject,
    action: &Action,
    scope: &ScopePath,
) -> Result<(), Status> {
    match authz::decide(authenticator.grants(), subject, action, scope) {
        Decision::Allowed => Ok(()),
        Decision::Denied | Decision::NotGranted => Err(proto::status::from_code(
            Code::Forbidden,
            format!("{} may not {action} here", subject.name),
        )),
    }
}

/// Joins the trace that the request carries.
pub(crate) fn adopt_trace<T>(span: &tracing::Span, request: &Request<T>) {
    if let Some(trace) = request
        .metadata()
        .get("traceparent")
        .and_then(|value| value.to_str().ok())
    {
        kit::trace::adopt(span, trace);
    }
}

/// The answer to a request that failed. What only an operator can mend is logged and given an id.
pub(crate) fn status<E: std::error::Error + Coded + 'static>(error: &E) -> Status {
    let code = error.code();
    if code == Code::Internal {
        return internal(error);
    }
    proto::status::from_code(code, error.to_string())
}

/// The answer to a request that failed for a reason that only the log tells.
pub(crate) fn internal(error: &(dyn std::error::Error + 'static)) -> Status {
    let chain = kit::chain(error);
    let id = &model::Digest::of(format!("{chain}{:?}", std::time::Instant::now()).as_bytes())
        .to_string()[..12];
    tracing::error!(error.id = id, error = %chain, "a request failed");
    proto::status::from_code(Code::Internal, format!("internal error {id}: see the log"))
}
