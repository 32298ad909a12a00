//! How transactions begin and end.
//!
//! A transaction that writes holds the counters from its begin to its end: SQLite's by being the only
//! one, PostgreSQL's by their row's lock. So all transactions of all replicas are in one order, that of
//! their revisions, and a reader that sees one sees all before it.

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr, raw_sql};

use super::{Row, Sql, in_time};
use crate::{Error, writer::Counters};

/// Where PostgreSQL tells the other replicas of a commit: `replica wakes revision`.
pub(crate) const CHANNEL: &str = "quintet";

/// What there is to say of a commit. A database that several replicas share keeps it, so that it can
/// be asked whether the commit was made when its answer was lost.
pub(crate) struct Receipt<'a> {
    /// Who commits. It is written into statements as it is.
    pub(crate) replica: &'a str,
    /// Number of the transaction.
    pub(crate) batch: u64,
    /// Whether counters have changed.
    pub(crate) counted: bool,
    /// Whether there is something to claim.
    pub(crate) wakes: bool,
}

impl Sql<'_> {
    /// Begins, with a savepoint for the first operation. Gives the row of the counters.
    pub(crate) async fn begin(&mut self) -> Result<Row, Error> {
        let text = match self {
            Self::Sqlite(_) => {
                "BEGIN IMMEDIATE; SELECT incarnation, revision, wake_token FROM meta; \
                 SAVEPOINT operation"
            }
            Self::Postgres(_) => {
                "BEGIN; SELECT incarnation, revision, wake_token FROM meta FOR UPDATE; \
                 SAVEPOINT operation"
            }
        };
        let rows = self.script(text.into_sql_str()).await?;
        let row = rows.into_iter().next();
        row.ok_or_else(|| Error::corrupt("no counters", "its table `meta` is empty"))
    }

    /// Keeps what was done since the savepoint, and sets the next.
    pub(crate) async fn keep(&mut self) -> Result<(), Error> {
        self.run("RELEASE operation; SAVEPOINT operation").await
    }

    /// Undoes what was done since the savepoint, which stays.
    pub(crate) async fn undo(&mut self) -> Result<(), Error> {
        self.run("ROLLBACK TO operation").await
    }

    /// Undoes the transaction.
    pub(crate) async fn roll_back(&mut self) -> Result<(), Error> {
        self.run("ROLLBACK").await
    }

    /// Commits with these counters; closes the savepoint that is still open.
    pub(crate) async fn commit(
        &mut self,
        counters: &Counters,
        receipt: &Receipt<'_>,
    ) -> Result<(), Error> {
        let Counters {
            incarnation,
            revision,
            wake_token,
        } = counters;
        let mut text = String::new();
        if receipt.counted {
            text.push_str(&format!(
                "UPDATE meta SET incarnation = {incarnation}, revision = {revision}, \
                 wake_token = {wake_token}; "
            ));
        }
        if let Self::Postgres(_) = self {
            let Receipt {
                replica,
                batch,
                counted,
                wakes,
            } = receipt;
            text.push_str(&format!(
                "INSERT INTO replicas (replica, batch, seen_at) VALUES ('{replica}', {batch}, now()) \
                 ON CONFLICT (replica) DO UPDATE SET batch = excluded.batch, \
                 seen_at = excluded.seen_at; "
            ));
            if *counted || *wakes {
                text.push_str(&format!(
                    "NOTIFY {CHANNEL}, '{replica} {wakes} {revision}'; "
                ));
            }
        }
        text.push_str("COMMIT");
        self.script(AssertSqlSafe(text).into_sql_str()).await?;
        Ok(())
    }

    async fn run(&mut self, text: &'static str) -> Result<(), Error> {
        self.script(text.into_sql_str()).await?;
        Ok(())
    }

    /// Runs statements without arguments in one message; gives all their rows.
    async fn script(&mut self, text: SqlStr) -> Result<Vec<Row>, Error> {
        Ok(match self {
            Self::Sqlite(connection) => {
                let rows = raw_sql(text).fetch_all(&mut **connection).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(connection) => {
                let rows = in_time(raw_sql(text).fetch_all(&mut **connection)).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }
}
