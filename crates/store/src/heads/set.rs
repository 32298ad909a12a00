//! Changes of heads, with the summary of their plane.

use jiff::Timestamp;
use model::{Digest, Head, PlaneName, Target, UnitId, UnitRevision};

use crate::{
    Error, bundles,
    objects::Cause,
    reads,
    wakes::record::{Origin, wake},
    writer::{Operation, Txn},
};

use super::{HeadChange, HeadsSummary, PlaneChange, record};

/// Changes heads on behalf of `owner`; gives what is to be published.
pub(crate) async fn change(
    txn: &mut Txn,
    owner: &str,
    changes: &[HeadChange],
    origin: &Origin<'_>,
) -> Result<Vec<PlaneChange>, Error> {
    let mut planes: Vec<PlaneChange> = Vec::new();
    for change in changes {
        match change {
            HeadChange::Set {
                unit,
                plane,
                target,
                compiler_epoch,
            } => {
                let head = Head {
                    unit: unit.clone(),
                    plane: plane.clone(),
                    revision: UnitRevision::default(),
                    target: *target,
                    compiler_epoch: *compiler_epoch,
                    trace: origin.cause.trace.clone(),
                };
                set(txn, owner, head, origin, &mut planes).await?;
            }
            HeadChange::Forget { unit, plane } => {
                forget(txn, plane, unit, None, origin).await?;
            }
        }
    }
    Ok(planes)
}

async fn set(
    txn: &mut Txn,
    owner: &str,
    mut head: Head,
    origin: &Origin<'_>,
    planes: &mut Vec<PlaneChange>,
) -> Result<(), Error> {
    let plane = head.plane.to_string();
    let old = record::find(&mut txn.sql(), &plane, head.unit.as_str()).await?;
    if let Some(old) = &old {
        check_epoch(old, &head)?;
        if (old.target, old.compiler_epoch) == (head.target, head.compiler_epoch) {
            return Ok(());
        }
    }
    if let Target::Bundle(digest) = &head.target
        && !bundles::is_stored(&mut txn.sql(), digest).await?
    {
        return Err(Error::MissingBundle(*digest));
    }
    head.revision = txn.next_unit_revision();
    save(txn, &plane, &head, owner).await?;
    let before = record::summary(&mut txn.sql(), &plane).await?;
    let after = before.without(old.as_ref()).with(&head);
    record::save_summary(&mut txn.sql(), &plane, &after).await?;
    wake(
        txn,
        &[reads::heads_edge(head.unit.as_str())],
        &[],
        Some(owner),
        origin,
    )
    .await?;
    match planes.iter_mut().find(|known| known.plane == head.plane) {
        Some(known) => {
            known.revision = head.revision;
            known.heads.retain(|earlier| earlier.unit != head.unit);
            known.heads.push(head);
        }
        None => planes.push(PlaneChange {
            plane: head.plane.clone(),
            previous: before.revision,
            revision: head.revision,
            heads: vec![head],
        }),
    }
    Ok(())
}

/// Output of an older compiler never takes the place of a newer one's.
fn check_epoch(old: &Head, new: &Head) -> Result<(), Error> {
    let bundles = matches!(
        (old.target, new.target),
        (Target::Bundle(_), Target::Bundle(_))
    );
    if bundles && new.compiler_epoch < old.compiler_epoch {
        return Err(Error::OlderCompiler {
            unit: new.unit.clone(),
            plane: new.plane.clone(),
            stored: old.compiler_epoch,
            offered: new.compiler_epoch,
        });
    }
    Ok(())
}

async fn save(txn: &mut Txn, plane: &str, head: &Head, owner: &str) -> Result<(), Error> {
    let (digest, tombstone): (Option<&Digest>, Option<&str>) = match &head.target {
        Target::Bundle(digest) => (Some(digest), None),
        Target::Tombstone(tombstone) => (None, Some(record::tombstone_text(*tombstone))),
    };
    txn.sql()
        .execute(
            "INSERT INTO heads (plane, unit, incarnation, counter, digest, tombstone, \
             compiler_epoch, trace, owner) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
             ON CONFLICT (plane, unit) DO UPDATE SET incarnation = excluded.incarnation, \
             counter = excluded.counter, digest = excluded.digest, \
             tombstone = excluded.tombstone, compiler_epoch = excluded.compiler_epoch, \
             trace = excluded.trace, owner = excluded.owner",
            &[
                plane.into(),
                head.unit.as_str().into(),
                head.revision.incarnation.into(),
                head.revision.counter.into(),
                digest.into(),
                tombstone.into(),
                head.compiler_epoch.into(),
                head.trace.as_deref().into(),
                owner.into(),
            ],
        )
        .await?;
    Ok(())
}

