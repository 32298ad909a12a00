//! Whether what a decision read is still so.

use std::collections::HashMap;

use model::{Digest, Facet, Revision};

use crate::{
    Error, heads,
    indexes::Marks,
    keys, reports,
    sql::{self, Sql},
};

use super::{Read, ReadTarget, Seen};

/// Compares every read with the present. Two queries, however many objects and indexes were read.
///
/// # Errors
/// `ReadMoved` with the first that differs.
pub(crate) async fn verify(sql: &mut Sql<'_>, reads: &[Read]) -> Result<(), Error> {
    let objects = object_digests(sql, reads).await?;
    let indexes = index_marks(sql, reads).await?;
    for read in reads {
        let now = match &read.target {
            ReadTarget::Object(key, facet) => {
                let digests = objects.get(&keys::object(key));
                digests.map_or(Seen::Absent, |(spec, exports)| {
                    Seen::Digest(match facet {
                        Facet::Spec => *spec,
                        Facet::Exports => *exports,
                    })
                })
            }
            ReadTarget::Index(key, facet) => {
                let marks = indexes.get(&keys::index(key)).copied().unwrap_or_default();
                Seen::Mark(marks.of(*facet))
            }
            ReadTarget::Report(unit) => reports::seen(sql, unit.as_str()).await?,
            ReadTarget::Heads(unit) => heads::record::of_unit(sql, unit.as_str()).await?.seen,
        };
        if now != read.seen {
            return Err(Error::ReadMoved(read.target.clone()));
        }
    }
    Ok(())
}

async fn object_digests(
    sql: &mut Sql<'_>,
    reads: &[Read],
) -> Result<HashMap<String, (Digest, Digest)>, Error> {
    let texts: Vec<String> = (reads.iter())
        .filter_map(|read| match &read.target {
            ReadTarget::Object(key, _) => Some(keys::object(key)),
            ReadTarget::Index(..) | ReadTarget::Report(_) | ReadTarget::Heads(_) => None,
        })
        .collect();
    if texts.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sql
        .rows(
            "SELECT object, spec_digest, exports_digest FROM objects \
             WHERE object IN (SELECT value FROM json_each($1))",
            &[sql::list(&texts).into()],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.string(0)?, (row.digest(1)?, row.digest(2)?))))
        .collect()
}

async fn index_marks(sql: &mut Sql<'_>, reads: &[Read]) -> Result<HashMap<String, Marks>, Error> {
    let texts: Vec<String> = (reads.iter())
        .filter_map(|read| match &read.target {
            ReadTarget::Index(key, _) => Some(keys::index(key)),
            ReadTarget::Object(..) | ReadTarget::Report(_) | ReadTarget::Heads(_) => None,
        })
        .collect();
    if texts.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sql
        .rows(
            "SELECT entry, spec_revision, exports_revision FROM index_marks \
             WHERE entry IN (SELECT value FROM json_each($1))",
            &[sql::list(&texts).into()],
        )
        .await?;
    let marks = |row: &sql::Row| {
        let marks = Marks {
            spec: Revision(row.number(1)?),
            exports: Revision(row.number(2)?),
        };
        Ok((row.string(0)?, marks))
    };
    rows.iter().map(marks).collect()
}
