//! Replaces one state of an object by the next: the one way in which objects change.
//!
//! Row, change record, index members and marks, and wakes of the object and of whoever read a facet
//! that differs.

use std::{collections::BTreeSet, sync::Arc};

use model::{Digest, Facet, Revision};

use crate::{
    Change, Error, Event, Outcome, changes, reads, sql,
    wakes::record::{Origin, wake},
    writer::Txn,
};

use super::record::{self, Record};

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
    let json = serde_json::to_string(metadata).expect("metadata has string keys");
    new.request_id.clone_from(&origin.cause.request_id);
    new.stored.spec_digest = facet_digest(&new);
    let differs = Differs::between(old, (!gone).then_some(&new));
    if gone {
        remove(txn, text).await?;
    } else {
        record::save(&mut txn.sql(), text, &new, &json).await?;
    }
    let change = match (old, gone) {
        (_, true) => Change::Deleted,
        (None, false) => Change::Added,
        (Some(_), false) => Change::Modified,
    };
    let object = Arc::new(new.stored);
    let event = Event {
        revision,
        change,
        object: object.envelope.clone(),
        cause: origin.cause.clone(),
    };
    changes::record::append(txn, text, &json, Arc::new(event)).await?;
    differs.index(txn, text, revision).await?;
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
    txn.touched
        .objects
        .push((text.to_owned(), (!gone).then(|| Arc::clone(&object))));
    Ok(match change {
        Change::Added => Outcome::Created(object),
        Change::Modified => Outcome::Updated(object),
        Change::Deleted => Outcome::Removed(object),
    })
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

async fn remove(txn: &mut Txn, text: &str) -> Result<(), Error> {
    txn.sql()
        .execute("DELETE FROM objects WHERE object = $1", &[text.into()])
        .await?;
    txn.sql()
        .execute("DELETE FROM reads WHERE reader = $1", &[text.into()])
        .await?;
    txn.sql()
        .execute("DELETE FROM wakes WHERE object = $1", &[text.into()])
        .await?;
    Ok(())
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

    /// Keeps members and marks of the indexes.
    async fn index(&self, txn: &mut Txn, text: &str, revision: Revision) -> Result<(), Error> {
        if !self.left.is_empty() {
            txn.sql()
                .execute(
                    "DELETE FROM index_members WHERE object = $2 \
                     AND entry IN (SELECT value FROM json_each($1))",
                    &[sql::list(&self.left).into(), text.into()],
                )
                .await?;
        }
        if !self.entered.is_empty() {
            txn.sql()
                .execute(
                    "INSERT INTO index_members (entry, object) SELECT value, $2 FROM json_each($1)",
                    &[sql::list(&self.entered).into(), text.into()],
                )
                .await?;
        }
        let moved: Vec<&String> = self.entered.iter().chain(&self.left).collect();
        mark(txn, &moved, Some(revision), Some(revision)).await?;
        let stayed: Vec<&String> = self.stayed.iter().collect();
        let when = |differs: bool| differs.then_some(revision);
        mark(txn, &stayed, when(self.spec), when(self.exports)).await
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
}

/// Moves the marks of these indexes to the given revisions; `None` leaves a mark.
async fn mark(
    txn: &mut Txn,
    entries: &[&String],
    spec: Option<Revision>,
    exports: Option<Revision>,
) -> Result<(), Error> {
    if entries.is_empty() || (spec, exports) == (None, None) {
        return Ok(());
    }
    // Revisions only grow, so the larger one is the newer one and 0 leaves what is there.
    let number = |revision: Option<Revision>| revision.unwrap_or_default().0;
    txn.sql()
        .execute(
            "INSERT INTO index_marks (entry, spec_revision, exports_revision) \
             SELECT value, $2, $3 FROM json_each($1) WHERE true ON CONFLICT (entry) DO UPDATE SET \
             spec_revision = max(index_marks.spec_revision, excluded.spec_revision), \
             exports_revision = max(index_marks.exports_revision, excluded.exports_revision)",
            &[
                sql::list(entries).into(),
                number(spec).into(),
                number(exports).into(),
            ],
        )
        .await?;
    txn.touched
        .indexes
        .extend(entries.iter().map(|entry| (*entry).clone()));
    Ok(())
}
