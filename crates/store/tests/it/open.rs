//! Opening databases, good and bad.

use serde_json::json;
use store::{Config, Error, OpenError, Store};

use crate::samples::*;

fn config(path: &std::path::Path) -> Config {
    Config {
        url: format!("sqlite:{}", path.display()),
        ..Config::default()
    }
}

#[tokio::test]
async fn what_was_written_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(&folder.path().join("a.db"));
    let store = Store::open(config.clone()).await.unwrap();
    let object = write(&store, &component("a"), json!({"x": 1})).await;
    claim(&store).await;
    let hub = store.hub().to_owned();
    store.close().await;
    assert!(matches!(
        store.compact(store.revision()).await,
        Err(Error::Stopped)
    ));
    let store = Store::open(config).await.unwrap();
    assert_eq!(
        store.find(&component("a")).await.unwrap().unwrap().envelope,
        object.envelope
    );
    assert_eq!((store.hub(), store.revision().0), (hub.as_str(), 1));
    assert_eq!(
        woken(&store).await,
        ["a"],
        "claims end with the process that held them"
    );
}

#[tokio::test]
async fn a_second_process_is_kept_out() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(&folder.path().join("a.db"));
    let _store = Store::open(config.clone()).await.unwrap();
    assert!(matches!(
        Store::open(config).await,
        Err(OpenError::InUse(_))
    ));
}

#[tokio::test]
async fn a_missing_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let error = Store::open(config(&missing.join("a.db")))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("missing"), "{error}");
    assert!(matches!(error, OpenError::MissingFolder(path) if path == missing));
}

#[tokio::test]
async fn an_unknown_url_is_refused() {
    for url in ["mysql://x", "sqlite::memory:", "sqlite:", "quintet.db"] {
        let config = Config {
            url: url.to_owned(),
            ..Config::default()
        };
        assert!(
            matches!(Store::open(config).await, Err(OpenError::Url(_))),
            "{url}"
        );
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    std::fs::write(
        &path,
        "this is not a database, and long enough to be looked at".repeat(20),
    )
    .unwrap();
    let error = Store::open(config(&path)).await.unwrap_err();
    assert!(matches!(error, OpenError::Database { .. }), "{error:?}");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    use sqlx::Connection as _;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    Store::open(config(&path)).await.unwrap().close().await;
    let url = format!("sqlite:{}", path.display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'future', true, x'00', 0)",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    let error = Store::open(config(&path)).await.unwrap_err();
    assert!(matches!(error, OpenError::Newer(9999)), "{error:?}");
}
