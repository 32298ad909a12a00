//! The backends on which every behaviour is checked.

use std::any::Any;

use store::{Config, Store};

/// A database of its own for one test.
pub(crate) struct Database {
    pub(crate) store: Store,
    _kept: Box<dyn Any>,
}

/// A fresh SQLite database.
pub(crate) async fn sqlite() -> Database {
    let folder = testkit::tempdir();
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    open(url, folder).await
}

/// A fresh PostgreSQL database.
pub(crate) async fn postgres() -> Database {
    let database = testkit::postgres::Database::create();
    open(database.url(), database).await
}

async fn open(url: String, kept: impl Any) -> Database {
    Database {
        store: Store::open(at(url)).await.unwrap(),
        _kept: Box::new(kept),
    }
}

/// The usual configuration, with this database.
pub(crate) fn at(url: String) -> Config {
    Config {
        url,
        ..Config::default()
    }
}

/// Makes of each function a test on every backend.
macro_rules! on_every_backend {
    ($($(#[$meta:meta])* async fn $name:ident($store:ident: Store) $body:block)+) => {$(
        mod $name {
            use super::*;

            $(#[$meta])*
            async fn check($store: store::Store) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let database = crate::backend::sqlite().await;
                check(database.store.clone()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let database = crate::backend::postgres().await;
                check(database.store.clone()).await;
            }
        }
    )+};
}
pub(crate) use on_every_backend;
