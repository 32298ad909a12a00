//! The schema and its migrations: embedded, expanded first and contracted a version later.

use sqlx::{
    Connection as _, SqlSafeStr as _, SqliteConnection,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    sqlite::SqliteConnectOptions,
};

use crate::{Error, OpenError};

/// Number, name and text of every migration. Those that were released never change.
const MIGRATIONS: &[(i64, &str, &str)] = &[(
    1,
    "first",
    include_str!("../migrations/sqlite/0001_first.sql"),
)];

/// A connection with these options.
pub(crate) async fn connect(options: &SqliteConnectOptions) -> Result<SqliteConnection, Error> {
    Ok(SqliteConnection::connect_with(options).await?)
}

/// Brings the database to the newest schema.
pub(crate) async fn migrate(connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let migrations = MIGRATIONS.iter().map(|(version, name, sql)| {
        Migration::new(
            *version,
            (*name).into(),
            MigrationType::Simple,
            (*sql).into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(migrations.collect())
        .run_direct(None, connection, false)
        .await
        .map_err(|error| {
            if let MigrateError::VersionMissing(version) = error {
                OpenError::Newer(version)
            } else {
                OpenError::Migration(error)
            }
        })
}
