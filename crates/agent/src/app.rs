//! Wiring.

use tokio::sync::watch;

use cluster::{Cluster, Term};
use kit::{Shutdown, StartError, Tasks, tasks::Gate};
use link::{About, Link};
use model::PlaneName;
use reconcile::{agent, target::FEATURES};

use crate::{collect, config::Config, hub, lead, metrics, tasks};

/// In what the agents differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The service's name.
    pub service: &'static str,
    /// Selects the pods whose logs it collects, by their labels, as Kubernetes writes it.
    pub pods: String,
}

/// Starts the agent: it returns at once, and begins to work when its cluster answers.
///
/// # Errors
/// When the configuration cannot be used: the plane's name, the kubeconfig.
pub async fn start(role: Role, config: Config, tasks: &Tasks) -> Result<(), StartError> {
    let plane: PlaneName = config.link.plane.parse()?;
    let (cluster, term) = lead::connect(&config, tasks).await?;
    let reached = tasks.gate("cluster");
    let all = tasks.clone();
    tasks.spawn_once("agent", move |shutdown| async move {
        let agent = Agent {
            role,
            config,
            plane,
            cluster,
            tasks: all,
            reached,
        };
        agent.run(term, shutdown).await
    });
    Ok(())
}

struct Agent {
    role: Role,
    config: Config,
    plane: PlaneName,
    cluster: Cluster,
    tasks: Tasks,
    reached: Gate,
}

impl Agent {
    async fn run(
        self,
        mut term: Option<watch::Receiver<Term>>,
        shutdown: Shutdown,
    ) -> Result<(), StartError> {
        if shutdown.unless(lead::leads(&mut term)).await.is_none() {
            return Ok(());
        }
        let opening = agent::open(&self.cluster, &self.config.cluster.namespace);
        let Some(opened) = shutdown.unless(opening).await else {
            return Ok(());
        };
        self.begin(opened, shutdown.clone()).await?;
        match shutdown.unless(lead::lost(term)).await {
            None => Ok(()),
            Some(lost) => Err(lost.into()),
        }
    }

    async fn begin(&self, opened: agent::Opened, shutdown: Shutdown) -> Result<(), StartError> {
        let about = About {
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            kubernetes_version: opened.version.kubernetes.clone(),
            cluster_uid: opened.version.cluster_uid.clone(),
            features: FEATURES.iter().map(|&feature| feature.to_owned()).collect(),
        };
        let known = opened.heads(&self.plane);
        tracing::info!(
            plane.name = %self.plane, units = known.len(), cluster.uid = about.cluster_uid,
            kubernetes = about.kubernetes_version, "the cluster is reached"
        );
        let link = Link::start(self.config.link.clone(), about, known, &self.tasks).await?;
        let engine = self.config.reconcile.engine(self.plane.clone());
        let stop = async move { shutdown.soft().await };
        let parts = opened.parts(engine, hub::sink(link.reports().clone()), stop);
        metrics::register(
            self.cluster.requests().clone(),
            parts.handle.stats().clone(),
        );
        tasks::spawn(&self.tasks, parts, link);
        collect::spawn(&self.tasks, &self.role, &self.config, self.cluster.clone())?;
        self.reached.open();
        Ok(())
    }
}
