//! Opening the database.

use std::{fmt, io, path::PathBuf, sync::Arc, time::Duration};

use secrecy::SecretString;

use model::Revision;

use crate::{
    Error,
    backend::{self, Backend, Reader, Readers, Snapshot, postgres, sqlite},
    schema, wakes,
    writer::{self, Counters, Operation, Origin, Shared},
};

/// Which database, and how much memory and patience.
#[derive(Clone)]
pub struct Config {
    /// `sqlite:` and the path of the file, which is made if its folder exists; or
    /// `postgres://user@host/database`, with the parameters of a PostgreSQL connection string.
    pub url: String,
    /// The password for PostgreSQL, unless it is in the URL; empty: none.
    pub password: SecretString,
    /// Connections for reading.
    pub readers: u32,
    /// Bytes of objects to keep in memory.
    pub cache_bytes: usize,
    /// How long a claimed wake belongs to its claimer.
    pub claim_lease: Duration,
    /// How long a write may wait until it is durable.
    pub write_deadline: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: "sqlite:quintet.db".to_owned(),
            password: SecretString::default(),
            readers: 8,
            cache_bytes: 256 << 20,
            claim_lease: wakes::DEFAULT_LEASE,
            write_deadline: Duration::from_secs(30),
        }
    }
}

/// Without the URL, which may hold a password.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("readers", &self.readers)
            .field("cache_bytes", &self.cache_bytes)
            .field("claim_lease", &self.claim_lease)
            .field("write_deadline", &self.write_deadline)
            .finish_non_exhaustive()
    }
}

/// The database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL, of this scheme, does not name a database that this build can speak to.
    #[error(
        "database.url, of scheme {0:?}, is not supported: use sqlite: and the path of a file, or \
         postgres://user@host/database"
    )]
    Url(String),
    /// The folder of the file does not exist.
    #[error("the folder {0:?} of the database does not exist: make it, or mount a volume there")]
    MissingFolder(PathBuf),
    /// Another process has the database open.
    #[error("the database {0:?} is in use by another process: stop it first")]
    InUse(PathBuf),
    /// The file cannot be read or written.
    #[error("the database {path:?} cannot be opened: check its owner, mode and free space")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The database was written by a newer version.
    #[error("the database is of schema {0}, newer than this program knows: run the newer version")]
    Newer(i64),
    /// A migration of the database fails, or was changed after it was applied.
    #[error("the database cannot be brought to the current schema")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// The file answers with an error.
    #[error("the database {path:?} cannot be read: it is damaged, or not a database of Quintet")]
    Database {
        /// The file.
        path: PathBuf,
        /// What the driver says.
        #[source]
        source: Error,
    },
    /// The server does not let in, or answers with an error.
    #[error(
        "the database {place} cannot be used: check that it is there, database.url and \
         database.password"
    )]
    Server {
        /// The database and its server.
        place: String,
        /// What the driver says.
        #[source]
        source: Error,
    },
    /// The server is too old, or does not keep all texts.
    #[error(
        "the database {place} is of PostgreSQL {version} with encoding {encoding}: it must be of 13 \
         or newer, with encoding UTF8"
    )]
    Unfit {
        /// The database and its server.
        place: String,
        /// Its major version.
        version: i64,
        /// Its encoding.
        encoding: String,
    },
    /// The writer's thread cannot be started.
    #[error("the system does not start another thread")]
    Thread(#[source] io::Error),
}

/// The platform database. Cheap to clone; the writer ends when the last clone is dropped.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

pub(crate) struct Inner {
    readers: Readers,
    writer: writer::Handle,
    shared: Arc<Shared>,
    config: Config,
    pub(crate) hub: String,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("hub", &self.0.hub)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database, makes it if there is none, and brings it to the current schema. The
    /// database of a server must exist; it may be empty.
    ///
    /// Must be called in a tokio runtime.
    ///
    /// # Errors
    /// When the database cannot be opened, is in use by another process, or is of a newer version.
    pub async fn open(config: Config) -> Result<Self, OpenError> {
        let backend = backend::of(&config)?;
        let (origin, counters) = begin(backend.clone()).await?;
        let shared = Arc::new(Shared::new(&counters, config.cache_bytes));
        let hub = origin.hub.clone();
        let writer =
            writer::Handle::start(origin, Arc::clone(&shared)).map_err(OpenError::Thread)?;
        Ok(Self(Arc::new(Inner {
            readers: backend.readers(config.readers),
            writer,
            shared,
            config,
            hub,
        })))
    }

