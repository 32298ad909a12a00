//! Rows of the watch log.

use std::sync::Arc;

use model::Revision;

use crate::{
    Error, cache,
    objects::{Cause, record},
    sql::{Row, Sql},
    writer::{Operation, Touched, Txn},
};

use super::{Change, Event};

/// Changes dropped by one step of a compaction.
const STEP: usize = 500;

impl Change {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Modified => "modified",
            Self::Deleted => "deleted",
        }
    }

    fn parse(text: &str) -> Result<Self, Error> {
        [Self::Added, Self::Modified, Self::Deleted]
            .into_iter()
            .find(|change| change.as_str() == text)
            .ok_or_else(|| Error::corrupt("a change", text))
    }
}

pub(crate) async fn after(
    sql: &mut Sql<'_>,
    after: Revision,
    limit: usize,
) -> Result<Vec<Arc<Event>>, Error> {
    let rows = sql
        .rows(
            "SELECT object, metadata, spec, status, revision, change, at, actor, request_id, trace \
             FROM changes WHERE revision > $1 ORDER BY revision LIMIT $2",
            &[after.0.into(), limit.into()],
        )
        .await?;
    rows.iter().map(|row| event(row).map(Arc::new)).collect()
}

pub(crate) async fn of_object(
    sql: &mut Sql<'_>,
    text: &str,
    limit: usize,
) -> Result<Vec<Arc<Event>>, Error> {
    let rows = sql
        .rows(
            "SELECT object, metadata, spec, status, revision, change, at, actor, request_id, trace \
             FROM changes WHERE object = $1 ORDER BY revision DESC LIMIT $2",
            &[text.into(), limit.into()],
        )
        .await?;
    rows.iter().map(|row| event(row).map(Arc::new)).collect()
}

fn event(row: &Row) -> Result<Event, Error> {
    Ok(Event {
        revision: Revision(row.number(4)?),
        change: Change::parse(row.text(5)?)?,
        object: record::envelope(row, 0)?,
        cause: Cause {
            at: row.time(6)?,
            actor: row.string(7)?,
            request_id: row.maybe_string(8)?,
            trace: row.maybe_string(9)?,
        },
    })
}

/// What memory is to learn of the changes after `after`, up to and including `up_to`; `None` when
/// they are too many to be worth it, or are no longer known.
pub(crate) async fn news(
    sql: &mut Sql<'_>,
    after: Revision,
    up_to: Revision,
) -> Result<Option<Touched>, Error> {
    let mut touched = Touched::default();
    if up_to <= after {
        return Ok(Some(touched));
    }
    let rows = sql
        .rows(
            "SELECT object, metadata, spec, status, revision, change, at, actor, request_id, trace, \
             entries FROM changes WHERE revision > $1 AND revision <= $2 ORDER BY revision LIMIT $3",
            &[after.0.into(), up_to.0.into(), (cache::EVENTS + 1).into()],
        )
        .await?;
    // Asked afterwards: what was dropped before the rows were read is seen here.
    let (_, oldest) = super::bounds(sql).await?;
    if rows.len() > cache::EVENTS || oldest > after {
        return Ok(None);
    }
    for row in &rows {
        touched.forgotten.push(row.string(0)?);
        touched.indexes.extend(row.list::<Vec<String>>(10)?);
        touched.events.push(Arc::new(event(row)?));
    }
    Ok(Some(touched))
}

/// One step of a compaction; gives the number of dropped changes.
pub(crate) struct Compact {
    pub(crate) up_to: Revision,
}

impl Operation for Compact {
    type Output = u64;

    async fn run(&self, txn: &mut Txn) -> Result<u64, Error> {
        txn.sql()
            .execute(
                "UPDATE meta SET compacted = $1 WHERE compacted < $1",
                &[self.up_to.0.into()],
            )
            .await?;
        let dropped = txn
            .sql()
            .execute(
                "DELETE FROM changes WHERE revision IN \
                 (SELECT revision FROM changes WHERE revision <= $1 ORDER BY revision LIMIT $2)",
                &[self.up_to.0.into(), STEP.into()],
            )
            .await?;
        txn.touched.compacted = Some(self.up_to);
        Ok(dropped)
    }
}
