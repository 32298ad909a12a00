//! Step 14: changes as they happen, from any revision that is still known.

use std::{collections::BTreeSet, pin::Pin, time::Duration};

use futures::{Stream, StreamExt};
use tonic::Status;

use authz::{Action, Verb};
use model::{Envelope, KindName, Revision, Scope};
use proto::resources::{Event, Object, WatchRequest, event::Type};
use store::{Change, Changes};

use super::{Ingress, Visit, status};

/// Most changes that are read at once for one watcher.
const BATCH: usize = 256;
/// How long a silent watch waits before it says up to where it is complete.
const BOOKMARK: Duration = Duration::from_secs(10);

pub(super) type EventStream = Pin<Box<dyn Stream<Item = Result<Event, Status>> + Send>>;

/// What a watcher wants, and may see.
struct Watcher {
    ingress: Ingress,
    visit: Visit,
    kinds: BTreeSet<(KindName, Scope)>,
    namespace: String,
    after: Revision,
    changed: tokio::sync::watch::Receiver<Revision>,
    ended: bool,
}

pub(super) fn watch(
    ingress: &Ingress,
    visit: Visit,
    request: WatchRequest,
) -> Result<EventStream, Status> {
    let kinds = request
        .kinds
        .iter()
        .map(|kind| KindName::from_public(kind))
        .collect::<Result<_, _>>()
        .map_err(|error| Status::invalid_argument(error.to_string()))?;
    let after = match request.after {
        0 => ingress.store().revision(),
        after => Revision(after),
    };
    let watcher = Watcher {
        ingress: ingress.clone(),
        visit,
        kinds,
        namespace: request.namespace,
        after,
        changed: ingress.store().subscribe(),
        ended: false,
    };
    let batches = futures::stream::unfold(watcher, |mut watcher| async move {
        if watcher.ended {
            return None;
        }
        let batch = watcher.next().await;
        Some((futures::stream::iter(batch), watcher))
    });
    // A watch has no end of its own: the watcher goes on elsewhere, where it was.
    let shutdown = ingress.0.shutdown.clone();
    let end = async move { shutdown.soft().await };
    Ok(Box::pin(batches.flatten().take_until(end)))
}

impl Watcher {
    /// The next events; waits until there are any, or until it is time for a bookmark.
    async fn next(&mut self) -> Vec<Result<Event, Status>> {
        loop {
            self.changed.mark_unchanged();
            match self.ingress.store().changes(self.after, BATCH).await {
                Ok(Changes::Events { events, up_to }) => {
                    // Renewed after the changes are read, the policy is no older than they are.
                    match self.visit.renew(self.ingress.policies()).await {
                        Ok(false) => {}
                        Ok(true) => return self.expire(up_to),
                        Err(error) => return self.fail(&error),
                    }
                    let moved = up_to > self.after;
                    self.after = up_to;
                    let mut batch: Vec<_> = events
                        .iter()
                        .filter(|event| self.wants(&event.object))
                        .map(|event| Ok(to_event(event.change, &event.object, event.revision)))
                        .collect();
                    if moved {
                        batch.push(Ok(bookmark(up_to)));
                        return batch;
                    }
                }
                Ok(Changes::Compacted { oldest }) => return self.expire(oldest),
                Err(error) => return self.fail(&error),
            }
            if tokio::time::timeout(BOOKMARK, self.changed.changed())
                .await
                .is_err()
            {
                return vec![Ok(bookmark(self.after))];
            }
        }
    }

    /// Has the watcher list again: the log does not reach back, or the watcher may see more or less than
    /// before, which no change of an object tells.
    fn expire(&mut self, revision: Revision) -> Vec<Result<Event, Status>> {
        self.ended = true;
        vec![Ok(Event {
            r#type: Type::Expired.into(),
            object: None,
            revision: revision.0,
        })]
    }

    fn fail(&mut self, error: &store::Error) -> Vec<Result<Event, Status>> {
        self.ended = true;
        vec![Err(status(error))]
    }

    fn wants(&self, object: &Envelope) -> bool {
        let key = &object.key;
        let kind = self.kinds.is_empty() || self.kinds.contains(&(key.kind, key.scope()));
        let place = self.namespace.is_empty()
            || key
                .namespace
                .as_deref()
                .is_none_or(|namespace| namespace == self.namespace);
        kind && place
            && self
                .visit
                .may(&Action::on(key.kind, key.scope(), Verb::View), object)
    }
}

fn to_event(change: Change, object: &Envelope, revision: Revision) -> Event {
    let event_type = match change {
        Change::Added | Change::Modified => Type::Put,
        Change::Deleted => Type::Deleted,
    };
    Event {
        r#type: event_type.into(),
        object: Some(Object::from(object)),
        revision: revision.0,
    }
}

fn bookmark(revision: Revision) -> Event {
    Event {
        r#type: Type::Bookmark.into(),
        object: None,
        revision: revision.0,
    }
}
