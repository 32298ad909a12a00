//! Step 14: changes as they happen, from any revision that is still known.

use std::{collections::BTreeSet, pin::Pin, time::Duration};

use futures::{Stream, StreamExt};
use tonic::Status;

use authz::{Action, Decision, Verb};
use model::{Envelope, KindName, Revision, Scope};
use proto::resources::{Event, Object, WatchRequest, event::Type};
use store::{Change, Changes};

use super::{Ingress, scope, status};

/// Most changes that are read at once for one watcher.
const BATCH: usize = 256;
/// How long a silent watch waits before it says up to where it is complete.
const BOOKMARK: Duration = Duration::from_secs(10);

pub(super) type EventStream = Pin<Box<dyn Stream<Item = Result<Event, Status>> + Send>>;

/// What a watcher wants, and may see.
struct Watcher {
    ingress: Ingress,
    subject: authz::Subject,
    kinds: BTreeSet<(KindName, Scope)>,
    namespace: String,
    after: Revision,
    changed: tokio::sync::watch::Receiver<Revision>,
    ended: bool,
}

pub(super) fn watch(
    ingress: &Ingress,
    subject: &authz::Subject,
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
        subject: subject.clone(),
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
                Ok(Changes::Compacted { oldest }) => {
                    self.ended = true;
                    return vec![Ok(Event {
                        r#type: Type::Expired.into(),
                        object: None,
                        revision: oldest.0,
                    })];
                }
                Err(error) => {
                    self.ended = true;
                    return vec![Err(status(&error))];
                }
            }
            if tokio::time::timeout(BOOKMARK, self.changed.changed())
                .await
                .is_err()
            {
                return vec![Ok(bookmark(self.after))];
            }
        }
    }

    fn wants(&self, object: &Envelope) -> bool {
        let key = &object.key;
        let kind = self.kinds.is_empty() || self.kinds.contains(&(key.kind, key.scope()));
        let place = self.namespace.is_empty()
            || key
                .namespace
                .as_deref()
                .is_none_or(|namespace| namespace == self.namespace);
        if !kind || !place {
            return false;
        }
        let action = Action::on(key.kind, key.scope(), Verb::View);
        let grants = self.ingress.0.authenticator.grants();
        authz::decide(grants, &self.subject, &action, &scope::of(object)) == Decision::Allowed
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
