//! Rows of either database.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::{Decode, Postgres, Row as _, Sqlite, Type, postgres::PgRow, sqlite::SqliteRow};

use model::{Digest, PlaneName, RawJson};

use crate::Error;

/// A row of a result. A value of another type than asked for means that the database is corrupt.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    fn value<'r, T>(&'r self, column: usize) -> Result<T, Error>
    where
        T: Type<Sqlite> + Decode<'r, Sqlite> + Type<Postgres> + Decode<'r, Postgres>,
    {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    pub(crate) fn int(&self, column: usize) -> Result<i64, Error> {
        self.value(column)
    }

    pub(crate) fn maybe_int(&self, column: usize) -> Result<Option<i64>, Error> {
        self.value(column)
    }

    /// A number that is never negative.
    pub(crate) fn number(&self, column: usize) -> Result<u64, Error> {
        let value = self.int(column)?;
        u64::try_from(value).map_err(|_| Error::corrupt("a counter", value))
    }

    /// A small number that is never negative.
    pub(crate) fn small(&self, column: usize) -> Result<u32, Error> {
        let value = self.int(column)?;
        u32::try_from(value).map_err(|_| Error::corrupt("a counter", value))
    }

    pub(crate) fn text(&self, column: usize) -> Result<&str, Error> {
        self.value(column)
    }

    pub(crate) fn string(&self, column: usize) -> Result<String, Error> {
        self.text(column).map(str::to_owned)
    }

    pub(crate) fn maybe_text(&self, column: usize) -> Result<Option<&str>, Error> {
        self.value(column)
    }

    pub(crate) fn maybe_string(&self, column: usize) -> Result<Option<String>, Error> {
        Ok(self.maybe_text(column)?.map(str::to_owned))
    }

    pub(crate) fn bytes(&self, column: usize) -> Result<&[u8], Error> {
        self.value(column)
    }

    pub(crate) fn digest(&self, column: usize) -> Result<Digest, Error> {
        to_digest(self.bytes(column)?)
    }

    pub(crate) fn maybe_digest(&self, column: usize) -> Result<Option<Digest>, Error> {
        let bytes: Option<&[u8]> = self.value(column)?;
        bytes.map(to_digest).transpose()
    }

    pub(crate) fn time(&self, column: usize) -> Result<Timestamp, Error> {
        to_time(self.int(column)?)
    }

    pub(crate) fn maybe_time(&self, column: usize) -> Result<Option<Timestamp>, Error> {
        self.maybe_int(column)?.map(to_time).transpose()
    }

    pub(crate) fn plane(&self, column: usize) -> Result<PlaneName, Error> {
        self.text(column)?
            .parse()
            .map_err(|error| Error::corrupt("a plane name", error))
    }

    /// What [`super::list`] has written.
    pub(crate) fn list<T: DeserializeOwned>(&self, column: usize) -> Result<T, Error> {
        serde_json::from_str(self.text(column)?).map_err(|error| Error::corrupt("a list", error))
    }

    pub(crate) fn json(&self, column: usize) -> Result<RawJson, Error> {
        RawJson::parse(self.text(column)?).map_err(|error| Error::corrupt("JSON", error))
    }
}

fn to_digest(bytes: &[u8]) -> Result<Digest, Error> {
    let bytes = bytes
        .try_into()
        .map_err(|_| Error::corrupt("a digest", format!("{bytes:02x?}")))?;
    Ok(Digest::from_bytes(bytes))
}

fn to_time(micros: i64) -> Result<Timestamp, Error> {
    Timestamp::from_microsecond(micros).map_err(|error| Error::corrupt("a time", error))
}
