//! Logs, traces and metrics: to stderr, to `/metrics`, and over OTLP if there is somewhere to send them.

mod export;
mod ship;

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, reload};

use crate::config::HumanDuration;
use export::Exports;
pub use ship::{LogBatch, LogShipper};

/// What a process tells about itself, and whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What is logged: a level, or directives such as `info,link=debug`.
    pub log_level: String,
    /// How log lines are written to stderr.
    pub log_format: LogFormat,
    /// Where traces, metrics and logs are sent by OTLP over gRPC, such as `http://collector:4317`. Nowhere if not set.
    pub otlp_endpoint: Option<String>,
    /// The PEM file of the certificate authority of an `https` endpoint.
    pub otlp_ca: Option<PathBuf>,
    /// How often metrics are sent.
    pub metrics_period: HumanDuration,
    /// The name under which the process appears; the name of its binary if empty.
    pub service_name: String,
    /// Further attributes of the process, such as `plane.name`.
    pub attributes: BTreeMap<String, String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            log_level: "info".to_owned(),
            log_format: LogFormat::Text,
            otlp_endpoint: None,
            otlp_ca: None,
            metrics_period: HumanDuration::from_secs(30),
            service_name: String::new(),
            attributes: BTreeMap::new(),
        }
    }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
}

/// Why telemetry cannot be set up or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The level or its directives cannot be understood.
    #[error("`{0}` is no log level; write a level or directives, such as `info,link=debug`")]
    Level(String, #[source] tracing_subscriber::filter::ParseError),
    /// Telemetry was set up before in this process.
    #[error("telemetry was set up before in this process")]
    Twice(#[source] tracing_subscriber::util::TryInitError),
    /// The log level cannot be reached any more.
    #[error("the log level cannot be changed")]
    Reload(#[source] reload::Error),
    /// The endpoint is not an address.
    #[error("`{endpoint}` is no OTLP endpoint; write it as `http://host:4317`")]
    Endpoint {
        /// What was configured.
        endpoint: String,
        /// What is wrong with it.
        #[source]
        source: tonic::transport::Error,
    },
    /// The file of the certificate authority cannot be read.
    #[error("cannot read the certificate authority of the OTLP endpoint from `{}`", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// An exporter cannot be made.
    #[error("cannot make the OTLP exporter")]
    Exporter(#[source] opentelemetry_otlp::ExporterBuildError),
    /// The metrics of `/metrics` cannot be collected.
    #[error("cannot collect metrics")]
    Metrics(#[source] opentelemetry_sdk::error::OTelSdkError),
}

/// The telemetry of a process.
#[derive(Debug)]
pub(crate) struct Telemetry {
    exports: Exports,
    log_level: LogLevel,
}

/// The log level of a running process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LogLevel(reload::Handle<EnvFilter, Registry>);

impl LogLevel {
    /// Changes what is logged from now on.
    ///
    /// # Errors
    ///
    /// When `directives` cannot be understood; what is logged stays as it was.
    pub fn set(&self, directives: &str) -> Result<(), Error> {
        self.0.reload(parse(directives)?).map_err(Error::Reload)
    }
}

fn parse(directives: &str) -> Result<EnvFilter, Error> {
    EnvFilter::builder()
        .parse(directives)
        .map_err(|source| Error::Level(directives.to_owned(), source))
}

/// How long the last spans, metrics and logs may take to leave.
const FLUSH: Duration = Duration::from_secs(5);

impl Telemetry {
    /// Sets up logging, tracing and metrics for the whole process. Call it inside the runtime.
    pub(crate) fn init(binary: &str, config: &Config) -> Result<Self, Error> {
        let exports = Exports::new(binary, config)?;
        let (filter, handle) = reload::Layer::new(parse(&config.log_level)?);
        tracing_subscriber::registry()
            .with(filter)
            .with(lines(config.log_format))
            .with(exports.trace_layer())
            .with(exports.log_layer())
            .try_init()
            .map_err(Error::Twice)?;
        exports.install();
        log_panics();
        Ok(Self {
            exports,
            log_level: LogLevel(handle),
        })
    }

    pub(crate) fn log_level(&self) -> LogLevel {
        self.log_level.clone()
    }

    pub(crate) fn metrics(&self) -> prometheus::Registry {
        self.exports.metrics()
    }

    /// Sends what is left.
    pub(crate) async fn shutdown(self) {
        // The exporters block, and would block the runtime that carries them.
        let flush = tokio::task::spawn_blocking(move || self.exports.shutdown(FLUSH));
        if tokio::time::timeout(FLUSH * 2, flush).await.is_err() {
            tracing::warn!("the last telemetry could not be sent in time");
        }
    }
}

fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Text => layer.boxed(),
        LogFormat::Json => layer
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed(),
    }
}

/// Panics become log lines, so that they reach those who read the logs. Their consequence is `Tasks`'.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let location = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("without a message");
        tracing::error!(panic.location = location, "panic: {message}");
    }));
}
