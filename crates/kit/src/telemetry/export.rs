//! The OpenTelemetry providers of a process.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{LogExporter, MetricExporter, SpanExporter, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use super::{Config, Error};

/// The providers. Without an endpoint spans still get their ids, so that the trace context is passed on.
#[derive(Debug)]
pub(super) struct Exports {
    tracer: SdkTracerProvider,
    meter: SdkMeterProvider,
    logger: Option<SdkLoggerProvider>,
    registry: prometheus::Registry,
}

/// How long one export may take.
const EXPORT: Duration = Duration::from_secs(10);

impl Exports {
    pub(super) fn new(binary: &str, config: &Config) -> Result<Self, Error> {
        let resource = resource(binary, config);
        let registry = prometheus::Registry::new();
        let scraped = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .build()
            .map_err(Error::Metrics)?;
        let mut tracer = SdkTracerProvider::builder().with_resource(resource.clone());
        let mut meter = SdkMeterProvider::builder()
            .with_resource(resource.clone())
            .with_reader(scraped);
        let mut logger = None;
        if let Some(endpoint) = &config.otlp_endpoint {
            let channel = connect(endpoint, config)?;
            let spans = SpanExporter::builder()
                .with_tonic()
                .with_channel(channel.clone());
            tracer = tracer.with_batch_exporter(spans.build().map_err(Error::Exporter)?);
            let metrics = MetricExporter::builder()
                .with_tonic()
                .with_channel(channel.clone());
            let metrics = PeriodicReader::builder(metrics.build().map_err(Error::Exporter)?)
                .with_interval(*config.metrics_period)
                .build();
            meter = meter.with_reader(metrics);
            let logs = LogExporter::builder().with_tonic().with_channel(channel);
            let logs = logs.build().map_err(Error::Exporter)?;
            let provider = SdkLoggerProvider::builder().with_resource(resource);
            logger = Some(provider.with_batch_exporter(logs).build());
        }
        Ok(Self {
            tracer: tracer.build(),
            meter: meter.build(),
            logger,
            registry,
        })
    }

    /// The layer that turns `tracing` spans into OpenTelemetry's.
    pub(super) fn trace_layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: tracing::Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let own = filter_fn(|metadata| !is_transport(metadata.target()));
        tracing_opentelemetry::layer()
            .with_tracer(self.tracer.tracer("quintet"))
            .with_filter(own)
    }

    /// The layer that sends log lines, if they are sent anywhere.
    pub(super) fn log_layer<S>(&self) -> Option<impl Layer<S> + Send + Sync + use<S>>
    where
        S: tracing::Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let own = filter_fn(|metadata| !is_transport(metadata.target()));
        let logger = self.logger.as_ref()?;
        Some(OpenTelemetryTracingBridge::new(logger).with_filter(own))
    }

    /// Makes the meters of the whole process record here.
    pub(super) fn install(&self) {
        opentelemetry::global::set_meter_provider(self.meter.clone());
    }

    pub(super) fn metrics(&self) -> prometheus::Registry {
        self.registry.clone()
    }

    /// Sends what is left. It blocks.
    pub(super) fn shutdown(&self, limit: Duration) {
        let results = [
            self.tracer.shutdown_with_timeout(limit),
            self.meter.shutdown_with_timeout(limit),
            self.logger
                .as_ref()
                .map_or(Ok(()), |logger| logger.shutdown_with_timeout(limit)),
        ];
        for error in results.iter().filter_map(|result| result.as_ref().err()) {
            tracing::warn!(error = %crate::chain(error), "the last telemetry could not be sent");
        }
    }
}

/// What the export itself does must not be exported, or each export would cause the next.
fn is_transport(target: &str) -> bool {
    ["opentelemetry", "tonic", "h2", "hyper", "tower"]
        .iter()
        .any(|own| target.starts_with(own))
}

fn resource(binary: &str, config: &Config) -> Resource {
    let name = match config.service_name.as_str() {
        "" => binary,
        name => name,
    };
    let attributes = config.attributes.iter();
    Resource::builder()
        .with_service_name(name.to_owned())
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attributes(attributes.map(|(key, value)| KeyValue::new(key.clone(), value.clone())))
        .build()
}

pub(super) fn connect(endpoint: &str, config: &Config) -> Result<Channel, Error> {
    let wrong = |source| Error::Endpoint {
        endpoint: endpoint.to_owned(),
        source,
    };
    let mut channel = Endpoint::from_shared(endpoint.to_owned())
        .map_err(wrong)?
        .timeout(EXPORT)
        .connect_timeout(EXPORT);
    if let Some(path) = &config.otlp_ca {
        let authority = std::fs::read(path).map_err(|source| Error::Authority {
            path: path.clone(),
            source,
        })?;
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority));
        channel = channel.tls_config(tls).map_err(wrong)?;
    }
    Ok(channel.connect_lazy())
}
