//! Between the link and the engine: what was accepted goes one way, reports go the other.

use tokio::sync::watch;

use kit::Shutdown;
use link::{Inbox, Phase, Reports, State};
use reconcile::{
    Handle,
    engine::{Command, Paused, ReportSink},
};

/// Where the engine puts its reports.
pub(crate) fn sink(reports: Reports) -> ReportSink {
    Box::new(move |report| {
        if let Err(error) = reports.put(report) {
            tracing::error!(%error, "a report is lost; it is made again at the next session");
        }
    })
}

/// Passes on what the link accepts and how it stands, until the link ends.
pub(crate) async fn pump(
    mut accepted: Inbox,
    mut state: watch::Receiver<State>,
    engine: Handle,
    shutdown: Shutdown,
) {
    let (mut resync, mut fenced) = (state.borrow().resync, false);
    loop {
        tokio::select! {
            () = shutdown.soft() => return,
            next = accepted.next() => match next {
                Some(next) => {
                    let span = next.span();
                    engine.tell(Command::Accept { head: next.head, bundle: next.bundle, span }).await;
                }
                None => return,
            },
            changed = state.changed() => {
                if changed.is_err() {
                    return;
                }
                let now = state.borrow_and_update().clone();
                if now.resync != resync {
                    resync = now.resync;
                    engine.tell(Command::ReportAll).await;
                }
                let is_fenced = now.phase == Phase::Fenced;
                if is_fenced != fenced {
                    fenced = is_fenced;
                    engine.tell(Command::Pause(if fenced { Paused::Yes } else { Paused::No })).await;
                }
            }
        }
    }
}
