//! Bundles: immutable, compressed, stored once by digest.

use jiff::Timestamp;
use model::{BundleText, Digest};

use crate::{Error, Store, sql::Sql, writer::Operation, writer::Txn};

/// zstd level: bundles are written once and sent often, and are small.
const LEVEL: i32 = 3;

/// A compressed bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// Digest of the uncompressed text.
    pub digest: Digest,
    /// zstd-compressed text.
    pub data: Vec<u8>,
    /// Bytes of the uncompressed text.
    pub size: u64,
}

impl Blob {
    /// Compresses a bundle. Takes time in proportion to its size, so it is not done in the writer.
    #[must_use]
    pub fn compress(bundle: &BundleText) -> Self {
        let text = bundle.as_str();
        let data = zstd::bulk::compress(text.as_bytes(), LEVEL)
            .expect("compression into memory has no way to fail at a valid level");
        Self {
            digest: bundle.digest(),
            data,
            size: text.len() as u64,
        }
    }
}

impl Store {
    /// The zstd-compressed text of a bundle.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn bundle(&self, digest: &Digest) -> Result<Option<Blob>, Error> {
        let row = self
            .reader()
            .await?
            .sql()
            .row(
                "SELECT size, data FROM bundles WHERE digest = $1",
                &[digest.into()],
            )
            .await?;
        row.map(|row| {
            Ok(Blob {
                digest: *digest,
                size: row.number(0)?,
                data: row.bytes(1)?.to_vec(),
            })
        })
        .transpose()
    }

    /// Whether a bundle is stored, so that it need not be compressed again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_bundle(&self, digest: &Digest) -> Result<bool, Error> {
        is_stored(&mut self.reader().await?.sql(), digest).await
    }

    /// Drops at most `limit` bundles that no head names and that were stored before `before`. Gives
    /// their number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn prune_bundles(&self, before: Timestamp, limit: usize) -> Result<u64, Error> {
        self.submit(Prune { before, limit }).await
    }
}

pub(crate) async fn is_stored(sql: &mut Sql<'_>, digest: &Digest) -> Result<bool, Error> {
    let row = sql
        .row("SELECT 1 FROM bundles WHERE digest = $1", &[digest.into()])
        .await?;
    Ok(row.is_some())
}

/// Stores a bundle unless it is stored; one that is counts as new again, so that it is not pruned
/// before a head names it.
pub(crate) async fn store(txn: &mut Txn, blob: &Blob, now: Timestamp) -> Result<(), Error> {
    txn.sql()
        .execute(
            "INSERT INTO bundles (digest, size, data, stored_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (digest) DO UPDATE SET stored_at = excluded.stored_at",
            &[
                (&blob.digest).into(),
                blob.size.into(),
                blob.data.as_slice().into(),
                now.as_microsecond().into(),
            ],
        )
        .await?;
    Ok(())
}

struct Prune {
    before: Timestamp,
    limit: usize,
}

impl Operation for Prune {
    type Output = u64;

    async fn run(&self, txn: &mut Txn) -> Result<u64, Error> {
        txn.sql()
            .execute(
                "DELETE FROM bundles WHERE digest IN (SELECT b.digest FROM bundles b \
                 WHERE b.stored_at < $1 \
                 AND NOT EXISTS (SELECT 1 FROM heads h WHERE h.digest = b.digest) LIMIT $2)",
                &[self.before.as_microsecond().into(), self.limit.into()],
            )
            .await
    }
}
