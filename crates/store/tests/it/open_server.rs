//! Opening databases of a server, good and bad.

use futures::future::join_all;
use serde_json::json;

use store::{Config, OpenError, Store};
use testkit::postgres::Database;

use crate::{backend, samples::*};

async fn refused(url: String) -> OpenError {
    Store::open(backend::at(url)).await.unwrap_err()
}

/// The error and its causes, as an operator sees them.
fn chain(error: &OpenError) -> String {
    let first: &dyn std::error::Error = error;
    let causes = std::iter::successors(Some(first), |error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_start_together_on_an_empty_database_all_open_it() {
    let database = Database::create();
    let opened = join_all((0..6).map(|_| Store::open(backend::at(database.url())))).await;
    let stores: Vec<Store> = opened.into_iter().map(Result::unwrap).collect();
    assert!(stores.iter().all(|store| store.hub() == stores[0].hub()));
    write(&stores[0], &component("a"), json!({})).await;
    for store in &stores {
        assert!(store.find(&component("a")).await.unwrap().is_some());
        store.close().await;
    }
    let store = Store::open(backend::at(database.url())).await.unwrap();
    assert_eq!((store.hub(), store.revision().0), (stores[0].hub(), 1));
}

/// A database that a store has opened before.
async fn migrated() -> Database {
    let database = Database::create();
    let store = Store::open(backend::at(database.url())).await.unwrap();
    store.close().await;
    database
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let database = migrated().await;
    database.sql(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'future', true, '', 0)",
    );
    let error = refused(database.url()).await;
    assert!(matches!(error, OpenError::Newer(9999)), "{error:?}");
}

#[tokio::test]
async fn a_migration_that_was_changed_is_refused() {
    let database = migrated().await;
    database.sql("UPDATE _sqlx_migrations SET checksum = 'other'");
    let error = refused(database.url()).await;
    assert!(matches!(error, OpenError::Migration(_)), "{error:?}");
    database.sql("UPDATE _sqlx_migrations SET checksum = 'again'");
    let again = refused(database.url()).await;
    assert!(
        matches!(again, OpenError::Migration(_)),
        "it leaves no lock behind"
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_its_password() {
    let folder = testkit::tempdir();
    let host = folder.path().display();
    let url = format!("postgres://quintet:hunter2@localhost/platform?host={host}");
    let config = backend::at(url);
    assert!(!format!("{config:?}").contains("hunter2"));
    let error = Store::open(config).await.unwrap_err();
    assert!(matches!(error, OpenError::Server { .. }), "{error:?}");
    let said = format!("{error:?} {}", chain(&error));
    assert!(said.contains(&format!("platform at {host}")), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named() {
    let database = Database::create();
    let url = database.url().replace("/test_", "/missing_");
    let error = refused(url).await;
    assert!(chain(&error).contains("does not exist"), "{error:?}");
}

#[tokio::test]
async fn a_database_that_cannot_keep_all_texts_is_refused() {
    let database = Database::create();
    database.sql("CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'");
    let url = database.url();
    let (server, rest) = url.split_once("/test_").unwrap();
    let (_, host) = rest.split_once('?').unwrap();
    let error = refused(format!("{server}/ascii?{host}")).await;
    database.sql("DROP DATABASE ascii WITH (FORCE)");
    assert!(
        matches!(&error, OpenError::Unfit { encoding, .. } if encoding == "SQL_ASCII"),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_beside_the_url_is_used() {
    let database = Database::create();
    database.sql("CREATE ROLE other LOGIN PASSWORD 'secret'; GRANT ALL ON SCHEMA public TO other");
    let url = database.url().replace("quintet@", "other@");
    let error = refused(url.clone()).await;
    assert!(matches!(error, OpenError::Server { .. }), "{error:?}");
    let config = Config {
        password: "secret".into(),
        ..backend::at(url)
    };
    let store = Store::open(config).await.unwrap();
    write(&store, &component("a"), json!({})).await;
    store.close().await;
    database.sql("DROP OWNED BY other; DROP ROLE other");
}

#[tokio::test]
async fn a_url_that_cannot_be_read_is_refused_without_being_shown() {
    let error = refused("postgres://quintet:hunter2@host:port/database".to_owned()).await;
    assert!(matches!(error, OpenError::Url(_)), "{error:?}");
    assert!(!format!("{error:?}{}", chain(&error)).contains("hunter2"));
}
