//! Why the store refused or failed.

use std::{sync::Arc, time::Duration};

use sqlx::postgres::PgDatabaseError;

use model::{Code, Coded, Digest, ObjectKey, PlaneName, Revision, UnitId};

use crate::{links::JoinRefused, reads::ReadTarget};

/// A read or write was refused, or failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The object does not exist.
    #[error("{0} does not exist")]
    NotFound(ObjectKey),
    /// The object exists, and the write was to create it.
    #[error("{0} exists already")]
    AlreadyExists(ObjectKey),
    /// The object is not at the revision that the writer named.
    #[error("{key} is at revision {found}, not at {expected}: read it again")]
    Moved {
        /// The object.
        key: ObjectKey,
        /// What the writer named.
        expected: Revision,
        /// What the store holds.
        found: Revision,
    },
    /// Something that a decision read has changed since: decide again.
    #[error("{0} has moved since it was read")]
    ReadMoved(ReadTarget),
    /// The stored head was made by a newer compiler, whose output this one may not overwrite.
    #[error("{unit} on {plane} was compiled at epoch {stored}, which {offered} may not overwrite")]
    OlderCompiler {
        /// The unit.
        unit: UnitId,
        /// Its plane.
        plane: PlaneName,
        /// Epoch of the stored head.
        stored: u32,
        /// Epoch of the refused head.
        offered: u32,
    },
    /// A head names a bundle that is neither stored nor part of the decision.
    #[error("bundle {0} is not stored")]
    MissingBundle(Digest),
    /// The name cannot be stored.
    #[error("{0} is not a valid object name")]
    Name(ObjectKey),
    /// The cursor of a list was not made by this store.
    #[error("the continue token is not valid: list again from the start")]
    Cursor,
    /// A plane may not join.
    #[error("the plane may not join: {0}")]
    Join(#[source] JoinRefused),
    /// No plane of this name has joined.
    #[error("no plane has joined as {0}")]
    UnknownPlane(PlaneName),
    /// The disk that holds the database is full.
    #[error("the disk of the database is full")]
    Full(#[source] Arc<sqlx::Error>),
    /// The database does not answer now: locked by another process, or its connection is lost.
    #[error("the database does not answer")]
    Unavailable(#[source] Arc<sqlx::Error>),
    /// The write was not confirmed in time; it may or may not have been made.
    #[error("the database did not confirm the write within {0:?}")]
    Deadline(Duration),
    /// The database was lost while it confirmed the write; it may or may not have been made.
    #[error("the database was lost while it confirmed the write, which may have been made")]
    Unconfirmed(#[source] Box<Self>),
    /// The writer has ended, so that no write can be made any more.
    #[error("the writer of the database has stopped")]
    Stopped,
    /// The database failed in a way that only an operator can mend.
    #[error("the database failed")]
    Database(#[source] Arc<sqlx::Error>),
    /// The database holds something that this version cannot read.
    #[error("the database holds {what} that cannot be read: {detail}")]
    Corrupt {
        /// What it is.
        what: &'static str,
        /// What is wrong with it.
        detail: String,
    },
}

impl Error {
    /// Whether the same call may succeed after reading again: the optimistic kind of failure.
    #[must_use]
    pub const fn is_conflict(&self) -> bool {
        matches!(self, Self::Moved { .. } | Self::ReadMoved(_))
    }

    /// Whether the database failed, as opposed to the write being refused.
    pub(crate) const fn is_fault(&self) -> bool {
        matches!(
            self,
            Self::Full(_)
                | Self::Unavailable(_)
                | Self::Database(_)
                | Self::Corrupt { .. }
                | Self::Stopped
                | Self::Deadline(_)
                | Self::Unconfirmed(_)
        )
    }

    pub(crate) fn corrupt(what: &'static str, detail: impl ToString) -> Self {
        Self::Corrupt {
            what,
            detail: detail.to_string(),
        }
    }
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::NotFound(_) | Self::UnknownPlane(_) => Code::NotFound,
            Self::AlreadyExists(_) => Code::AlreadyExists,
            Self::Moved { .. } | Self::ReadMoved(_) | Self::OlderCompiler { .. } => Code::Conflict,
            Self::Name(_) | Self::Cursor => Code::Invalid,
            Self::Join(refused) => refused.code(),
            Self::Full(_) => Code::Exhausted,
            Self::Unavailable(_) | Self::Deadline(_) | Self::Unconfirmed(_) | Self::Stopped => {
                Code::Unavailable
            }
            Self::MissingBundle(_) | Self::Database(_) | Self::Corrupt { .. } => Code::Internal,
        }
    }
}

/// Sorts the failures of the driver by who can mend them.
impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let fault = match error.as_database_error() {
            Some(answer) => {
                let code = answer.code().unwrap_or_default();
                match answer.try_downcast_ref::<PgDatabaseError>() {
                    Some(_) => Fault::of_postgres(&code),
                    None => Fault::of_sqlite(&code),
                }
            }
            None => Fault::of_driver(&error),
        };
        let error = Arc::new(error);
        match fault {
            Fault::Full => Self::Full(error),
            Fault::Away => Self::Unavailable(error),
            Fault::Other => Self::Database(error),
        }
    }
}

enum Fault {
    Full,
    /// It passes by itself.
    Away,
    Other,
}

impl Fault {
    fn of_sqlite(code: &str) -> Self {
        const BUSY: i64 = 5;
        const LOCKED: i64 = 6;
        const IO: i64 = 10;
        const FULL: i64 = 13;
        const CANNOT_OPEN: i64 = 14;
        // The low byte is SQLite's primary result code.
        match code.parse::<i64>().map(|extended| extended & 0xff) {
            Ok(FULL) => Self::Full,
            Ok(BUSY | LOCKED | IO | CANNOT_OPEN) => Self::Away,
            _ => Self::Other,
        }
    }

    /// By the classes and codes of PostgreSQL's appendix A.
    fn of_postgres(code: &str) -> Self {
        /// Classes: a lost connection, a transaction that must be repeated, too few connections or
        /// too little memory, an operator who shuts down, a fault of the disk.
        const AWAY: [&str; 5] = ["08", "40", "53", "57", "58"];
        match code {
            "53100" => Self::Full,
            // A lock that was not to be had; a standby that is to become primary; idle for too long.
            "55P03" | "25006" | "25P03" => Self::Away,
            code if AWAY.iter().any(|class| code.starts_with(class)) => Self::Away,
            _ => Self::Other,
        }
    }

    const fn of_driver(error: &sqlx::Error) -> Self {
        let away = matches!(
            error,
            sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::Protocol(_)
                | sqlx::Error::Io(_)
        );
        if away { Self::Away } else { Self::Other }
    }
}
