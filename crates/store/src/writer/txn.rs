//! A transaction: the connection, the counters that it takes from, and what it has touched.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use model::{Revision, Stored, UnitRevision};

use crate::{
    Error,
    backend::Backend,
    changes::Event,
    sql::{Connection, Receipt, Row, Sql},
};

use super::{PATIENCE, backoff};

/// The counters of the store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) incarnation: u64,
    pub(crate) revision: u64,
    pub(crate) wake_token: u64,
}

impl Counters {
    pub(crate) async fn load(sql: &mut Sql<'_>) -> Result<Self, Error> {
        let row = sql
            .one("SELECT incarnation, revision, wake_token FROM meta", &[])
            .await?;
        Self::of(&row)
    }

    /// The counters, and the name of the hub.
    pub(crate) async fn load_with_hub(sql: &mut Sql<'_>) -> Result<(String, Self), Error> {
        let hub = sql.one("SELECT hub FROM meta", &[]).await?.string(0)?;
        Ok((hub, Self::load(sql).await?))
    }

    fn of(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            incarnation: row.number(0)?,
            revision: row.number(1)?,
            wake_token: row.number(2)?,
        })
    }
}

/// What memory must learn of once the transaction is durable.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// Objects by their text, `None` for those that are gone.
    pub(crate) objects: Vec<(String, Option<Arc<Stored>>)>,
    /// Texts of objects that have changed in a way that is not at hand.
    pub(crate) forgotten: Vec<String>,
    /// Texts of the indexes whose members or marks have changed.
    pub(crate) indexes: Vec<String>,
    /// Change records.
    pub(crate) events: Vec<Arc<Event>>,
    /// Whether wakes were added, moved or set free.
    pub(crate) wakes: bool,
    /// The log was dropped up to here.
    pub(crate) compacted: Option<Revision>,
}

/// Where a savepoint began.
pub(crate) struct Undo {
    counters: Counters,
    objects: usize,
    indexes: usize,
    events: usize,
    wakes: bool,
}

/// The writing side of the database.
pub(crate) struct Txn {
    backend: Backend,
    connection: Option<Connection>,
    /// Name of the hub.
    pub(crate) hub: String,
    /// Name of this process among those that share the database.
    replica: String,
    /// Number of the transaction among those of this process.
    batch: u64,
    /// Taken from inside the transaction.
    pub(crate) counters: Counters,
    /// What has changed so far.
    pub(crate) touched: Touched,
    /// The counters at its begin.
    pub(super) began: Counters,
}

impl Txn {
    /// Without a connection, one is made when it is needed.
    pub(super) fn new(
        backend: Backend,
        connection: Option<Connection>,
        hub: String,
        replica: String,
    ) -> Self {
        Self {
            backend,
            connection,
            hub,
            replica,
            batch: 0,
            counters: Counters::default(),
            touched: Touched::default(),
            began: Counters::default(),
        }
    }

    /// Whether the database is a server: it may be away for a while.
    pub(super) const fn is_remote(&self) -> bool {
        self.backend.is_shared()
    }

