//! The schema and its migrations: embedded, expanded first and contracted a version later.
//!
//! Replicas that start together wait for each other: the migrator takes a lock of its own.

use sqlx::{
    SqlSafeStr as _,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

use crate::{OpenError, sql::Connection};

/// Number, name and text of a migration. One that was released never changes.
type Text = (i64, &'static str, &'static str);

const SQLITE: &[Text] = &[
    (
        1,
        "first",
        include_str!("../migrations/sqlite/0001_first.sql"),
    ),
    (
        2,
        "entries",
        include_str!("../migrations/sqlite/0002_entries.sql"),
    ),
];

const POSTGRES: &[Text] = &[(
    2,
    "first",
    include_str!("../migrations/postgres/0002_first.sql"),
)];

/// Brings the database to the newest schema. When it fails, the connection may hold the migrator's
/// lock: it is to be dropped.
pub(crate) async fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let migrated = match connection {
        Connection::Sqlite(connection) => {
            migrator(SQLITE).run_direct(None, connection, false).await
        }
        Connection::Postgres(connection) => {
            migrator(POSTGRES).run_direct(None, connection, false).await
        }
    };
    migrated.map_err(|error| {
        if let MigrateError::VersionMissing(version) = error {
            OpenError::Newer(version)
        } else {
            OpenError::Migration(error)
        }
    })
}

fn migrator(texts: &[Text]) -> Migrator {
    let migrations = texts.iter().map(|(version, name, sql)| {
        Migration::new(
            *version,
            (*name).into(),
            MigrationType::Simple,
            (*sql).into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(migrations.collect())
}
