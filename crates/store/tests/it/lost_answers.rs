//! A write that was answered is there, and a write that was made is answered so, whatever becomes of
//! the connection to the server.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::future::join_all;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    sync::watch,
};

use model::Revision;
use store::{Changes, Expect, Outcome, Store};
use testkit::{postgres::Database, until};

use crate::{backend, samples::*};

const DEADLINE: Duration = Duration::from_secs(60);

/// Where the way to the server is cut when a commit comes along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    Nowhere,
    /// The server never sees the commit.
    Before,
    /// The server's answer never arrives.
    After,
}

/// Stands between a store and its server.
struct Proxy {
    folder: tempfile::TempDir,
    cut: watch::Sender<Cut>,
    serving: tokio::task::JoinHandle<()>,
}

impl Proxy {
    #[expect(clippy::disallowed_methods, reason = "a test ends its tasks itself")]
    fn start(server: PathBuf) -> Self {
        let folder = testkit::tempdir();
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let (cut, _) = watch::channel(Cut::Nowhere);
        let asked = cut.clone();
        let serving = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = UnixStream::connect(&server).await.unwrap();
                tokio::spawn(pass(client, server, asked.clone()));
            }
        });
        Self {
            folder,
            cut,
            serving,
        }
    }

    /// The URL of `database`, by way of this.
    fn url(&self, database: &Database) -> String {
        let url = database.url();
        let (rest, _) = url.split_once("?host=").unwrap();
        format!("{rest}?host={}", self.folder.path().display())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Passes on what both sides say, until the way is cut.
async fn pass(mut client: UnixStream, mut server: UnixStream, cut: watch::Sender<Cut>) {
    let (mut asked, mut answer) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(read @ 1..) = read else { return };
                let commits = asked[..read].windows(7).any(|bytes| bytes == b"COMMIT\0");
                let cut = if commits { cut.send_replace(Cut::Nowhere) } else { Cut::Nowhere };
                if cut == Cut::Before {
                    return;
                }
                if server.write_all(&asked[..read]).await.is_err() {
                    return;
                }
                if cut == Cut::After {
                    // The first byte of the answer comes when the commit is made.
                    let _made = server.read(&mut answer).await;
                    return;
                }
            }
            read = server.read(&mut answer) => {
                let Ok(read @ 1..) = read else { return };
                if client.write_all(&answer[..read]).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn socket(database: &Database) -> PathBuf {
    let url = database.url();
    let (_, folder) = url.split_once("?host=").unwrap();
    PathBuf::from(folder).join(".s.PGSQL.5432")
}

/// The names of all changes of the log, in order.
async fn log(store: &Store) -> Vec<String> {
    look(store).await;
    let changes = store.changes(Revision(0), usize::MAX).await.unwrap();
    let Changes::Events { events, .. } = changes else {
        panic!("compacted");
    };
    events
        .iter()
        .map(|event| event.object.key.name.clone())
        .collect()
}

async fn create(store: &Store, name: &str) -> Result<Outcome, store::Error> {
    let put = put(&component(name), json!({}), Expect::Create);
    store.put(put, cause(1)).await
}

/// Creates objects while the way is cut as told; each is made once and answered so.
async fn write_across(cut: Cut) {
    let database = Database::create();
    let proxy = Proxy::start(socket(&database));
    let store = Store::open(backend::at(proxy.url(&database)))
        .await
        .unwrap();
    let other = Store::open(backend::at(database.url())).await.unwrap();
    let mut names = Vec::new();
    for round in 0..5 {
        proxy.cut.send_replace(cut);
        for (store, by) in [(&store, "a"), (&other, "b"), (&store, "c")] {
            let name = format!("{by}-{round}");
            let created = create(store, &name).await.unwrap();
            assert!(matches!(created, Outcome::Created(_)), "{created:?}");
            assert!(store.find(&component(&name)).await.unwrap().is_some());
            names.push(name);
        }
        assert_eq!(*proxy.cut.borrow(), Cut::Nowhere, "it was cut");
    }
    assert_eq!(log(&store).await, names);
    assert_eq!(log(&other).await, names);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_answered_as_made() {
    write_across(Cut::After).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_was_lost_is_made_again() {
    write_across(Cut::Before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_that_the_server_ends_lose_nothing_and_repeat_nothing() {
    let database = Arc::new(Database::create());
    let stores = join_all((0..3).map(|_| Store::open(backend::at(database.url())))).await;
    let stores: Vec<Store> = stores.into_iter().map(Result::unwrap).collect();
    let made = AtomicU64::new(0);
    let write = async |writer: usize| {
        for number in 0..150 {
            let created = create(&stores[writer % 3], &format!("n-{writer}-{number}")).await;
            assert!(matches!(created, Ok(Outcome::Created(_))), "{created:?}");
            made.fetch_add(1, Ordering::Relaxed);
        }
    };
    let end = async {
        for round in 1..=12 {
            until("more was written", DEADLINE, async || {
                (made.load(Ordering::Relaxed) >= round * 100).then_some(())
            })
            .await;
            let database = Arc::clone(&database);
            let ended = tokio::task::spawn_blocking(move || {
                database.sql(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                     WHERE datname = current_database() AND application_name = 'quintet'",
                )
            });
            assert_ne!(ended.await.unwrap(), "0");
        }
    };
    tokio::join!(join_all((0..12).map(write)), end);
    let names = log(&stores[0]).await;
    let mut different = names.clone();
    different.sort();
    different.dedup();
    assert_eq!((names.len(), different.len()), (1800, 1800));
}
