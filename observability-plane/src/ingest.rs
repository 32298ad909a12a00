//! Taking telemetry: OTLP over gRPC and over HTTP.
//!
//! Logs are kept. Traces and metrics are taken and counted, so that senders need no other place; they are not kept yet.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::{
            ExportLogsServiceRequest, ExportLogsServiceResponse, logs_service_server::LogsService,
        },
        metrics::v1::{
            ExportMetricsServiceRequest, ExportMetricsServiceResponse,
            metrics_service_server::MetricsService,
        },
        trace::v1::{
            ExportTraceServiceRequest, ExportTraceServiceResponse,
            trace_service_server::TraceService,
        },
    },
    common::v1::{AnyValue, KeyValue, any_value::Value},
    logs::v1::LogRecord,
};
use prost::Message;
use tonic::{Request, Response as Answer, Status};

use model::{Code, label};
use telemetry::{Entry, Scope, Store};

/// Takes telemetry. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Ingest {
    store: Store,
}

impl Ingest {
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    async fn take(&self, request: ExportLogsServiceRequest) -> Result<(), Status> {
        let entries = entries(request);
        if entries.is_empty() {
            return Ok(());
        }
        self.store.append(entries).await.map_err(|error| {
            tracing::error!(error = %kit::chain(&error), "logs could not be kept");
            proto::status::from_code(Code::Unavailable, "logs cannot be kept now: try again")
        })
    }
}

#[tonic::async_trait]
impl LogsService for Ingest {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Answer<ExportLogsServiceResponse>, Status> {
        self.take(request.into_inner()).await?;
        Ok(Answer::new(ExportLogsServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl TraceService for Ingest {
    async fn export(
        &self,
        _: Request<ExportTraceServiceRequest>,
    ) -> Result<Answer<ExportTraceServiceResponse>, Status> {
        Ok(Answer::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Ingest {
    async fn export(
        &self,
        _: Request<ExportMetricsServiceRequest>,
    ) -> Result<Answer<ExportMetricsServiceResponse>, Status> {
        Ok(Answer::new(ExportMetricsServiceResponse::default()))
    }
}

/// OTLP over HTTP, in protobuf or JSON.
pub(crate) fn router(ingest: Ingest) -> Router {
    Router::new()
        .route("/v1/logs", post(logs))
        .route("/v1/traces", post(|| async { StatusCode::OK }))
        .route("/v1/metrics", post(|| async { StatusCode::OK }))
        .with_state(ingest)
}

async fn logs(State(ingest): State<Ingest>, headers: HeaderMap, body: Bytes) -> Response {
    let is_json = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/json"));
    let request = if is_json {
        serde_json::from_slice(&body).map_err(|error| error.to_string())
    } else {
        ExportLogsServiceRequest::decode(body).map_err(|error| error.to_string())
    };
    match request {
        Err(error) => (
            StatusCode::BAD_REQUEST,
            format!("not an OTLP request: {error}"),
        )
            .into_response(),
        Ok(request) => match ingest.take(request).await {
            Ok(()) => StatusCode::OK.into_response(),
            Err(status) => {
                (StatusCode::SERVICE_UNAVAILABLE, status.message().to_owned()).into_response()
            }
        },
    }
}

fn entries(request: ExportLogsServiceRequest) -> Vec<Entry> {
    let mut entries = Vec::new();
    for resource in request.resource_logs {
        let attributes = resource
            .resource
            .map(|resource| resource.attributes)
            .unwrap_or_default();
        let attribute = |name: &str| find(&attributes, name);
        let scope = Scope {
            namespace: first(
                attribute(label::NAMESPACE),
                attribute(label::WORKFLOW_RUN_NAMESPACE),
            ),
            project: attribute(label::PROJECT),
            component: first(attribute(label::COMPONENT), attribute("service.name")),
            environment: attribute(label::ENVIRONMENT),
            workflow_run: attribute(label::WORKFLOW_RUN),
            task: String::new(),
        };
        let base = Entry {
            scope,
            pod: attribute("k8s.pod.name"),
            container: attribute("k8s.container.name"),
            pod_namespace: attribute("k8s.namespace.name"),
            ..Entry::default()
        };
        let records = resource
            .scope_logs
            .into_iter()
            .flat_map(|scope| scope.log_records);
        entries.extend(records.map(|record| entry(&base, record)));
    }
    entries
}

fn entry(base: &Entry, record: LogRecord) -> Entry {
    let time = match record.time_unix_nano {
        0 => record.observed_time_unix_nano,
        time => time,
    };
    let level = match record.severity_number {
        1..=8 => "DEBUG",
        9..=12 => "INFO",
        13..=16 => "WARN",
        17..=24 => "ERROR",
        _ => "",
    };
    Entry {
        time_ns: i64::try_from(time).unwrap_or(i64::MAX),
        level: level.to_owned(),
        text: record.body.as_ref().map(text).unwrap_or_default(),
        ..base.clone()
    }
}

fn find(attributes: &[KeyValue], name: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == name);
    found
        .and_then(|attribute| attribute.value.as_ref())
        .map(text)
        .unwrap_or_default()
}

fn first(one: String, other: String) -> String {
    if one.is_empty() { other } else { one }
}

fn text(value: &AnyValue) -> String {
    match &value.value {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::BoolValue(truth)) => truth.to_string(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        Some(other) => serde_json::to_string(other).unwrap_or_default(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_belongs_to_whom_its_pod_is_labelled() {
        let request: ExportLogsServiceRequest = serde_json::from_value(serde_json::json!({
            "resourceLogs": [{
                "resource": {"attributes": [
                    {"key": "openchoreo.dev/component", "value": {"stringValue": "greeter"}},
                    {"key": "k8s.pod.name", "value": {"stringValue": "greeter-1"}},
                ]},
                "scopeLogs": [{"logRecords": [{"timeUnixNano": "5", "body": {"stringValue": "hello"}, "severityNumber": 17}]}],
            }],
        }))
        .unwrap();
        let entries = entries(request);
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].scope.component, "greeter");
        assert_eq!(
            (entries[0].time_ns, entries[0].level.as_str()),
            (5, "ERROR")
        );
    }
}
