//! Replaces one state of an object by the next: the one way in which objects change.
//!
//! Row, change record, index members and marks in one message to the database, then wakes of the
//! object and of whoever read a facet that differs.

use std::{collections::BTreeSet, sync::Arc};

use model::{Digest, Facet, Revision, Stored};

use crate::{
    Change, Error, Event, Outcome, reads, sql,
    wakes::record::{Origin, wake},
    writer::Txn,
};

use super::record::Record;

/// What is left of the change of an object that stays.
const SAVE: &str = concat!(include_str!("save.sql"), include_str!("trace.sql"));
/// What is left of the change of an object that goes.
const REMOVE: &str = concat!(include_str!("remove.sql"), include_str!("trace.sql"));

/// Makes `new` the state of the object. An object that is deleted and has no finalizer left goes.
pub(crate) async fn replace(
    txn: &mut Txn,
    text: &str,
    old: Option<&Record>,
    mut new: Record,
    origin: &Origin<'_>,
) -> Result<Outcome, Error> {
    let revision = txn.next_revision();
    let metadata = &mut new.stored.envelope.metadata;
    metadata.resource_version = Some(revision);
    let gone = metadata.is_deleting() && metadata.finalizers.is_empty();
    new.request_id.clone_from(&origin.cause.request_id);
    new.stored.spec_digest = facet_digest(&new);
    let differs = Differs::between(old, (!gone).then_some(&new));
    let change = match (old, gone) {
        (_, true) => Change::Deleted,
        (None, false) => Change::Added,
        (Some(_), false) => Change::Modified,
    };
    save(txn, text, &new, &differs, (revision, change), origin).await?;
    let silent = gone || origin.owner == Some(text);
    let own: &[&str] = if silent { &[] } else { &[text] };
    wake(
        txn,
        &differs.edges(text),
        own,
        silent.then_some(text),
        origin,
    )
    .await?;
    let object = Arc::new(new.stored);
    let (envelope, cause) = (object.envelope.clone(), origin.cause.clone());
    let event = Event {
        revision,
        change,
        object: envelope,
        cause,
    };
    txn.touched.events.push(Arc::new(event));
    txn.touched
        .indexes
        .extend(differs.marked().into_iter().cloned());
    txn.touched
        .objects
        .push((text.to_owned(), (!gone).then(|| Arc::clone(&object))));
    Ok(match change {
        Change::Added => Outcome::Created(object),
        Change::Modified => Outcome::Updated(object),
        Change::Deleted => Outcome::Removed(object),
    })
}

async fn save(
    txn: &mut Txn,
    text: &str,
    new: &Record,
    differs: &Differs,
    (revision, change): (Revision, Change),
    origin: &Origin<'_>,
) -> Result<(), Error> {
    let Stored {
        envelope,
        spec_digest,
        exports_digest,
    } = &new.stored;
    let metadata = serde_json::to_string(&envelope.metadata).expect("metadata has string keys");
    let moved: Vec<&String> = differs.entered.iter().chain(&differs.left).collect();
    // Revisions only grow, so 0 leaves a mark as it is.
    let mark = |differs: bool| if differs { revision.0 } else { 0 };
    let statement = if change == Change::Deleted {
        REMOVE
    } else {
        SAVE
    };
    txn.sql()
        .execute(
            statement,
            &[
                text.into(),
                revision.0.into(),
                metadata.into(),
                envelope.spec.as_str().into(),
                envelope.status.as_str().into(),
                change.as_str().into(),
                origin.cause.at.as_microsecond().into(),
                origin.cause.actor.as_str().into(),
                origin.cause.request_id.as_deref().into(),
                origin.cause.trace.as_deref().into(),
                sql::list(&differs.left).into(),
                sql::list(&differs.entered).into(),
                sql::list(&moved).into(),
                sql::list(&differs.stayed).into(),
                mark(differs.spec).into(),
                mark(differs.exports).into(),
                spec_digest.into(),
                exports_digest.into(),
                (&new.written_digest).into(),
                (&new.body_digest).into(),
                sql::list(&new.indexes).into(),
                sql::list(&differs.marked()).into(),
            ],
        )
        .await?;
    Ok(())
}

/// Facet *spec*: another life of the object, or its deletion mark, is another digest.
fn facet_digest(record: &Record) -> Digest {
    let metadata = &record.stored.envelope.metadata;
    let text = format!(
        "{}\n{}\n{}",
        record.written_digest,
        metadata.uid.0,
        metadata.is_deleting()
    );
    Digest::of(text.as_bytes())
}

/// What differs between two states of an object, as far as readers can tell.
struct Differs {
    spec: bool,
    exports: bool,
    entered: Vec<String>,
    left: Vec<String>,
    stayed: Vec<String>,
}

impl Differs {
    fn between(old: Option<&Record>, new: Option<&Record>) -> Self {
        let entries = |record: Option<&Record>| -> BTreeSet<String> {
            record
                .into_iter()
                .flat_map(|record| record.indexes.iter().cloned())
                .collect()
        };
        let (before, after) = (entries(old), entries(new));
        let digest = |of: fn(&Record) -> Digest| old.map(of) != new.map(of);
        Self {
            spec: digest(|record| record.stored.spec_digest),
            exports: digest(|record| record.stored.exports_digest),
            entered: after.difference(&before).cloned().collect(),
            left: before.difference(&after).cloned().collect(),
            stayed: before.intersection(&after).cloned().collect(),
        }
    }

    /// The edges along which readers are woken.
    fn edges(&self, text: &str) -> Vec<String> {
        let mut edges = Vec::new();
        for (facet, differs) in [(Facet::Spec, self.spec), (Facet::Exports, self.exports)] {
            let moved = self.entered.iter().chain(&self.left);
            edges.extend(moved.map(|entry| reads::index_edge(entry, facet)));
            if differs {
                edges.push(reads::object_edge(text, facet));
                edges.extend(
                    self.stayed
                        .iter()
                        .map(|entry| reads::index_edge(entry, facet)),
                );
            }
        }
        edges
    }

    /// The indexes whose members or marks have changed.
    fn marked(&self) -> Vec<&String> {
        let moved = self.entered.iter().chain(&self.left);
        let stayed = self.stayed.iter().filter(|_| self.spec || self.exports);
        moved.chain(stayed).collect()
    }
}
