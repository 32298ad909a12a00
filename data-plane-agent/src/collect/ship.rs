//! Shipping lines as OTLP logs.

use std::{collections::HashMap, sync::Arc, time::Duration};

use opentelemetry_proto::tonic::{
    collector::logs::v1::{ExportLogsServiceRequest, logs_service_client::LogsServiceClient},
    common::v1::{AnyValue, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    resource::v1::Resource,
};
use tokio::sync::mpsc;
use tonic::transport::Endpoint;

use super::{
    GATHER,
    follow::{Line, Source},
};

/// Lines of one batch.
const BATCH: usize = 512;
/// How long a shipment may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// Ships what comes, batch by batch; a batch that was not taken is sent again.
pub(super) async fn run(endpoint: String, mut queue: mpsc::Receiver<Line>) -> Result<(), tonic::transport::Error> {
    let channel = Endpoint::from_shared(endpoint)?.connect_timeout(DEADLINE).timeout(DEADLINE).connect_lazy();
    let mut client = LogsServiceClient::new(channel);
    let mut delays = kit::Backoff::default().delays();
    loop {
        let mut lines = Vec::with_capacity(BATCH);
        if queue.recv_many(&mut lines, BATCH).await == 0 {
            return Ok(());
        }
        tokio::time::sleep(GATHER).await;
        while lines.len() < BATCH {
            let Ok(line) = queue.try_recv() else { break };
            lines.push(line);
        }
        let request = to_request(&lines);
        while let Err(error) = client.export(request.clone()).await {
            tracing::debug!(%error, "logs cannot be shipped now");
            tokio::time::sleep(delays.next_delay()).await;
        }
        delays = kit::Backoff::default().delays();
    }
}

fn to_request(lines: &[Line]) -> ExportLogsServiceRequest {
    let mut sources: Vec<(Arc<Source>, Vec<LogRecord>)> = Vec::new();
    let mut places: HashMap<*const Source, usize> = HashMap::new();
    for line in lines {
        let place = *places.entry(Arc::as_ptr(&line.source)).or_insert_with(|| {
            sources.push((Arc::clone(&line.source), Vec::new()));
            sources.len() - 1
        });
        sources[place].1.push(record(line));
    }
    let resource_logs = sources.into_iter().map(|(source, log_records)| ResourceLogs {
        resource: Some(Resource { attributes: attributes(&source), ..Resource::default() }),
        scope_logs: vec![ScopeLogs { log_records, ..ScopeLogs::default() }],
        schema_url: String::new(),
    });
    ExportLogsServiceRequest { resource_logs: resource_logs.collect() }
}

fn record(line: &Line) -> LogRecord {
    let nanos = u64::try_from(line.at.as_nanosecond()).unwrap_or_default();
    LogRecord {
        time_unix_nano: nanos,
        observed_time_unix_nano: nanos,
        body: Some(text(&line.text)),
        ..LogRecord::default()
    }
}

fn attributes(source: &Source) -> Vec<KeyValue> {
    let pod = [
        ("k8s.namespace.name", &source.namespace),
        ("k8s.pod.name", &source.pod),
        ("k8s.container.name", &source.container),
    ];
    let labels = source.labels.iter().map(|(name, value)| (name.as_str(), value));
    pod.into_iter()
        .chain(labels)
        .map(|(name, value)| KeyValue {
            key: name.to_owned(),
            value: Some(text(value)),
            ..KeyValue::default()
        })
        .collect()
}

fn text(value: &str) -> AnyValue {
    AnyValue { value: Some(Value::StringValue(value.to_owned())) }
}
