//! Which database: how connections to it are made, for the writer and for readers.
//!
//! SQLite is one file that belongs to this process. PostgreSQL is a server that other replicas use
//! as well and that may be away; its connections give up instead of waiting for ever.

use std::{sync::Arc, time::Duration};

use sqlx::{
    Connection as _, PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool,
    Transaction,
    pool::{PoolConnection, PoolOptions},
    postgres::PgConnectOptions,
    sqlite::SqliteConnectOptions,
};

use crate::{
    Config, Error, OpenError,
    sql::{Connection, Sql},
};

pub(crate) mod postgres;
pub(crate) mod sqlite;

/// How long a server may take to accept a connection, and a reader may wait for one.
const CONNECT: Duration = Duration::from_secs(10);
/// A reader's view: one state of the database, for all its statements.
const VIEW: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// How to reach the database.
#[derive(Debug, Clone)]
pub(crate) enum Backend {
    Sqlite(SqliteConnectOptions),
    Postgres(PgConnectOptions),
}

impl Backend {
    pub(crate) async fn connect(&self) -> Result<Connection, Error> {
        match self {
            Self::Sqlite(options) => Ok(Connection::Sqlite(
                SqliteConnection::connect_with(options).await?,
            )),
            Self::Postgres(options) => {
                let connection = PgConnection::connect_with(options);
                match tokio::time::timeout(CONNECT, connection).await {
                    Ok(connection) => Ok(Connection::Postgres(connection?)),
                    Err(_) => Err(Error::Unavailable(Arc::new(sqlx::Error::PoolTimedOut))),
                }
            }
        }
    }

    /// Connections for reading, made when they are needed.
    pub(crate) fn readers(&self, most: u32) -> Readers {
        match self {
            Self::Sqlite(options) => Readers::Sqlite(
                PoolOptions::new()
                    .max_connections(most.max(1))
                    .acquire_timeout(CONNECT)
                    .test_before_acquire(false)
                    .connect_lazy_with(options.clone().pragma("query_only", "ON")),
            ),
            Self::Postgres(options) => Readers::Postgres(postgres::pool(options, most.max(1))),
        }
    }

    /// Whether other processes write to the database as well.
    pub(crate) const fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

/// How the configured database is reached.
pub(crate) fn of(config: &Config) -> Result<Backend, OpenError> {
    match config.url.split_once(':') {
        Some(("sqlite", path)) => Ok(Backend::Sqlite(sqlite::options(&sqlite::path(path)?))),
        Some(("postgres" | "postgresql", _)) => Ok(Backend::Postgres(postgres::options(config)?)),
        other => Err(OpenError::Url(
            other.map_or("", |(scheme, _)| scheme).to_owned(),
        )),
    }
}

/// Connections for reading.
pub(crate) enum Readers {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Readers {
    pub(crate) async fn reader(&self) -> Result<Reader, Error> {
        Ok(match self {
            Self::Sqlite(pool) => Reader::Sqlite(pool.acquire().await?),
            Self::Postgres(pool) => Reader::Postgres(pool.acquire().await?),
        })
    }

    pub(crate) async fn snapshot(&self) -> Result<Snapshot, Error> {
        Ok(match self {
            Self::Sqlite(pool) => Snapshot::Sqlite(pool.begin().await?),
            Self::Postgres(pool) => Snapshot::Postgres(pool.begin_with(VIEW).await?),
        })
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// A connection for single queries.
pub(crate) enum Reader {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl Reader {
    pub(crate) fn sql(&mut self) -> Sql<'_> {
        match self {
            Self::Sqlite(connection) => Sql::Sqlite(connection),
            Self::Postgres(connection) => Sql::Postgres(connection),
        }
    }
}

/// Statements of these connections see one state of the database.
pub(crate) enum Snapshot {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Snapshot {
    pub(crate) fn sql(&mut self) -> Sql<'_> {
        match self {
            Self::Sqlite(transaction) => Sql::Sqlite(transaction),
            Self::Postgres(transaction) => Sql::Postgres(transaction),
        }
    }
}
