//! What was accepted, on its way to the agent.

use std::sync::Arc;

use tokio::sync::mpsc;

use model::{Bundle, Head};

/// A signed head that was accepted, with its bundle.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The head. `head.trace` is the trace of the request that caused it.
    pub head: Head,
    /// The bundle that the head names, verified by its digest; `None` for a tombstone.
    pub bundle: Option<Arc<Bundle>>,
}

impl Accepted {
    /// A span for the work on this head, part of the trace that caused it.
    #[must_use]
    pub fn span(&self) -> tracing::Span {
        let span = tracing::info_span!(
            "accepted", unit.id = %self.head.unit, head.revision = %self.head.revision
        );
        if let Some(trace) = &self.head.trace {
            kit::trace::adopt(&span, trace);
        }
        span
    }
}

/// Where an agent takes accepted heads from.
///
/// Per unit only the latest waits. A head is handed over once in the life of a [`crate::Link`]: the agent makes it
/// durable in its unit record, and keeps it in hand until that has succeeded. After a restart the heads that it had
/// not recorded come again.
#[derive(Debug)]
pub struct Inbox {
    accepted: mpsc::Receiver<Accepted>,
}

/// How many accepted bundles wait for the agent; more wait as heads alone.
const DEPTH: usize = 64;

pub(crate) fn channel() -> (mpsc::Sender<Accepted>, Inbox) {
    let (sender, accepted) = mpsc::channel(DEPTH);
    (sender, Inbox { accepted })
}

impl Inbox {
    /// The next accepted head; `None` once the link has ended. Safe to cancel.
    pub async fn next(&mut self) -> Option<Accepted> {
        self.accepted.recv().await
    }
}
