//! What waits for the agent: per unit only the latest.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use model::UnitId;
use tokio::sync::{Notify, mpsc};

use crate::inbox::Accepted;

/// Accepted heads on their way to the inbox. Cheap to clone; putting never waits.
#[derive(Debug, Clone, Default)]
pub(crate) struct Feed(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<BTreeMap<UnitId, Accepted>>,
    filled: Notify,
}

impl Feed {
    /// Lets a head wait; it replaces an older one of its unit.
    pub(crate) fn put(&self, accepted: Accepted) {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let newer = waiting
            .get(&accepted.head.unit)
            .is_none_or(|other| other.head.revision <= accepted.head.revision);
        if newer {
            waiting.insert(accepted.head.unit.clone(), accepted);
        }
        drop(waiting);
        self.0.filled.notify_one();
    }

    /// Hands over what waits, for as long as the agent takes it.
    pub(crate) async fn deliver(&self, inbox: mpsc::Sender<Accepted>) {
        loop {
            let next = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_first();
            match next {
                Some((_, accepted)) => {
                    if inbox.send(accepted).await.is_err() {
                        return;
                    }
                }
                None => self.0.filled.notified().await,
            }
        }
    }
}
