//! The one place that talks to the drivers: statements with `$1` placeholders, arguments and rows.
//!
//! Everything else of this crate is text and values that both databases understand. PostgreSQL gets
//! the few functions of SQLite that it lacks from its first migration; what else differs is here:
//! how transactions begin and end (`transaction`), and how several statements are one message.
//! Lists are passed as one JSON argument and unfolded by `json_each`, so that every statement is a
//! constant and stays prepared.

use std::{borrow::Cow, sync::Arc, time::Duration};

use sqlx::{
    AssertSqlSafe, Connection as _, Database, Encode, PgConnection, Postgres, SqlSafeStr, SqlStr,
    Sqlite, SqliteConnection, Type, query::Query,
};

use model::Digest;

use crate::Error;

mod row;
mod transaction;

pub(crate) use row::Row;
pub(crate) use transaction::{CHANNEL, Receipt};

/// How long a server may take to answer a statement. It gives up by itself before.
const STATEMENT: Duration = Duration::from_secs(35);

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

/// A connection of its own.
#[derive(Debug)]
pub(crate) enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Connection {
    pub(crate) const fn sql(&mut self) -> Sql<'_> {
        match self {
            Self::Sqlite(connection) => Sql::Sqlite(connection),
            Self::Postgres(connection) => Sql::Postgres(connection),
        }
    }

    pub(crate) async fn close(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(connection) => connection.close().await?,
            Self::Postgres(connection) => in_time(connection.close()).await?,
        }
        Ok(())
    }
}

/// A connection to run statements on.
pub(crate) enum Sql<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

impl Sql<'_> {
    /// Runs a statement; gives the number of rows that it changed. Several statements, parted by
    /// semicolons and sharing their arguments, cost one message to the database; none of them may
    /// see or touch a row that another one changes.
    pub(crate) async fn execute(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<u64, Error> {
        Ok(match self {
            Self::Sqlite(connection) => bind::<Sqlite>(sql.into_sql_str(), args)
                .execute(&mut **connection)
                .await?
                .rows_affected(),
            Self::Postgres(connection) => {
                let query = bind::<Postgres>(one_statement(sql), args);
                in_time(query.execute(&mut **connection))
                    .await?
                    .rows_affected()
            }
        })
    }

    /// Every row of a query.
    pub(crate) async fn rows(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row>, Error> {
        Ok(match self {
            Self::Sqlite(connection) => {
                let query = bind::<Sqlite>(sql.into_sql_str(), args);
                let rows = query.fetch_all(&mut **connection).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(connection) => {
                let query = bind::<Postgres>(sql.into_sql_str(), args);
                let rows = in_time(query.fetch_all(&mut **connection)).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The first row of a query.
    pub(crate) async fn row(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<Option<Row>, Error> {
        Ok(match self {
            Self::Sqlite(connection) => bind::<Sqlite>(sql.into_sql_str(), args)
                .fetch_optional(&mut **connection)
                .await?
                .map(Row::Sqlite),
            Self::Postgres(connection) => {
                let query = bind::<Postgres>(sql.into_sql_str(), args);
                let row = in_time(query.fetch_optional(&mut **connection)).await?;
                row.map(Row::Postgres)
            }
        })
    }

    /// The row of a query that always has one.
    pub(crate) async fn one(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Result<Row, Error> {
        let row = self.row(sql, args).await?;
        row.ok_or_else(|| Error::corrupt("nothing", sql))
    }
}

/// A server that does not answer in time is as good as gone.
async fn in_time<T>(answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, Error> {
    match tokio::time::timeout(STATEMENT, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Error::Unavailable(Arc::new(sqlx::Error::Io(
            std::io::ErrorKind::TimedOut.into(),
        )))),
    }
}

/// What PostgreSQL takes in one message is one statement: those before the last become its `WITH`.
fn one_statement(sql: &'static str) -> SqlStr {
    let parts: Vec<&str> = sql
        .split(';')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    let Some((last, [first, rest @ ..])) = parts.split_last() else {
        return sql.into_sql_str();
    };
    let mut joined = format!("WITH step AS ({first})");
    for (number, part) in rest.iter().enumerate() {
        joined.push_str(&format!(", step{number} AS ({part})"));
    }
    joined.push(' ');
    joined.push_str(last);
    AssertSqlSafe(joined).into_sql_str()
}

fn bind<'q, DB: Database>(sql: SqlStr, args: &[Arg<'_>]) -> Query<'q, DB, DB::Arguments>
where
    i64: Type<DB> + for<'a> Encode<'a, DB>,
    Option<i64>: Type<DB> + for<'a> Encode<'a, DB>,
    for<'a> &'a str: Type<DB> + Encode<'a, DB>,
    for<'a> Option<&'a str>: Type<DB> + Encode<'a, DB>,
    for<'a> &'a [u8]: Type<DB> + Encode<'a, DB>,
    for<'a> Option<&'a [u8]>: Type<DB> + Encode<'a, DB>,
{
    args.iter().fold(sqlx::query(sql), |query, arg| match arg {
        Arg::Int(value) => query.bind(*value),
        Arg::MaybeInt(value) => query.bind(*value),
        Arg::Text(value) => query.bind(value.as_ref()),
        Arg::MaybeText(value) => query.bind(*value),
        Arg::Bytes(value) => query.bind(*value),
        Arg::MaybeBytes(value) => query.bind(*value),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_statements_become_one() {
        let one = one_statement("DELETE FROM a;\nDELETE FROM b;\nDELETE FROM c;\n");
        let expected = "WITH step AS (DELETE FROM a), step0 AS (DELETE FROM b) DELETE FROM c";
        assert_eq!(one.as_str(), expected);
        assert_eq!(one_statement("SELECT 1").as_str(), "SELECT 1");
    }
}
