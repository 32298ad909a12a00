//! What both agents do when they start: reach the cluster, read the records, put the parts together.
//!
//! The binaries bring configuration, tasks and the link; nothing here spawns.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use tokio::sync::mpsc;

use cluster::{Cluster, Error, Informers, Record, Records, Selection, Version};
use model::{Head, PlaneName, label};

use crate::{
    engine::{self, Config, Engine, Handle, ReportSink},
    kube::InCluster,
    live::Live,
};

/// Events that wait for the engine; more wait at the API server.
const EVENTS: usize = 512;
const FIRST_DELAY: Duration = Duration::from_millis(200);
const LONGEST_DELAY: Duration = Duration::from_secs(10);

/// An agent whose cluster was reached.
#[derive(Debug)]
pub struct Opened {
    /// What runs there, and which cluster it is.
    pub version: Version,
    cluster: Cluster,
    records: Records,
    found: Vec<Record>,
}

/// An agent at work. Both futures run until the process ends.
pub struct Parts {
    /// Tells the engine what was accepted.
    pub handle: Handle,
    /// The watches.
    pub watch: BoxFuture<'static, ()>,
    /// The engine; it ends what is in hand once `stop` is ready.
    pub work: BoxFuture<'static, ()>,
}

/// Reaches the cluster, installs the definition of unit records and reads those that there are. A cluster that is away
/// is waited for; what does not pass by waiting is logged, and tried again all the same.
pub async fn open(cluster: &Cluster, namespace: &str) -> Opened {
    let mut delay = FIRST_DELAY;
    loop {
        match open_once(cluster, namespace).await {
            Ok(opened) => return opened,
            Err(error) if error.is_outage() => {
                tracing::warn!(%error, "the cluster is not reached yet; it is tried again");
            }
            Err(error) => {
                tracing::error!(%error, "the agent cannot begin; it tries again");
            }
        }
        tokio::time::sleep(delay).await;
        delay = (delay * 2).min(LONGEST_DELAY);
    }
}

async fn open_once(cluster: &Cluster, namespace: &str) -> Result<Opened, Error> {
    let version = cluster.version().await?;
    let records = Records::new(cluster.clone(), namespace);
    records.install().await?;
    let (found, unreadable) = records.list().await?;
    for name in unreadable {
        tracing::error!(unit.id = %name, "the record of a unit cannot be read; the hub sends the unit again");
    }
    Ok(Opened {
        version,
        cluster: cluster.clone(),
        records,
        found,
    })
}

impl Opened {
    /// The heads of the plane's records, for the link. Those of records that cannot be used are not among them, so that
    /// the hub sends their units again.
    #[must_use]
    pub fn heads(&self, plane: &PlaneName) -> Vec<Head> {
        let ours = self
            .found
            .iter()
            .filter(|record| record.head.plane == *plane && engine::is_usable(record));
        ours.map(|record| record.head.clone()).collect()
    }

    /// Puts the parts together; `stop` ends the work.
    pub fn parts(
        self,
        config: Config,
        reports: ReportSink,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Parts {
        let (sender, events) = mpsc::channel(EVENTS);
        let kube = InCluster::new(self.cluster.clone(), self.records);
        let (engine, handle) = Engine::new(kube, config, self.found, events, reports);
        let selection = Selection(label::UNIT.to_owned());
        let informers = Arc::new(Informers::new(self.cluster, selection, Live::of));
        let kinds = handle.kinds();
        Parts {
            handle,
            watch: async move { informers.run(kinds, sender).await }.boxed(),
            work: engine.run(stop).boxed(),
        }
    }
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts")
            .field("handle", &self.handle)
            .finish_non_exhaustive()
    }
}
