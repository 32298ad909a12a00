//! Step 1: the door of the control plane. Authenticates, authorizes, and hands on.
//!
//! Every door of the platform, REST, Kubernetes style, MCP and portal, ends here, so there is one
//! place where rights are checked and writes admitted.

mod access;
mod gate;
mod list;
mod planes;
mod preview;
mod release;
mod rendered;
mod resources;
mod scope;
mod watch;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tonic::{
    Request, Status,
    transport::{Server, server::Router},
};

use authz::Subject;
use kit::Shutdown;
use model::{Code, Coded};
use proto::{
    preview::preview_server::PreviewServer,
    resources::{
        access_server::AccessServer, planes_server::PlanesServer, resources_server::ResourcesServer,
    },
};
use store::{Cause, Store};

use crate::{identity::Registry, link_service::Connections, policy::Policies};
use gate::Visit;

pub(crate) use gate::Gate;

/// Where the control plane listens.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address of the gRPC door. Loopback unless told otherwise; beyond it, use TLS.
    pub listen: std::net::SocketAddr,
    /// What previews may cost.
    pub preview: preview::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: ([127, 0, 0, 1], 7400).into(),
            preview: preview::Config::default(),
        }
    }
}

/// The gRPC services. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Ingress(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    gate: Gate,
    clock: kit::Clock,
    registry: Registry,
    connections: Connections,
    previews: preview::Previews,
    shutdown: Shutdown,
}

impl Ingress {
    pub(crate) fn new(
        config: &Config,
        store: Store,
        gate: Gate,
        (clock, shutdown): (kit::Clock, Shutdown),
        registry: Registry,
        connections: Connections,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            gate,
            clock,
            registry,
            connections,
            previews: preview::Previews::new(config.preview.clone()),
            shutdown,
        }))
    }

    /// Every service of the door.
    pub(crate) fn services(&self) -> Router {
        Server::builder()
            .add_service(self.resources())
            .add_service(self.access())
            .add_service(self.planes())
            .add_service(self.preview())
    }

    /// The service of objects.
    fn resources(&self) -> ResourcesServer<Self> {
        ResourcesServer::new(self.clone())
            .max_decoding_message_size(proto::MAX_MESSAGE)
            .max_encoding_message_size(proto::MAX_MESSAGE)
    }

    /// The service of rights.
    fn access(&self) -> AccessServer<Self> {
        AccessServer::new(self.clone())
    }

    /// The service of links.
    fn planes(&self) -> PlanesServer<Self> {
        PlanesServer::new(self.clone())
    }

    /// The service of previews.
    fn preview(&self) -> PreviewServer<Self> {
        PreviewServer::new(self.clone())
            .max_decoding_message_size(proto::MAX_MESSAGE)
            .max_encoding_message_size(proto::MAX_MESSAGE)
    }

    fn store(&self) -> &Store {
        &self.0.store
    }

    fn now(&self) -> jiff::Timestamp {
        self.0.clock.now()
    }

    /// Lets the caller of a request in.
    async fn enter<T>(&self, request: &Request<T>) -> Result<Visit, Status> {
        self.0.gate.enter(request).await
    }

    fn policies(&self) -> &Policies {
        self.0.gate.policies()
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
