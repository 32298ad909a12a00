//! The one place that talks to the driver: statements with `$1` placeholders, arguments and rows.
//!
//! Everything else of this crate is text and values, so a second backend is added here and in
//! `schema`. Lists are passed as one JSON argument and unfolded by `json_each`, so that every
//! statement is a constant and stays prepared.

use std::borrow::Cow;

use jiff::Timestamp;
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use model::{Digest, PlaneName, RawJson};

use crate::Error;

/// An argument of a statement.
#[derive(Debug)]
pub(crate) enum Arg<'a> {
    Int(i64),
    MaybeInt(Option<i64>),
    Text(Cow<'a, str>),
    MaybeText(Option<&'a str>),
    Bytes(&'a [u8]),
    MaybeBytes(Option<&'a [u8]>),
}

macro_rules! arg {
    ($($from:ty => |$value:ident| $arg:expr;)+) => {
        $(impl<'a> From<$from> for Arg<'a> {
            fn from($value: $from) -> Self {
                $arg
            }
        })+
    };
}

arg! {
    i64 => |value| Self::Int(value);
    u32 => |value| Self::Int(i64::from(value));
    // A number beyond the database's range sorts after every stored one, as it should.
    u64 => |value| Self::Int(i64::try_from(value).unwrap_or(i64::MAX));
    usize => |value| Self::Int(i64::try_from(value).unwrap_or(i64::MAX));
    Option<i64> => |value| Self::MaybeInt(value);
    &'a str => |value| Self::Text(Cow::Borrowed(value));
    String => |value| Self::Text(Cow::Owned(value));
    Option<&'a str> => |value| Self::MaybeText(value);
    &'a [u8] => |value| Self::Bytes(value);
    &'a Digest => |value| Self::Bytes(value.as_bytes());
    Option<&'a Digest> => |value| Self::MaybeBytes(value.map(|digest| digest.as_bytes().as_slice()));
}

/// The argument that [`Sql`] statements unfold with `json_each`.
pub(crate) fn list<T: AsRef<str>>(texts: &[T]) -> String {
    let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
    serde_json::to_string(&texts).expect("a list of strings is JSON")
}

/// A connection to run statements on.
pub(crate) struct Sql<'c>(pub(crate) &'c mut SqliteConnection);

impl Sql<'_> {
    /// Runs a statement; gives the number of rows that it changed. Several statements, parted by
    /// semicolons and sharing their arguments, cost one message to the database.
    pub(crate) async fn execute(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<u64, Error> {
        Ok(bind(sql, args).execute(&mut *self.0).await?.rows_affected())
    }

    /// Every row of a query.
    pub(crate) async fn rows(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row>, Error> {
        let rows = bind(sql, args).fetch_all(&mut *self.0).await?;
        Ok(rows.into_iter().map(Row).collect())
    }

    /// The first row of a query.
    pub(crate) async fn row(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<Option<Row>, Error> {
        Ok(bind(sql, args).fetch_optional(&mut *self.0).await?.map(Row))
    }

    /// The row of a query that always has one.
    pub(crate) async fn one(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Result<Row, Error> {
        Ok(Row(bind(sql, args).fetch_one(&mut *self.0).await?))
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn bind<'q>(sql: &'static str, args: &[Arg<'_>]) -> Query<'q> {
    args.iter().fold(sqlx::query(sql), |query, arg| match arg {
        Arg::Int(value) => query.bind(*value),
        Arg::MaybeInt(value) => query.bind(*value),
        Arg::Text(value) => query.bind(value.as_ref().to_owned()),
        Arg::MaybeText(value) => query.bind(value.map(str::to_owned)),
        Arg::Bytes(value) => query.bind(value.to_vec()),
        Arg::MaybeBytes(value) => query.bind(value.map(<[u8]>::to_vec)),
    })
}

/// A row of a result. A value of another type than asked for means that the database is corrupt.
pub(crate) struct Row(SqliteRow);

impl Row {
    pub(crate) fn int(&self, column: usize) -> Result<i64, Error> {
        Ok(self.0.try_get(column)?)
    }

    pub(crate) fn maybe_int(&self, column: usize) -> Result<Option<i64>, Error> {
        Ok(self.0.try_get(column)?)
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
        Ok(self.0.try_get(column)?)
    }

    pub(crate) fn string(&self, column: usize) -> Result<String, Error> {
        self.text(column).map(str::to_owned)
    }

    pub(crate) fn maybe_text(&self, column: usize) -> Result<Option<&str>, Error> {
        Ok(self.0.try_get(column)?)
    }

    pub(crate) fn maybe_string(&self, column: usize) -> Result<Option<String>, Error> {
        Ok(self.maybe_text(column)?.map(str::to_owned))
    }

    pub(crate) fn bytes(&self, column: usize) -> Result<&[u8], Error> {
        Ok(self.0.try_get(column)?)
    }

    pub(crate) fn digest(&self, column: usize) -> Result<Digest, Error> {
        to_digest(self.bytes(column)?)
    }

    pub(crate) fn maybe_digest(&self, column: usize) -> Result<Option<Digest>, Error> {
        let bytes: Option<&[u8]> = self.0.try_get(column)?;
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