impl HeadsSummary {
    const fn is_live(head: &Head) -> bool {
        matches!(head.target, Target::Bundle(_))
    }

    fn without(mut self, old: Option<&Head>) -> Self {
        if let Some(old) = old.filter(|old| Self::is_live(old)) {
            self.hash = self.hash.wrapping_sub(old.hash_share());
            self.count = self.count.saturating_sub(1);
        }
        self
    }

    fn with(mut self, new: &Head) -> Self {
        self.revision = self.revision.max(new.revision);
        if Self::is_live(new) {
            self.hash = self.hash.wrapping_add(new.hash_share());
            self.count += 1;
        }
        self
    }
}

/// Says every head again under the present incarnation, in the order in which they were said.
pub(crate) async fn restamp(txn: &mut Txn) -> Result<(), Error> {
    let incarnation = txn.counters.incarnation;
    txn.sql()
        .execute("UPDATE heads SET incarnation = $1", &[incarnation.into()])
        .await?;
    let rows = txn
        .sql()
        .rows(
            "SELECT plane, unit, incarnation, counter, digest, tombstone, compiler_epoch, trace \
             FROM heads ORDER BY plane",
            &[],
        )
        .await?;
    let mut summaries: Vec<(String, HeadsSummary)> = Vec::new();
    for row in &rows {
        let plane = row.text(0)?;
        if summaries.last().is_none_or(|(last, _)| last != plane) {
            summaries.push((plane.to_owned(), HeadsSummary::default()));
        }
        let (_, summary) = summaries
            .last_mut()
            .expect("one was pushed if there was none");
        *summary = summary.with(&record::head(row)?);
    }
    // A plane without heads is at the new incarnation as well.
    txn.sql()
        .execute(
            "UPDATE plane_heads SET incarnation = $1",
            &[incarnation.into()],
        )
        .await?;
    for (plane, summary) in &summaries {
        record::save_summary(&mut txn.sql(), plane, summary).await?;
    }
    Ok(())
}

/// Drops a tombstone, at `revision` if one is named, with the plane's report of the unit.
async fn forget(
    txn: &mut Txn,
    plane: &PlaneName,
    unit: &UnitId,
    revision: Option<UnitRevision>,
    origin: &Origin<'_>,
) -> Result<bool, Error> {
    let text = plane.to_string();
    let Some(head) = record::find(&mut txn.sql(), &text, unit.as_str()).await? else {
        return Ok(false);
    };
    let other = revision.is_some_and(|revision| revision != head.revision);
    if HeadsSummary::is_live(&head) || other {
        return Ok(false);
    }
    for statement in [
        "DELETE FROM heads WHERE plane = $1 AND unit = $2",
        "DELETE FROM reports WHERE plane = $1 AND unit = $2",
    ] {
        txn.sql()
            .execute(statement, &[text.as_str().into(), unit.as_str().into()])
            .await?;
    }
    let edges = [
        reads::heads_edge(unit.as_str()),
        reads::report_edge(unit.as_str()),
    ];
    wake(txn, &edges, &[], origin.owner, origin).await?;
    Ok(true)
}

pub(crate) struct DropTombstone {
    pub(crate) plane: PlaneName,
    pub(crate) unit: UnitId,
    pub(crate) revision: UnitRevision,
    pub(crate) now: Timestamp,
}

impl Operation for DropTombstone {
    type Output = bool;

    async fn run(&self, txn: &mut Txn) -> Result<bool, Error> {
        let cause = Cause {
            at: self.now,
            ..Cause::default()
        };
        let origin = Origin::outside(&cause);
        forget(txn, &self.plane, &self.unit, Some(self.revision), &origin).await
    }
}
