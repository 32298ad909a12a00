use std::path::Path;

use crate::{Config, Error, Store, writer::Operation, writer::Txn};

async fn open(folder: &Path) -> Store {
    let url = format!("sqlite:{}", folder.join("a.db").display());
    Store::open(Config {
        url,
        ..Config::default()
    })
    .await
    .unwrap()
}

/// Takes a revision, then does as told.
struct Work(fn() -> Result<(), Error>);

impl Operation for Work {
    type Output = u64;

    async fn run(&self, txn: &mut Txn) -> Result<u64, Error> {
        let revision = txn.next_revision();
        (self.0)()?;
        Ok(revision.0)
    }
}

#[tokio::test]
async fn a_fault_of_one_operation_does_not_fail_those_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let works = (0..30).map(|number| {
        let work: fn() -> Result<(), Error> = match number % 3 {
            0 => || Err(Error::corrupt("a test", "broken")),
            1 => || Err(Error::Cursor),
            _ => || Ok(()),
        };
        store.submit(Work(work))
    });
    let outcomes = futures::future::join_all(works).await;
    let revisions: Vec<u64> = outcomes
        .iter()
        .filter_map(|o| o.as_ref().ok().copied())
        .collect();
    assert_eq!(revisions, (1..=10).collect::<Vec<_>>());
    assert_eq!(
        outcomes
            .iter()
            .filter(|o| matches!(o, Err(Error::Corrupt { .. })))
            .count(),
        10
    );
    assert_eq!(
        outcomes
            .iter()
            .filter(|o| matches!(o, Err(Error::Cursor)))
            .count(),
        10
    );
    assert_eq!(store.revision().0, 10);
}

/// Writes until the database may not grow any more.
struct Fill;

impl Operation for Fill {
    type Output = ();

    async fn run(&self, txn: &mut Txn) -> Result<(), Error> {
        txn.sql().row("PRAGMA max_page_count = 1", &[]).await?;
        let outcome = txn
            .sql()
            .execute(
                "INSERT INTO bundles (digest, size, data, stored_at) \
                 VALUES (zeroblob(32), 1, zeroblob(10000000), 0)",
                &[],
            )
            .await;
        txn.sql()
            .row("PRAGMA max_page_count = 1000000", &[])
            .await?;
        outcome.map(drop)
    }
}

#[tokio::test]
async fn a_full_disk_is_said_and_survived() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let error = store.submit(Fill).await.unwrap_err();
    assert!(matches!(error, Error::Full(_)), "{error:?}");
    assert_eq!(store.submit(Work(|| Ok(()))).await.unwrap(), 1);
}
