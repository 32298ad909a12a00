//! The role `collect`: the logs of managed pods, sent on over OTLP with the platform's labels.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use cluster::{
    Cluster, Selection,
    collect::{self, Chunk, Sink},
};
use kit::{
    Clock, StartError, Tasks,
    config::HumanDuration,
    telemetry::{LogBatch, LogShipper},
};
use model::label;

use crate::Role;

/// The logs of managed pods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether this process collects them.
    pub enabled: bool,
    /// Where they are sent by OTLP over gRPC; empty for `kit.telemetry.otlp_endpoint`.
    pub endpoint: String,
    /// How many containers are followed at the same time.
    pub streams: usize,
    /// How long lines are gathered before they are sent.
    pub delay: HumanDuration,
    /// File that remembers how far each log was sent; empty for `collect.json` beside `link.identity_file`.
    pub positions: PathBuf,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            endpoint: String::new(),
            streams: 500,
            delay: HumanDuration::from_millis(200),
            positions: PathBuf::new(),
        }
    }
}

/// Spawns the collector, if it is wanted and has somewhere to send to.
///
/// # Errors
/// When the endpoint cannot be used.
pub(crate) fn spawn(
    tasks: &Tasks,
    role: &Role,
    config: &crate::Config,
    cluster: Cluster,
) -> Result<(), StartError> {
    let mut telemetry = config.kit.telemetry.clone();
    if !config.collect.endpoint.is_empty() {
        telemetry.otlp_endpoint = Some(config.collect.endpoint.clone());
    }
    let shipper = LogShipper::new(&telemetry, format!("{}/collect", role.service))?;
    let Some(shipper) = shipper.filter(|_| config.collect.enabled) else {
        return Ok(());
    };
    let positions = match config.collect.positions.as_os_str().is_empty() {
        true => config.link.identity_file.with_file_name("collect.json"),
        false => config.collect.positions.clone(),
    };
    let settings = collect::Config {
        selection: Selection(role.pods.clone()),
        label_prefix: label::PREFIX.to_owned(),
        streams: config.collect.streams,
        delay: *config.collect.delay,
        positions,
    };
    let sink = Otlp {
        shipper,
        clock: Clock::system(),
    };
    tasks.spawn_once("collect", move |shutdown| async move {
        shutdown
            .unless(collect::collect(cluster, settings, sink))
            .await;
    });
    Ok(())
}

struct Otlp {
    shipper: LogShipper,
    clock: Clock,
}

impl Sink for Otlp {
    async fn take(&mut self, chunks: &[Chunk]) -> Result<(), String> {
        let batches: Vec<LogBatch> = chunks.iter().map(batch).collect();
        self.shipper.ship(&batches, self.clock.now()).await
    }
}

fn batch(chunk: &Chunk) -> LogBatch {
    let source = &chunk.source;
    let mut attributes = vec![
        ("k8s.namespace.name".to_owned(), source.namespace.clone()),
        ("k8s.pod.name".to_owned(), source.pod.clone()),
        ("k8s.pod.uid".to_owned(), source.uid.clone()),
        ("k8s.container.name".to_owned(), source.container.clone()),
    ];
    attributes.extend(source.labels.clone());
    let lines = chunk
        .lines
        .iter()
        .map(|line| (line.at, line.text.clone()))
        .collect();
    LogBatch { attributes, lines }
}
