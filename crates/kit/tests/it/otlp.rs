//! What a process sends over OTLP, taken by a real receiver.

use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{
    LogsService, LogsServiceServer,
};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status, async_trait};

use crate::process::{Running, SOON, until_ready};

/// The names of what was received.
#[derive(Clone, Default)]
struct Received {
    spans: Arc<Mutex<Vec<String>>>,
    metrics: Arc<Mutex<Vec<String>>>,
    lines: Arc<Mutex<Vec<String>>>,
}

fn add(list: &Mutex<Vec<String>>, more: impl Iterator<Item = String>) {
    list.lock().expect("no test panics here").extend(more);
}

#[async_trait]
impl TraceService for Received {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let scopes = request
            .into_inner()
            .resource_spans
            .into_iter()
            .flat_map(|r| r.scope_spans);
        add(
            &self.spans,
            scopes.flat_map(|scope| scope.spans).map(|span| span.name),
        );
        Ok(Response::new(Default::default()))
    }
}

#[async_trait]
impl MetricsService for Received {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let scopes = request.into_inner().resource_metrics.into_iter();
        let metrics = scopes
            .flat_map(|r| r.scope_metrics)
            .flat_map(|scope| scope.metrics);
        add(&self.metrics, metrics.map(|metric| metric.name));
        Ok(Response::new(Default::default()))
    }
}

#[async_trait]
impl LogsService for Received {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        let logs = request.into_inner().resource_logs.into_iter();
        let records = logs
            .flat_map(|r| r.scope_logs)
            .flat_map(|scope| scope.log_records);
        add(
            &self.lines,
            records.map(|record| format!("{:?}", record.body)),
        );
        Ok(Response::new(Default::default()))
    }
}

#[tokio::test]
async fn spans_metrics_and_logs_are_sent_before_the_process_ends() {
    let received = Received::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tasks = kit::Tasks::new();
    let server = Server::builder()
        .add_service(TraceServiceServer::new(received.clone()))
        .add_service(MetricsServiceServer::new(received.clone()))
        .add_service(LogsServiceServer::new(received.clone()));
    tasks.spawn_once("receiver", move |shutdown| async move {
        let incoming = TcpListenerStream::new(listener);
        server
            .serve_with_incoming_shutdown(incoming, async move { shutdown.soft().await })
            .await
    });

    let endpoint = format!("kit.telemetry.otlp_endpoint=http://{address}");
    let running = Running::start(&["--set", &endpoint]);
    until_ready(&running).await;
    running.signal("TERM");
    let (code, rest) = running.end().await;
    assert_eq!(code, Some(0), "{rest}");

    let has = |list: &Mutex<Vec<String>>, name: &str| {
        let list = list.lock().unwrap();
        assert!(
            list.iter().any(|found| found.contains(name)),
            "no `{name}` in {list:?}"
        );
    };
    has(&received.spans, "wake");
    has(&received.metrics, "wake.run.duration");
    has(&received.lines, "ready");
    assert!(tasks.stop(SOON).await.is_empty());
}
