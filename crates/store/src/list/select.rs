//! The queries behind a page.

use std::sync::Arc;

use indexmap::IndexMap;
use serde::Deserialize;

use model::Revision;

use super::{Cursor, Page, Query, Within};
use crate::{
    Error, keys,
    objects::record,
    sql::{Row, Sql},
};

/// The texts between which a query looks; neither is the text of an object.
fn range(query: &Query) -> (String, String) {
    let kind = query.kind.as_str();
    match &query.within {
        // `0` follows `/`, and every namespace begins with `0` or what follows it.
        Within::Cluster => (format!("{kind}//"), format!("{kind}/0")),
        Within::Namespace(namespace) => (
            format!("{kind}/{namespace}/"),
            format!("{kind}/{namespace}0"),
        ),
        Within::AllNamespaces => (format!("{kind}/0"), format!("{kind}0")),
    }
}

pub(super) async fn page(sql: &mut Sql<'_>, query: &Query) -> Result<Page, Error> {
    let now = Revision(sql.one("SELECT revision FROM meta", &[]).await?.number(0)?);
    let revision = query.after.as_ref().map_or(now, |cursor| cursor.revision);
    let (first, to) = range(query);
    let from = match &query.after {
        Some(cursor) => first.max(cursor.object.clone()),
        None => first,
    };
    let bounds = Bounds { from, to };
    let (rows, remaining) = match query.selector.is_empty() && query.index.is_none() {
        true => plain(sql, &bounds, query.limit).await?,
        false => filtered(sql, &bounds, query).await?,
    };
    let last = rows.last().map(|row| row.string(0)).transpose()?;
    let next = last
        .filter(|_| remaining > 0)
        .map(|object| Cursor { revision, object });
    let items = rows
        .iter()
        .map(|row| record::stored(row).map(Arc::new))
        .collect::<Result<Vec<_>, Error>>()?;
    Ok(Page {
        items,
        next,
        remaining,
        revision,
    })
}

/// Between these texts, both left out.
struct Bounds {
    from: String,
    to: String,
}

/// A page of the whole range, and how many objects follow.
async fn plain(sql: &mut Sql<'_>, bounds: &Bounds, limit: usize) -> Result<(Vec<Row>, u64), Error> {
    let Bounds { from, to } = bounds;
    let rows = sql
        .rows(
            "SELECT object, metadata, spec, status, spec_digest, exports_digest FROM objects \
             WHERE object > $1 AND object < $2 ORDER BY object LIMIT $3",
            &[from.as_str().into(), to.as_str().into(), limit.into()],
        )
        .await?;
    if rows.len() < limit {
        return Ok((rows, 0));
    }
    let last = rows.last().map_or(Ok(from.clone()), |row| row.string(0))?;
    let count = sql
        .one(
            "SELECT count(*) FROM objects WHERE object > $1 AND object < $2",
            &[last.into(), to.as_str().into()],
        )
        .await?;
    Ok((rows, count.number(0)?))
}

/// A page of those that match, found by looking at the labels of all.
async fn filtered(
    sql: &mut Sql<'_>,
    bounds: &Bounds,
    query: &Query,
) -> Result<(Vec<Row>, u64), Error> {
    #[derive(Deserialize)]
    struct Labels {
        #[serde(default)]
        labels: IndexMap<String, String>,
    }
    let Bounds { from, to } = bounds;
    let entry = query.index.as_ref().map(keys::index);
    let rows = sql
        .rows(
            "SELECT object, metadata FROM objects WHERE object > $1 AND object < $2 AND ($3 IS NULL \
             OR object IN (SELECT m.object FROM index_members m WHERE m.entry = $3)) \
             ORDER BY object",
            &[from.as_str().into(), to.as_str().into(), entry.as_deref().into()],
        )
        .await?;
    let mut wanted = Vec::new();
    let mut matching = 0_u64;
    for row in &rows {
        let labels: Labels = serde_json::from_str(row.text(1)?)
            .map_err(|error| Error::corrupt("metadata", error))?;
        if query.selector.matches(&labels.labels) {
            matching += 1;
            if wanted.len() < query.limit {
                wanted.push(row.text(0)?);
            }
        }
    }
    let remaining = matching - wanted.len() as u64;
    let page = sql
        .rows(
            "SELECT object, metadata, spec, status, spec_digest, exports_digest FROM objects \
             WHERE object IN (SELECT value FROM json_each($1)) ORDER BY object",
            &[crate::sql::list(&wanted).into()],
        )
        .await?;
    Ok((page, remaining))
}
