//! The backends on which every behaviour is checked.

use tempfile::TempDir;

use store::{Config, Store};

/// A database of its own for one test.
pub(crate) struct Database {
    pub(crate) store: Store,
    _folder: TempDir,
}

/// A fresh SQLite database.
pub(crate) async fn sqlite() -> Database {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    let store = Store::open(Config {
        url,
        ..Config::default()
    })
    .await
    .unwrap();
    Database {
        store,
        _folder: folder,
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
        }
    )+};
}
pub(crate) use on_every_backend;
