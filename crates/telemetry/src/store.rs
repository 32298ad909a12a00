//! All days together.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use sqlx::SqlitePool;
use tokio::sync::{Mutex, broadcast};

use model::{Code, Coded};

use crate::{Entry, Query, day};

/// Entries that a slow follower may fall behind before it misses some.
const FOLLOW: usize = 4096;
/// Most matches that are counted, as in the reference.
const MAX_TOTAL: u32 = 1000;

/// The store failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder cannot be used.
    #[error("the folder {path:?} of the log store cannot be used")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A day's file cannot be read or written.
    #[error("the logs of a day cannot be read or written")]
    Day(#[source] sqlx::Error),
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::Folder { .. } => Code::Unavailable,
            Self::Day(_) => Code::Internal,
        }
    }
}

/// The lines that answer a question.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The lines.
    pub entries: Vec<Entry>,
    /// How many there are in all, counted up to 1000 a day.
    pub total: u64,
}

/// The store of logs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    days: Mutex<BTreeMap<Date, SqlitePool>>,
    follow: broadcast::Sender<Arc<Vec<Entry>>>,
}

impl Store {
    /// Opens the store in a folder, which is made if it is missing.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be used.
    pub async fn open(folder: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Folder {
            path: folder.to_owned(),
            source,
        };
        tokio::fs::create_dir_all(folder).await.map_err(failed)?;
        let mut days = BTreeMap::new();
        let mut files = tokio::fs::read_dir(folder).await.map_err(failed)?;
        while let Some(file) = files.next_entry().await.map_err(failed)? {
            let name = file.file_name();
            let Some(date) = name.to_str().and_then(date_of) else {
                continue;
            };
            days.insert(date, day::open(&file.path()).await.map_err(Error::Day)?);
        }
        Ok(Self(Arc::new(Inner {
            folder: folder.to_owned(),
            days: Mutex::new(days),
            follow: broadcast::channel(FOLLOW).0,
        })))
    }

    /// Keeps lines, each in the file of its day.
    ///
    /// # Errors
    /// When a day's file cannot be written; then none of that day is kept.
    pub async fn append(&self, mut entries: Vec<Entry>) -> Result<(), Error> {
        let mut by_day: BTreeMap<Date, Vec<Entry>> = BTreeMap::new();
        for entry in &mut entries {
            entry.normalize();
            by_day
                .entry(day_of(entry.time_ns))
                .or_default()
                .push(entry.clone());
        }
        for (date, entries) in by_day {
            let pool = self.day(date).await?;
            day::append(&pool, &entries).await.map_err(Error::Day)?;
        }
        // Nobody may be following.
        let _ = self.0.follow.send(Arc::new(entries));
        Ok(())
    }

    /// Answers a question, from as few days as it takes.
    ///
    /// # Errors
    /// When a day's file cannot be read.
    pub async fn query(&self, query: &Query) -> Result<Page, Error> {
        let days: Vec<(Date, SqlitePool)> = self
            .0
            .days
            .lock()
            .await
            .iter()
            .map(|(date, pool)| (*date, pool.clone()))
            .collect();
        let wanted = days.into_iter().filter(|(date, _)| {
            let starts_late = query.end_ns != 0 && *date > day_of(query.end_ns);
            let ends_early = query.start_ns != 0 && *date < day_of(query.start_ns);
            !starts_late && !ends_early
        });
        let mut wanted: Vec<_> = wanted.collect();
        if !query.ascending {
            wanted.reverse();
        }
        let mut page = Page::default();
        for (_, pool) in wanted {
            let missing = query
                .limit
                .saturating_sub(u32::try_from(page.entries.len()).unwrap_or(u32::MAX));
            let (entries, total) = day::find(&pool, query, missing, MAX_TOTAL)
                .await
                .map_err(Error::Day)?;
            page.entries.extend(entries);
            page.total += total;
        }
        page.total = page.total.min(u64::from(MAX_TOTAL));
        Ok(page)
    }

    /// Lines as they come.
    #[must_use]
    pub fn follow(&self) -> broadcast::Receiver<Arc<Vec<Entry>>> {
        self.0.follow.subscribe()
    }

    /// Deletes the days before the day of `oldest`; gives how many.
    ///
    /// # Errors
    /// When a file cannot be deleted.
    pub async fn forget_before(&self, oldest: Timestamp) -> Result<usize, Error> {
        let oldest = oldest.to_zoned(TimeZone::UTC).date();
        let mut days = self.0.days.lock().await;
        let old: Vec<Date> = days.range(..oldest).map(|(date, _)| *date).collect();
        for date in &old {
            if let Some(pool) = days.remove(date) {
                pool.close().await;
            }
            for suffix in ["", "-wal", "-shm"] {
                let path = self.0.folder.join(format!("{date}.db{suffix}"));
                match tokio::fs::remove_file(&path).await {
                    Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                        return Err(Error::Folder { path, source });
                    }
                    Ok(()) | Err(_) => {}
                }
            }
        }
        Ok(old.len())
    }

    async fn day(&self, date: Date) -> Result<SqlitePool, Error> {
        let mut days = self.0.days.lock().await;
        if let Some(pool) = days.get(&date) {
            return Ok(pool.clone());
        }
        let pool = day::open(&self.0.folder.join(format!("{date}.db")))
            .await
            .map_err(Error::Day)?;
        days.insert(date, pool.clone());
        Ok(pool)
    }
}

fn day_of(time_ns: i64) -> Date {
    let time = Timestamp::from_nanosecond(i128::from(time_ns)).unwrap_or_default();
    time.to_zoned(TimeZone::UTC).date()
}

fn date_of(file: &str) -> Option<Date> {
    file.strip_suffix(".db")?.parse().ok()
}
