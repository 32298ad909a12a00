//! Logs of others, sent on over OTLP: what an agent reads from the pods of its cluster.

use std::time::Duration;

use jiff::Timestamp;
use opentelemetry_proto::tonic::{
    collector::logs::v1::{ExportLogsServiceRequest, logs_service_client::LogsServiceClient},
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    resource::v1::Resource,
};
use tonic::transport::Channel;

use super::{Config, Error, export};

/// Lines of one origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogBatch {
    /// Attributes of the origin, such as `k8s.pod.name`.
    pub attributes: Vec<(String, String)>,
    /// The lines and when they were written.
    pub lines: Vec<(Timestamp, String)>,
}

/// Sends logs of others to an OTLP endpoint.
#[derive(Debug, Clone)]
pub struct LogShipper {
    client: LogsServiceClient<Channel>,
    scope: String,
}

/// How long one export may take.
const EXPORT: Duration = Duration::from_secs(10);

impl LogShipper {
    /// A shipper to `config.otlp_endpoint`, which may be away; `scope` names who has collected the logs. Call it inside
    /// the runtime. `None` if there is no endpoint.
    ///
    /// # Errors
    /// When the endpoint is not an address, or its certificate authority cannot be read.
    pub fn new(config: &Config, scope: impl Into<String>) -> Result<Option<Self>, Error> {
        let Some(endpoint) = &config.otlp_endpoint else {
            return Ok(None);
        };
        let channel = export::connect(endpoint, config)?;
        Ok(Some(Self {
            client: LogsServiceClient::new(channel),
            scope: scope.into(),
        }))
    }

    /// Sends lines; they are kept by the other side when this returns.
    ///
    /// # Errors
    /// In words for an operator, when they were not taken. The same lines may be sent again.
    pub async fn ship(&mut self, batches: &[LogBatch], observed: Timestamp) -> Result<(), String> {
        let resource_logs = batches
            .iter()
            .map(|batch| self.encode(batch, observed))
            .collect();
        let request = ExportLogsServiceRequest { resource_logs };
        match tokio::time::timeout(EXPORT, self.client.export(request)).await {
            Ok(Ok(answer)) => match answer.into_inner().partial_success {
                Some(partial) if partial.rejected_log_records > 0 => {
                    // They would be rejected again: what was taken counts.
                    tracing::warn!(
                        lines = partial.rejected_log_records,
                        reason = partial.error_message,
                        "log lines were rejected"
                    );
                    Ok(())
                }
                _ => Ok(()),
            },
            Ok(Err(status)) => Err(format!(
                "the OTLP endpoint answers {:?}: {}",
                status.code(),
                status.message()
            )),
            Err(_) => Err("the OTLP endpoint does not answer in time".to_owned()),
        }
    }

    fn encode(&self, batch: &LogBatch, observed: Timestamp) -> ResourceLogs {
        let attribute = |(key, value): &(String, String)| KeyValue {
            key: key.clone(),
            value: Some(text(value)),
            ..KeyValue::default()
        };
        let record = |(at, line): &(Timestamp, String)| LogRecord {
            time_unix_nano: nanos(*at),
            observed_time_unix_nano: nanos(observed),
            body: Some(text(line)),
            ..LogRecord::default()
        };
        ResourceLogs {
            resource: Some(Resource {
                attributes: batch.attributes.iter().map(attribute).collect(),
                ..Resource::default()
            }),
            scope_logs: vec![ScopeLogs {
                scope: Some(InstrumentationScope {
                    name: self.scope.clone(),
                    ..InstrumentationScope::default()
                }),
                log_records: batch.lines.iter().map(record).collect(),
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }
    }
}

fn text(text: &str) -> AnyValue {
    AnyValue {
        value: Some(Value::StringValue(text.to_owned())),
    }
}

fn nanos(at: Timestamp) -> u64 {
    u64::try_from(at.as_nanosecond()).unwrap_or(0)
}
