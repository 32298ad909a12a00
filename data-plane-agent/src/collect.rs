//! The `collect` role: ships the logs of managed pods as OTLP with platform labels.
//!
//! Pods are found by their platform labels and followed through the Kubernetes API. What cannot be shipped waits in a
//! bounded queue; a follow that breaks is resumed where it was.

mod follow;
mod ship;

use std::time::Duration;

use cluster::Cluster;
use kit::{TaskSpec, Tasks};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// Shipping the logs of managed pods.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether this agent collects.
    pub enabled: bool,
    /// OTLP over gRPC: where logs are sent.
    pub endpoint: String,
    /// How often pods are looked for.
    pub period: kit::config::HumanDuration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            endpoint: "http://127.0.0.1:4317".to_owned(),
            period: kit::config::HumanDuration::from_secs(2),
        }
    }
}

/// Lines that wait to be shipped.
const QUEUE: usize = 8192;
/// Pods that are followed at the same time.
const FOLLOWS: usize = 512;
/// How long a batch is gathered.
const GATHER: Duration = Duration::from_millis(200);

pub(crate) fn spawn(tasks: &Tasks, config: &Config, cluster: Cluster) {
    if !config.enabled {
        return;
    }
    let (lines, queue) = mpsc::channel(QUEUE);
    let children = tasks.children("collect.follow", FOLLOWS);
    let period = *config.period;
    tasks.spawn(TaskSpec::restarting("collect"), move |shutdown| {
        let (cluster, lines, children) = (cluster.clone(), lines.clone(), children.clone());
        async move {
            shutdown.unless(follow::run(cluster, lines, children, period)).await;
        }
    });
    let endpoint = config.endpoint.clone();
    tasks.spawn_once("collect.ship", move |shutdown| async move {
        shutdown.unless(ship::run(endpoint, queue)).await.unwrap_or(Ok(()))
    });
}
