//! A server that several replicas share.

use std::str::FromStr as _;

use secrecy::ExposeSecret as _;
use sqlx::{ConnectOptions as _, PgPool, pool::PoolOptions, postgres::PgConnectOptions};

use super::CONNECT;
use crate::{Config, Error, OpenError, sql::Sql};

/// The oldest version that is spoken to, which has all that the statements use.
const OLDEST: i64 = 13;

/// What the server is told at the begin of each connection.
const SETTINGS: [(&str, &str); 6] = [
    ("synchronous_commit", "on"),
    // Every wait ends there as well, also the one for the counters after the other side is gone, and
    // a transaction whose process is gone without a word.
    ("statement_timeout", "30s"),
    ("lock_timeout", "20s"),
    ("idle_in_transaction_session_timeout", "10s"),
    // Rows are found by indexes: a plan that was made while a table was small would go on reading all
    // of it. Short statements are not worth compiling.
    ("enable_seqscan", "off"),
    ("jit", "off"),
];

pub(super) fn options(config: &Config) -> Result<PgConnectOptions, OpenError> {
    let options = PgConnectOptions::from_str(&config.url)
        .map_err(|_| OpenError::Url("postgres".to_owned()))?;
    let options = match config.password.expose_secret() {
        "" => options,
        password => options.password(password),
    };
    let options = match options.get_application_name() {
        Some(_) => options,
        None => options.application_name("quintet"),
    };
    Ok(options
        .options(SETTINGS)
        .statement_cache_capacity(256)
        .disable_statement_logging())
}

pub(crate) fn pool(options: &PgConnectOptions, most: u32) -> PgPool {
    PoolOptions::new()
        .max_connections(most)
        .acquire_timeout(CONNECT)
        .connect_lazy_with(options.clone())
}

/// Where the database is, without what is secret.
pub(crate) fn place(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or(options.get_username());
    match options.get_socket() {
        Some(socket) => format!("{database} at {}", socket.display()),
        None => format!(
            "{database} at {}:{}",
            options.get_host(),
            options.get_port()
        ),
    }
}

/// Refuses a server that cannot hold what the store writes.
pub(crate) async fn check(sql: &mut Sql<'_>, place: &str) -> Result<(), OpenError> {
    let row = sql
        .one(
            "SELECT current_setting('server_version_num')::bigint / 10000, \
             current_setting('server_encoding')",
            &[],
        )
        .await;
    let failed = |source| OpenError::Server {
        place: place.to_owned(),
        source,
    };
    let row = row.map_err(failed)?;
    let version = row.int(0).map_err(failed)?;
    let encoding = row.string(1).map_err(failed)?;
    if version < OLDEST || encoding != "UTF8" {
        return Err(OpenError::Unfit {
            place: place.to_owned(),
            version,
            encoding,
        });
    }
    Ok(())
}

/// Lets a migration take its time, and wait for that of another replica.
pub(crate) async fn without_limits(sql: &mut Sql<'_>) -> Result<(), Error> {
    for statement in ["SET statement_timeout = 0", "SET lock_timeout = 0"] {
        sql.execute(statement, &[]).await?;
    }
    Ok(())
}

/// Gives this process a name that no other has, and forgets those whose commits are long beyond doubt.
pub(crate) async fn enter(sql: &mut Sql<'_>) -> Result<String, Error> {
    sql.execute(
        "DELETE FROM replicas WHERE seen_at < now() - interval '1 day'",
        &[],
    )
    .await?;
    sql.one("SELECT gen_random_uuid()::text", &[])
        .await?
        .string(0)
}
