//! One of several replicas works: this one waits until it leads, and ends when it no longer does.

use tokio::sync::watch;

use cluster::{Cluster, Election, Fence, Settings, Term};
use kit::{StartError, Tasks};

use crate::config::Config;

/// A leader has lost its lease. The process ends, and starts again as a follower.
#[derive(Debug, thiserror::Error)]
#[error("the lease of the leader was lost to another replica or could not be renewed in time")]
pub(crate) struct Lost;

/// The connection that writes only while this replica leads, and whether it does; without an election it always does.
pub(crate) async fn connect(
    config: &Config,
    tasks: &Tasks,
) -> Result<(Cluster, Option<watch::Receiver<Term>>), StartError> {
    let access = config.cluster.access();
    let settings = |fence| Settings {
        deadline: *config.cluster.deadline,
        fence,
    };
    if !config.leader.elect {
        return Ok((
            Cluster::connect(&access, settings(Fence::open())).await?,
            None,
        ));
    }
    // Renewals are not fenced by themselves, and do not wait behind anything else.
    let unfenced = Cluster::connect(&access, settings(Fence::open())).await?;
    let identity = kit::Entropy::system().uuid().to_string();
    let name = format!("agent-{}", config.link.plane);
    let (mut election, term) = Election::new(
        unfenced,
        &config.cluster.namespace,
        &name,
        identity,
        *config.leader.lease,
    );
    tasks.spawn_once("lead", move |shutdown| async move {
        shutdown.unless(election.run()).await;
        election.release().await;
    });
    let cluster = Cluster::connect(&access, settings(Fence::by(term.clone()))).await?;
    Ok((cluster, Some(term)))
}

/// Ready once this replica leads.
pub(crate) async fn leads(term: &mut Option<watch::Receiver<Term>>) {
    if let Some(term) = term {
        // The sender lives as long as the election's task, which ends with the process.
        let _ = term.wait_for(Term::leads).await;
    }
}

/// Ready once it leads no longer; never without an election.
pub(crate) async fn lost(term: Option<watch::Receiver<Term>>) -> Lost {
    match term {
        None => std::future::pending().await,
        Some(mut term) => {
            let _ = term.wait_for(|term| *term == Term::Follows).await;
            Lost
        }
    }
}