    /// Makes the writes that wait, takes no further ones, and closes the database. Then it may be
    /// opened again.
    pub async fn close(&self) {
        self.0.writer.close().await;
        self.0.readers.close().await;
    }

    /// Waits until the writer has ended, which it does only when closed or by a fault: then no write
    /// can be made any more, and the process is best restarted.
    pub async fn writer_ended(&self) {
        self.0.writer.ended().await;
    }

    /// Makes an operation in the writer and waits until it is durable.
    pub(crate) async fn submit<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        self.in_time(self.0.writer.submit(operation)).await?
    }

    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Result<T, Error> {
        let deadline = self.0.config.write_deadline;
        let done = tokio::time::timeout(deadline, work).await;
        done.map_err(|_| Error::Deadline(deadline))
    }

    pub(crate) async fn reader(&self) -> Result<Reader, Error> {
        self.0.readers.reader().await
    }

    pub(crate) async fn snapshot(&self) -> Result<Snapshot, Error> {
        self.0.readers.snapshot().await
    }

    /// Whether other processes write to the database as well.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.0.readers, Readers::Postgres(_))
    }

    /// Lets memory know all that was answered, by any process, before this was called. No reader may
    /// be held meanwhile.
    pub(crate) async fn catch_up(&self) -> Result<(), Error> {
        if self.is_shared()
            && let Some(turn) = self.shared().turn().await
        {
            turn.refresh(&mut self.reader().await?.sql()).await?;
        }
        Ok(())
    }

    /// Lets memory know all up to a revision that was seen in the database, which the writer may be
    /// about to tell. No reader may be held meanwhile.
    pub(crate) async fn reach(&self, revision: Revision) -> Result<(), Error> {
        if self.revision() >= revision {
            return Ok(());
        }
        if self.is_shared() {
            return self.catch_up().await;
        }
        let mut revisions = self.subscribe();
        let reached = revisions.wait_for(|known| *known >= revision);
        // Its other side lives as long as this store.
        drop(self.in_time(reached).await?);
        Ok(())
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0.shared
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }
}

/// Brings the database to the current schema; gives what the writer needs, and the counters.
async fn begin(backend: Backend) -> Result<(Origin, Counters), OpenError> {
    match &backend {
        Backend::Sqlite(options) => {
            let path = options.get_filename().to_owned();
            let lock = sqlite::lock(&path)?;
            let failed = |source| OpenError::Database {
                path: path.clone(),
                source,
            };
            let mut connection = backend.connect().await.map_err(failed)?;
            schema::migrate(&mut connection).await?;
            let mut sql = connection.sql();
            // Whoever held a claim has ended with the process before.
            wakes::record::drop_claims(&mut sql).await.map_err(failed)?;
            let (hub, counters) = Counters::load_with_hub(&mut sql).await.map_err(failed)?;
            let origin = Origin {
                backend,
                connection: Some(connection),
                lock: Some(lock),
                hub,
                replica: String::new(),
            };
            Ok((origin, counters))
        }
        Backend::Postgres(options) => {
            let place = postgres::place(options);
            let failed = |source| OpenError::Server {
                place: place.clone(),
                source,
            };
            let mut connection = backend.connect().await.map_err(failed)?;
            postgres::check(&mut connection.sql(), &place).await?;
            postgres::without_limits(&mut connection.sql())
                .await
                .map_err(failed)?;
            schema::migrate(&mut connection).await?;
            let mut sql = connection.sql();
            let replica = postgres::enter(&mut sql).await.map_err(failed)?;
            let (hub, counters) = Counters::load_with_hub(&mut sql).await.map_err(failed)?;
            connection.close().await.map_err(failed)?;
            let origin = Origin {
                backend,
                connection: None,
                lock: None,
                hub,
                replica,
            };
            Ok((origin, counters))
        }
    }
}
