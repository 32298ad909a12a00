//! Rows of objects.

use std::{collections::HashMap, sync::Arc};

use model::{Digest, Envelope, Stored};

use crate::{
    Error, keys,
    sql::{self, Row, Sql},
};

/// An object with what only the writer needs.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) stored: Stored,
    /// Digest of spec, labels and annotations.
    pub(crate) written_digest: Digest,
    /// Digest of the spec alone.
    pub(crate) body_digest: Digest,
    /// Entries in which the object lies.
    pub(crate) indexes: Vec<String>,
    /// Request of the last write.
    pub(crate) request_id: Option<String>,
}

/// Reads the columns `object, metadata, spec, status, spec_digest, exports_digest`.
pub(crate) fn stored(row: &Row) -> Result<Stored, Error> {
    Ok(Stored {
        envelope: envelope(row, 0)?,
        spec_digest: row.digest(4)?,
        exports_digest: row.digest(5)?,
    })
}

/// Reads the columns `object, metadata, spec, status` from `first` on.
pub(crate) fn envelope(row: &Row, first: usize) -> Result<Envelope, Error> {
    Ok(Envelope {
        key: keys::parse_object(row.text(first)?)?,
        metadata: serde_json::from_str(row.text(first + 1)?)
            .map_err(|error| Error::corrupt("metadata", error))?,
        spec: row.json(first + 2)?,
        status: row.json(first + 3)?,
    })
}

pub(crate) async fn find(sql: &mut Sql<'_>, text: &str) -> Result<Option<Arc<Stored>>, Error> {
    let row = sql
        .row(
            "SELECT object, metadata, spec, status, spec_digest, exports_digest \
             FROM objects WHERE object = $1",
            &[text.into()],
        )
        .await?;
    row.map(|row| stored(&row).map(Arc::new)).transpose()
}

/// The objects of these texts that exist.
pub(crate) async fn find_all(
    sql: &mut Sql<'_>,
    texts: &[&str],
) -> Result<HashMap<String, Arc<Stored>>, Error> {
    let rows = sql
        .rows(
            "SELECT object, metadata, spec, status, spec_digest, exports_digest FROM objects \
             WHERE object IN (SELECT value FROM json_each($1))",
            &[sql::list(texts).into()],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.string(0)?, Arc::new(stored(row)?))))
        .collect()
}

pub(crate) async fn load(sql: &mut Sql<'_>, text: &str) -> Result<Option<Record>, Error> {
    let row = sql
        .row(
            "SELECT object, metadata, spec, status, spec_digest, exports_digest, written_digest, \
             body_digest, indexes, request_id FROM objects WHERE object = $1",
            &[text.into()],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Record {
        stored: stored(&row)?,
        written_digest: row.digest(6)?,
        body_digest: row.digest(7)?,
        indexes: row.list(8)?,
        request_id: row.maybe_string(9)?,
    }))
}
