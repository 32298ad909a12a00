//! Wiring.

use std::sync::Arc;

use cluster::{Access, Cluster, Settings};
use kit::{StartError, Tasks, tasks::Gate};
use link::{About, Link};
use reconcile::{Accepted, Engine};
use tokio::sync::mpsc;

use crate::config::Config;

/// Accepted heads that wait for the engine.
const WAITING: usize = 64;

/// Starts the workflow plane.
///
/// # Errors
/// When the configuration cannot be used. That the cluster or the hub is away is waited out.
pub async fn start(config: Config, tasks: &Tasks) -> Result<(), StartError> {
    let access = match config.cluster.kubeconfig.as_os_str().is_empty() {
        true => Access::InCluster,
        false => Access::Kubeconfig { path: config.cluster.kubeconfig.clone(), context: String::new() },
    };
    let cluster = Cluster::connect(&access, Settings::default()).await?;
    count_requests(&cluster);
    let (ready, tasks_of_link) = (tasks.gate("cluster"), tasks.clone());
    tasks.spawn_once("engine", move |shutdown| async move {
        shutdown.unless(serve(config, cluster, tasks_of_link, ready)).await.unwrap_or(Ok(()))
    });
    Ok(())
}

/// Loads what the cluster remembers, links to the hub, and runs. The link is never waited for.
async fn serve(config: Config, cluster: Cluster, tasks: Tasks, ready: Gate) -> Result<(), link::Error> {
    let clock = kit::Clock::system();
    let now = Arc::new(move || clock.now());
    let (engine, mut reported) =
        Engine::begin(cluster.clone(), config.cluster.namespace.clone(), now).await;
    ready.open();
    let about = about(&cluster).await;
    let mut link = Link::start(config.link, about, engine.heads(), &tasks).await?;
    let reports = link.reports().clone();
    let (accepted_to, accepted) = mpsc::channel(WAITING);
    let forward_reports = async {
        while let Some(report) = reported.recv().await {
            if let Err(error) = reports.put(report) {
                tracing::warn!(%error, "a report was dropped");
            }
        }
    };
    let forward_heads = async {
        while let Some(link::Accepted { head, bundle }) = link.accepted.next().await {
            if accepted_to.send(Accepted { head, bundle }).await.is_err() {
                return;
            }
        }
        // The engine goes on without the link.
        std::future::pending::<()>().await;
    };
    tokio::join!(engine.run(accepted), forward_reports, forward_heads);
    Ok(())
}

async fn about(cluster: &Cluster) -> About {
    let version = cluster.version().await.ok();
    About {
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        kubernetes_version: version.as_ref().map(|it| it.kubernetes.clone()).unwrap_or_default(),
        cluster_uid: version.map(|it| it.cluster_uid).unwrap_or_default(),
        features: Vec::new(),
    }
}

/// Publishes how many requests were sent to the cluster: it stands still when nothing changes.
fn count_requests(cluster: &Cluster) {
    let cluster = cluster.clone();
    kit::meter("cluster")
        .u64_observable_counter("cluster_requests")
        .with_description("Requests sent to the Kubernetes API, by verb and resource")
        .with_callback(move |observer| {
            for count in cluster.requests().counts() {
                let labels = [
                    kit::metrics::KeyValue::new("verb", count.verb),
                    kit::metrics::KeyValue::new("resource", count.resource),
                ];
                observer.observe(count.sent, &labels);
            }
        })
        .build();
}
