//! Wiring.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::{
    logs::v1::logs_service_server::LogsServiceServer,
    metrics::v1::metrics_service_server::MetricsServiceServer,
    trace::v1::trace_service_server::TraceServiceServer,
};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Endpoint, Server};

use kit::{Outcome, StartError, Tasks, wake::Wake};
use link::{About, Link};
use proto::query::logs_server::LogsServer;
use telemetry::Store;

use crate::{access::Access, config::Config, ingest::Ingest, observer, query::Queries};

/// How often it is looked for days to forget.
const FORGET_PERIOD: Duration = Duration::from_secs(3600);
/// Largest OTLP message.
const MAX_MESSAGE: usize = 16 << 20;

/// Starts the observability plane.
///
/// # Errors
/// When the configuration cannot be used: folder, addresses.
pub async fn start(config: Config, tasks: &Tasks) -> Result<(), StartError> {
    let store = Store::open(&config.logs.folder).await?;
    let channel = Endpoint::from_shared(config.control_plane.clone())?.connect_lazy();
    let queries = Queries::new(store.clone(), Access::new(channel));
    let ingest = Ingest::new(store.clone());

    let otlp = kit::listen::bind("OTLP over gRPC", config.listen.otlp_grpc).await?;
    let otlp_http = kit::listen::bind("OTLP over HTTP", config.listen.otlp_http).await?;
    let observer = kit::listen::bind("the Observer API", config.listen.observer).await?;
    let query = kit::listen::bind("queries", config.listen.query).await?;

    let taken = Server::builder()
        .add_service(LogsServiceServer::new(ingest.clone()).max_decoding_message_size(MAX_MESSAGE))
        .add_service(TraceServiceServer::new(ingest.clone()).max_decoding_message_size(MAX_MESSAGE))
        .add_service(
            MetricsServiceServer::new(ingest.clone()).max_decoding_message_size(MAX_MESSAGE),
        );
    tasks.spawn_once("otlp.grpc", move |shutdown| async move {
        taken
            .serve_with_incoming_shutdown(TcpListenerStream::new(otlp), async move {
                shutdown.soft().await
            })
            .await
    });
    let router = crate::ingest::router(ingest);
    tasks.spawn_once("otlp.http", move |shutdown| {
        kit::listen::serve(otlp_http, router, shutdown)
    });
    let router = observer::router(queries.clone());
    tasks.spawn_once("observer", move |shutdown| {
        kit::listen::serve(observer, router, shutdown)
    });
    let asked = Server::builder().add_service(LogsServer::new(queries));
    tasks.spawn_once("query", move |shutdown| async move {
        asked
            .serve_with_incoming_shutdown(TcpListenerStream::new(query), async move {
                shutdown.soft().await
            })
            .await
    });
    forget(tasks, &config, store);
    join(config, tasks).await
}

/// Forgets days that are older than they are kept.
fn forget(tasks: &Tasks, config: &Config, store: Store) {
    let (retention, clock) = (*config.logs.retention, kit::Clock::system());
    tasks.spawn_loop(&Wake::new("logs.forget", FORGET_PERIOD), move || {
        let (store, oldest) = (store.clone(), clock.now() - retention);
        async move {
            match store.forget_before(oldest).await? {
                0 => Ok::<_, telemetry::store::Error>(Outcome::Idle),
                _ => Ok(Outcome::Done),
            }
        }
    });
}

/// Links to the control plane, so that operators see this plane; nothing runs on it.
async fn join(config: Config, tasks: &Tasks) -> Result<(), StartError> {
    let about = About {
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        ..About::default()
    };
    let mut link = Link::start(config.link, about, Vec::new(), tasks).await?;
    tasks.spawn_once("link.heads", move |shutdown| async move {
        // Units are for clusters; one that comes here is taken off the link and left alone.
        while let Some(Some(accepted)) = shutdown.unless(link.accepted.next()).await {
            tracing::warn!(unit.id = %accepted.head.unit, "an observability plane runs no units");
        }
        shutdown.soft().await;
    });
    Ok(())
}
