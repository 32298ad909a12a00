//! The tasks of the agent.
//!
//! | task | what it does | its end |
//! |---|---|---|
//! | `lead` | renews the lease, where replicas elect a leader | ends the process |
//! | `agent` | reaches the cluster, then starts those below and watches over the lease | ends the process |
//! | `watch` | one watch per kind | ends the process |
//! | `engine` | all units | ends the process |
//! | `hub` | passes on what the link says | ends the process |
//! | `collect` | ships the logs of managed pods | ends the process |
//! | `link`, `link.feed` | the link's own | see `link` |

use kit::Tasks;
use link::Link;
use reconcile::agent::Parts;

use crate::hub;

/// Spawns what an agent does once its cluster is reached.
pub(crate) fn spawn(tasks: &Tasks, parts: Parts, link: Link) {
    let Parts {
        handle,
        watch,
        work,
    } = parts;
    tasks.spawn_once("watch", move |shutdown| async move {
        shutdown.unless(watch).await;
    });
    tasks.spawn_once("engine", move |_| work);
    let state = link.state();
    tasks.spawn_once("hub", move |shutdown| {
        hub::pump(link.accepted, state, handle, shutdown)
    });
}
