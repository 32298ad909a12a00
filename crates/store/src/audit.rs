//! The audit log: who did, or was refused, what. Appended to, never changed;
//! dropped by age alone.

use jiff::Timestamp;
use model::{ObjectKey, RawJson};

use crate::{Error, Store, keys, sql::Row, writer::Operation, writer::Txn};

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What, as authorization names it: `component:create`.
    pub action: String,
    /// To what, if to an object.
    pub object: Option<ObjectKey>,
    /// How it ended: `allowed`, `denied`, or the code of a failure.
    pub outcome: String,
    /// Id of the request.
    pub request_id: Option<String>,
    /// W3C `traceparent` of the request.
    pub trace: Option<String>,
    /// What else is worth keeping; never a secret value.
    pub detail: RawJson,
}

impl Store {
    /// Appends to the log, durably.
    ///
    /// # Errors
    /// When the database fails; then nothing is appended.
    pub async fn append_audit(&self, records: Vec<Record>) -> Result<(), Error> {
        self.submit(Append { records }).await
    }

    /// Drops at most `limit` records from before `before`, oldest first. Gives their number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn prune_audit(&self, before: Timestamp, limit: usize) -> Result<u64, Error> {
        self.submit(Prune { before, limit }).await
    }

    /// At most `limit` records with their numbers, newest first, before the record numbered
    /// `before`; `u64::MAX` begins at the newest.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_audit(&self, before: u64, limit: usize) -> Result<Vec<(u64, Record)>, Error> {
        let rows = self
            .reader()
            .await?
            .sql()
            .rows(
                "SELECT number, at, actor, action, object, outcome, request_id, trace, detail \
                 FROM audit WHERE number < $1 ORDER BY number DESC LIMIT $2",
                &[before.into(), limit.into()],
            )
            .await?;
        rows.iter().map(record).collect()
    }
}

fn record(row: &Row) -> Result<(u64, Record), Error> {
    let record = Record {
        at: row.time(1)?,
        actor: row.string(2)?,
        action: row.string(3)?,
        object: row.maybe_text(4)?.map(keys::parse_object).transpose()?,
        outcome: row.string(5)?,
        request_id: row.maybe_text(6)?.map(str::to_owned),
        trace: row.maybe_text(7)?.map(str::to_owned),
        detail: row.json(8)?,
    };
    Ok((row.number(0)?, record))
}

struct Append {
    records: Vec<Record>,
}

impl Operation for Append {
    type Output = ();

    async fn run(&self, txn: &mut Txn) -> Result<(), Error> {
        for record in &self.records {
            let object = record.object.as_ref().map(keys::object);
            txn.sql()
                .execute(
                    "INSERT INTO audit (at, actor, action, object, outcome, request_id, trace, \
                     detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                    &[
                        record.at.as_microsecond().into(),
                        record.actor.as_str().into(),
                        record.action.as_str().into(),
                        object.as_deref().into(),
                        record.outcome.as_str().into(),
                        record.request_id.as_deref().into(),
                        record.trace.as_deref().into(),
                        record.detail.as_str().into(),
                    ],
                )
                .await?;
        }
        Ok(())
    }
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
                "DELETE FROM audit WHERE number IN \
                 (SELECT number FROM audit WHERE at < $1 ORDER BY at LIMIT $2)",
                &[self.before.as_microsecond().into(), self.limit.into()],
            )
            .await
    }
}
