//! Opening the database.

use std::{
    fmt,
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sqlx::{
    Sqlite, SqliteConnection, SqlitePool, Transaction,
    pool::PoolConnection,
    sqlite::{
        SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions,
        SqliteSynchronous,
    },
};

use crate::{
    Error, schema,
    sql::Sql,
    wakes,
    writer::{self, Operation, Shared},
};

/// Which database, and how much memory and patience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `sqlite:` and the path of the file, which is made if its folder exists.
    pub url: String,
    /// Connections for reading.
    pub readers: u32,
    /// Bytes of objects to keep in memory.
    pub cache_bytes: usize,
    /// How long a claimed wake belongs to its claimer.
    pub claim_lease: Duration,
    /// How long a write may wait for its fsync.
    pub write_deadline: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: "sqlite:quintet.db".to_owned(),
            readers: 4,
            cache_bytes: 256 << 20,
            claim_lease: wakes::DEFAULT_LEASE,
            write_deadline: Duration::from_secs(30),
        }
    }
}

/// The database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL names a database that this build cannot speak to.
    #[error("database.url {0:?} is not supported: use sqlite: and the path of a file")]
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
    /// The database answers with an error.
    #[error("the database {path:?} cannot be read: it is damaged, or not a database of Quintet")]
    Database {
        /// The file.
        path: PathBuf,
        /// What the driver says.
        #[source]
        source: Error,
    },
}

/// The platform database. Cheap to clone; the writer ends when the last clone is dropped.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

pub(crate) struct Inner {
    readers: SqlitePool,
    writer: writer::Handle,
    shared: Arc<Shared>,
    config: Config,
    pub(crate) hub: String,
}

/// Statements of these connections see one state of the database.
pub(crate) struct Snapshot(Transaction<'static, Sqlite>);

/// A connection for single queries.
pub(crate) struct Reader(PoolConnection<Sqlite>);

impl Snapshot {
    pub(crate) fn sql(&mut self) -> Sql<'_> {
        Sql(&mut self.0)
    }
}

impl Reader {
    pub(crate) fn sql(&mut self) -> Sql<'_> {
        Sql(&mut self.0)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("hub", &self.0.hub)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database, makes it if there is none, and brings it to the current schema.
    ///
    /// Must be called in a tokio runtime.
    ///
    /// # Errors
    /// When the database cannot be opened, is in use by another process, or is of a newer version.
    pub async fn open(config: Config) -> Result<Self, OpenError> {
        let path = path_of(&config.url)?;
        let lock = lock(&path)?;
        let failed = |source| OpenError::Database {
            path: path.clone(),
            source,
        };
        let options = options(&path);
        let mut connection = schema::connect(&options).await.map_err(failed)?;
        schema::migrate(&mut connection).await?;
        let counters = writer::Counters::load(&mut Sql(&mut connection))
            .await
            .map_err(failed)?;
        let hub = hub(&mut connection).await.map_err(failed)?;
        wakes::record::drop_claims(&mut Sql(&mut connection))
            .await
            .map_err(failed)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(config.readers.max(1))
            .acquire_timeout(Duration::from_secs(10))
            .test_before_acquire(false)
            .connect_lazy_with(options.clone().pragma("query_only", "ON"));
        let shared = Arc::new(Shared::new(&counters, config.cache_bytes));
        let writer = writer::Handle::start(connection, hub.clone(), Arc::clone(&shared), lock)
            .map_err(|source| OpenError::File {
                path: path.clone(),
                source,
            })?;
        Ok(Self(Arc::new(Inner {
            readers,
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
        let deadline = self.0.config.write_deadline;
        tokio::time::timeout(deadline, self.0.writer.submit(operation))
            .await
            .map_err(|_| Error::Deadline(deadline))?
    }

    pub(crate) async fn reader(&self) -> Result<Reader, Error> {
        Ok(Reader(self.0.readers.acquire().await?))
    }

    pub(crate) async fn snapshot(&self) -> Result<Snapshot, Error> {
        Ok(Snapshot(self.0.readers.begin().await?))
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

fn path_of(url: &str) -> Result<PathBuf, OpenError> {
    let path = url
        .strip_prefix("sqlite:")
        .ok_or_else(|| OpenError::Url(url.to_owned()))?;
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() || path.starts_with(':') {
        return Err(OpenError::Url(url.to_owned()));
    }
    let path = PathBuf::from(path);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(OpenError::MissingFolder(folder.to_owned()));
    }
    Ok(path)
}

/// Keeps other processes out, since memory holds what the file says. The lock ends with the process.
fn lock(path: &Path) -> Result<File, OpenError> {
    let mut lock = path.as_os_str().to_owned();
    lock.push(".lock");
    let failed = |source| OpenError::File {
        path: path.to_owned(),
        source,
    };
    let file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(false)
        .open(Path::new(&lock))
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    use sqlx::ConnectOptions as _;

    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .auto_vacuum(SqliteAutoVacuum::Incremental)
        .foreign_keys(false)
        .busy_timeout(Duration::from_secs(5))
        .statement_cache_capacity(256)
        .pragma("cache_size", "-32768")
        .pragma("mmap_size", "268435456")
        .pragma("temp_store", "MEMORY")
        .pragma("journal_size_limit", "67108864")
        .disable_statement_logging()
}

async fn hub(connection: &mut SqliteConnection) -> Result<String, Error> {
    Sql(connection)
        .one("SELECT hub FROM meta", &[])
        .await?
        .string(0)
}
