//! Rows of heads.

use model::{Digest, Head, ObjectKey, PlaneName, Target, Tombstone, UnitId, UnitRevision};

use crate::{
    Error, Seen, keys,
    sql::{Row, Sql},
};

use super::{HeadsPage, HeadsSummary, UnitHeads};

pub(crate) const fn tombstone_text(tombstone: Tombstone) -> &'static str {
    match tombstone {
        Tombstone::Delete => "delete",
        Tombstone::Release => "release",
    }
}

fn parse_tombstone(text: &str) -> Result<Tombstone, Error> {
    [Tombstone::Delete, Tombstone::Release]
        .into_iter()
        .find(|tombstone| tombstone_text(*tombstone) == text)
        .ok_or_else(|| Error::corrupt("a tombstone", text))
}

/// Reads `plane, unit, incarnation, counter, digest, tombstone, compiler_epoch, trace`.
pub(crate) fn head(row: &Row) -> Result<Head, Error> {
    let target = match (row.maybe_digest(4)?, row.maybe_text(5)?) {
        (Some(digest), _) => Target::Bundle(digest),
        (None, Some(tombstone)) => Target::Tombstone(parse_tombstone(tombstone)?),
        (None, None) => return Err(Error::corrupt("a head", "it has no target")),
    };
    Ok(Head {
        plane: row.plane(0)?,
        unit: keys::parse_unit(row.text(1)?)?,
        revision: UnitRevision {
            incarnation: row.number(2)?,
            counter: row.number(3)?,
        },
        target,
        compiler_epoch: row.small(6)?,
        trace: row.maybe_string(7)?,
    })
}

pub(crate) async fn since(
    sql: &mut Sql<'_>,
    plane: &PlaneName,
    after: UnitRevision,
    limit: usize,
) -> Result<HeadsPage, Error> {
    let plane = plane.to_string();
    let newest = summary(sql, &plane).await?.revision;
    let rows = sql
        .rows(
            "SELECT plane, unit, incarnation, counter, digest, tombstone, compiler_epoch, trace \
             FROM heads WHERE plane = $1 AND (incarnation, counter) > ($2, $3) \
             ORDER BY incarnation, counter LIMIT $4",
            &[
                plane.into(),
                after.incarnation.into(),
                after.counter.into(),
                limit.saturating_add(1).into(),
            ],
        )
        .await?;
    to_page(&rows, newest, limit)
}

pub(crate) async fn page(
    sql: &mut Sql<'_>,
    plane: &PlaneName,
    after: Option<&UnitId>,
    limit: usize,
) -> Result<HeadsPage, Error> {
    let plane = plane.to_string();
    let newest = summary(sql, &plane).await?.revision;
    let rows = sql
        .rows(
            "SELECT plane, unit, incarnation, counter, digest, tombstone, compiler_epoch, trace \
             FROM heads WHERE plane = $1 AND unit > $2 ORDER BY unit LIMIT $3",
            &[
                plane.into(),
                after.map_or("", UnitId::as_str).into(),
                limit.saturating_add(1).into(),
            ],
        )
        .await?;
    to_page(&rows, newest, limit)
}

fn to_page(rows: &[Row], newest: UnitRevision, limit: usize) -> Result<HeadsPage, Error> {
    let heads = rows
        .iter()
        .take(limit)
        .map(head)
        .collect::<Result<_, _>>()?;
    Ok(HeadsPage {
        heads,
        newest,
        last: rows.len() <= limit,
    })
}

pub(crate) async fn summary(sql: &mut Sql<'_>, plane: &str) -> Result<HeadsSummary, Error> {
    let row = sql
        .row(
            "SELECT incarnation, counter, hash, live FROM plane_heads WHERE plane = $1",
            &[plane.into()],
        )
        .await?;
    row.map_or(Ok(HeadsSummary::default()), |row| {
        Ok(HeadsSummary {
            revision: UnitRevision {
                incarnation: row.number(0)?,
                counter: row.number(1)?,
            },
            hash: row.int(2)?.cast_unsigned(),
            count: row.number(3)?,
        })
    })
}

pub(crate) async fn save_summary(
    sql: &mut Sql<'_>,
    plane: &str,
    summary: &HeadsSummary,
) -> Result<(), Error> {
    sql.execute(
        "INSERT INTO plane_heads (plane, incarnation, counter, hash, live) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (plane) DO UPDATE SET \
         incarnation = excluded.incarnation, counter = excluded.counter, \
         hash = excluded.hash, live = excluded.live",
        &[
            plane.into(),
            summary.revision.incarnation.into(),
            summary.revision.counter.into(),
            summary.hash.cast_signed().into(),
            summary.count.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn find(
    sql: &mut Sql<'_>,
    plane: &str,
    unit: &str,
) -> Result<Option<Head>, Error> {
    let row = sql
        .row(
            "SELECT plane, unit, incarnation, counter, digest, tombstone, compiler_epoch, trace \
             FROM heads WHERE plane = $1 AND unit = $2",
            &[plane.into(), unit.into()],
        )
        .await?;
    row.as_ref().map(head).transpose()
}

pub(crate) async fn of_unit(sql: &mut Sql<'_>, unit: &str) -> Result<UnitHeads, Error> {
    let rows = sql
        .rows(
            "SELECT plane, unit, incarnation, counter, digest, tombstone, compiler_epoch, trace \
             FROM heads WHERE unit = $1 ORDER BY incarnation DESC, counter DESC",
            &[unit.into()],
        )
        .await?;
    let heads = rows.iter().map(head).collect::<Result<Vec<_>, _>>()?;
    // A revision names one head for ever, so the revisions tell all there is to see.
    let revisions: String = heads
        .iter()
        .map(|head| format!("{}\n", head.revision))
        .collect();
    let seen = match heads.is_empty() {
        true => Seen::Absent,
        false => Seen::Digest(Digest::of(revisions.as_bytes())),
    };
    Ok(UnitHeads { heads, seen })
}

pub(crate) async fn owner(sql: &mut Sql<'_>, unit: &str) -> Result<Option<ObjectKey>, Error> {
    let row = sql
        .row(
            "SELECT owner FROM heads WHERE unit = $1 ORDER BY incarnation DESC, counter DESC LIMIT 1",
            &[unit.into()],
        )
        .await?;
    row.map(|row| keys::parse_object(row.text(0)?)).transpose()
}