    /// The connection of the transaction.
    pub(crate) fn sql(&mut self) -> Sql<'_> {
        let connection = self.connection.as_mut();
        connection.expect("it was made at the begin").sql()
    }

    /// A revision of its own for one change.
    pub(crate) fn next_revision(&mut self) -> Revision {
        self.counters.revision += 1;
        Revision(self.counters.revision)
    }

    /// A revision of its own for one head.
    pub(crate) fn next_unit_revision(&mut self) -> UnitRevision {
        let counter = self.next_revision().0;
        UnitRevision {
            incarnation: self.counters.incarnation,
            counter,
        }
    }

    /// A number larger than that of every earlier wake.
    pub(crate) fn next_token(&mut self) -> u64 {
        self.touched.wakes = true;
        self.counters.wake_token += 1;
        self.counters.wake_token
    }

    /// Begins, with a savepoint for the first operation.
    pub(super) async fn begin(&mut self) -> Result<(), Error> {
        self.touched = Touched::default();
        self.batch += 1;
        self.connect().await?;
        let begun = self.sql().begin().await;
        match begun.and_then(|row| Counters::of(&row)) {
            Ok(counters) => {
                (self.counters, self.began) = (counters, counters);
                Ok(())
            }
            Err(error) => {
                self.roll_back(&error).await;
                Err(error)
            }
        }
    }

    /// The connection, made anew if it was lost.
    async fn connect(&mut self) -> Result<(), Error> {
        if self.connection.is_none() {
            self.connection = Some(self.backend.connect().await?);
        }
        Ok(())
    }

    /// Commits. An error other than `Unconfirmed` means that nothing was kept.
    pub(super) async fn commit(&mut self) -> Result<(), Error> {
        let (counters, replica) = (self.counters, self.replica.clone());
        let receipt = Receipt {
            replica: &replica,
            batch: self.batch,
            counted: counters != self.began,
            wakes: self.touched.wakes,
        };
        match self.sql().commit(&counters, &receipt).await {
            Ok(()) => Ok(()),
            Err(error) if self.is_remote() => self.settle(error).await,
            Err(error) => {
                self.roll_back(&error).await;
                Err(error)
            }
        }
    }

    /// Finds out what became of a commit whose answer was lost with `error`.
    async fn settle(&mut self, error: Error) -> Result<(), Error> {
        tracing::warn!(error = ?error, "the answer to a commit was lost: asking for it");
        let end = Instant::now() + PATIENCE;
        let mut wait = Duration::ZERO;
        loop {
            match self.is_committed().await {
                Ok(true) => return Ok(()),
                Ok(false) => {
                    self.reset();
                    return Err(error);
                }
                Err(unknown) if Instant::now() >= end => {
                    self.reset();
                    return Err(Error::Unconfirmed(Box::new(unknown)));
                }
                Err(_) => wait = backoff(wait).await,
            }
        }
    }

    /// Whether the last transaction is in the database. The lock of the counters is waited for: only
    /// then has it ended.
    async fn is_committed(&mut self) -> Result<bool, Error> {
        self.connection = None;
        self.connect().await?;
        let replica = self.replica.clone();
        let mut sql = self.sql();
        sql.begin().await?;
        let row = sql
            .row(
                "SELECT batch FROM replicas WHERE replica = $1",
                &[replica.into()],
            )
            .await?;
        let batch = row.map_or(Ok(0), |row| row.number(0))?;
        sql.roll_back().await?;
        Ok(batch == self.batch)
    }

    /// Undoes the transaction that failed so, if the database has not done so itself.
    pub(super) async fn roll_back(&mut self, failed: &Error) {
        self.reset();
        // A server undoes what has lost its connection, which may be dead without a word.
        if self.is_remote() && matches!(failed, Error::Unavailable(_)) {
            self.connection = None;
        } else if let Err(error) = self.sql().roll_back().await {
            tracing::debug!(error = ?error, "the database has rolled back by itself");
        }
    }

    fn reset(&mut self) {
        self.touched = Touched::default();
        self.counters = self.began;
    }

    /// What [`Self::undo`] needs to go back to the present.
    pub(super) const fn save(&self) -> Undo {
        Undo {
            counters: self.counters,
            objects: self.touched.objects.len(),
            indexes: self.touched.indexes.len(),
            events: self.touched.events.len(),
            wakes: self.touched.wakes,
        }
    }

    /// Keeps what the operation did and sets a savepoint for the next.
    pub(super) async fn keep(&mut self) -> Result<(), Error> {
        self.sql().keep().await
    }

    /// Undoes what the operation did; its savepoint serves the next.
    pub(super) async fn undo(&mut self, undo: Undo) -> Result<(), Error> {
        self.counters = undo.counters;
        self.touched.objects.truncate(undo.objects);
        self.touched.indexes.truncate(undo.indexes);
        self.touched.events.truncate(undo.events);
        self.touched.wakes = undo.wakes;
        self.sql().undo().await
    }

    pub(super) fn take_touched(&mut self) -> Touched {
        std::mem::take(&mut self.touched)
    }

    pub(super) async fn close(self) {
        let Some(connection) = self.connection else {
            return;
        };
        if let Err(error) = connection.close().await {
            tracing::warn!(error = %error, "the database was not closed cleanly");
        }
    }
}
