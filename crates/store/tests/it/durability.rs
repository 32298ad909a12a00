//! What was answered survives kill -9.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use store::Store;

use crate::{backend, samples::component};

/// The example that writes without end and prints each name once its write was answered.
fn writer() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    tests
        .parent()
        .and_then(std::path::Path::parent)
        .unwrap()
        .join("examples/load")
}

#[tokio::test]
async fn what_was_answered_from_a_file_survives_kill_9() {
    let folder = testkit::tempdir();
    let url = format!("sqlite:{}", folder.path().join("a.db").display());
    for round in 0..3 {
        let acked = write_until_killed(&url, &format!("r{round}"));
        check(&url, &acked).await;
    }
}

#[tokio::test]
async fn what_was_answered_from_a_server_survives_kill_9() {
    let database = testkit::postgres::Database::create();
    let url = database.url();
    for round in 0..3 {
        // Another replica goes on.
        let mut other = spawn(&url, &format!("o{round}"));
        let acked = write_until_killed(&url, &format!("r{round}"));
        let mut others = lines(&mut other);
        let acked = [acked, others.by_ref().take(300).collect()].concat();
        kill(&mut other);
        check(&url, &acked).await;
    }
}

fn write_until_killed(url: &str, prefix: &str) -> Vec<String> {
    let mut child = spawn(url, prefix);
    let mut lines = lines(&mut child);
    let mut acked: Vec<String> = lines.by_ref().take(300).collect();
    kill(&mut child);
    acked.extend(lines);
    assert!(acked.len() >= 300);
    acked
}

fn spawn(url: &str, prefix: &str) -> Child {
    Command::new(writer())
        .args([url, "endless", prefix])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
}

fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

async fn check(url: &str, acked: &[String]) {
    let store = Store::open(backend::at(url.to_owned())).await.unwrap();
    for name in acked {
        let found = store.find(&component(name)).await.unwrap();
        assert!(found.is_some(), "{name} was answered and is gone");
    }
    store.close().await;
}
