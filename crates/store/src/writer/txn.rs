//! A transaction: the connection, the counters that it takes from, and what it has touched.

use std::sync::Arc;

use sqlx::{Connection as _, SqliteConnection};

use model::{Revision, Stored, UnitRevision};

use crate::{Error, changes::Event, sql::Sql};

/// The counters of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    pub(super) connection: SqliteConnection,
    /// Name of the hub.
    pub(crate) hub: String,
    /// Taken from inside the transaction.
    pub(crate) counters: Counters,
    /// What has changed so far.
    pub(crate) touched: Touched,
    began: Counters,
}

impl Txn {
    pub(super) fn new(connection: SqliteConnection, hub: String) -> Self {
        let counters = Counters {
            incarnation: 0,
            revision: 0,
            wake_token: 0,
        };
        Self {
            connection,
            hub,
            counters,
            touched: Touched::default(),
            began: counters,
        }
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
        self.sql()
            .execute("BEGIN IMMEDIATE; SAVEPOINT operation", &[])
            .await?;
        match Counters::load(&mut self.sql()).await {
            Ok(counters) => {
                (self.counters, self.began) = (counters, counters);
                Ok(())
            }
            Err(error) => {
                self.roll_back().await;
                Err(error)
            }
        }
    }

    pub(super) async fn commit(&mut self) -> Result<(), Error> {
        let outcome = self.save_counters_and_commit().await;
        if outcome.is_err() {
            self.roll_back().await;
        }
        outcome
    }

    async fn save_counters_and_commit(&mut self) -> Result<(), Error> {
        let Counters {
            incarnation,
            revision,
            wake_token,
        } = self.counters;
        // A commit closes the savepoint that is still open.
        if self.counters == self.began {
            self.sql().execute("COMMIT", &[]).await?;
            return Ok(());
        }
        self.sql()
            .execute(
                "UPDATE meta SET incarnation = $1, revision = $2, wake_token = $3; COMMIT",
                &[incarnation.into(), revision.into(), wake_token.into()],
            )
            .await?;
        Ok(())
    }

    /// Undoes the transaction, if the database has not done so itself.
    pub(super) async fn roll_back(&mut self) {
        self.touched = Touched::default();
        self.counters = self.began;
        if let Err(error) = self.sql().execute("ROLLBACK", &[]).await {
            tracing::debug!(error = ?error, "the database has rolled back by itself");
        }
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
        self.sql()
            .execute("RELEASE operation; SAVEPOINT operation", &[])
            .await?;
        Ok(())
    }

    /// Undoes what the operation did; its savepoint serves the next.
    pub(super) async fn undo(&mut self, undo: Undo) -> Result<(), Error> {
        self.counters = undo.counters;
        self.touched.objects.truncate(undo.objects);
        self.touched.indexes.truncate(undo.indexes);
        self.touched.events.truncate(undo.events);
        self.touched.wakes = undo.wakes;
        self.sql().execute("ROLLBACK TO operation", &[]).await?;
        Ok(())
    }

    pub(super) fn take_touched(&mut self) -> Touched {
        std::mem::take(&mut self.touched)
    }

    pub(super) async fn close(self) {
        if let Err(error) = self.connection.close().await {
            tracing::warn!(error = %error, "the database was not closed cleanly");
        }
    }
}
