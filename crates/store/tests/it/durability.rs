//! What was answered survives kill -9.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
};

use store::{Config, Store};

use crate::samples::component;

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
async fn what_was_answered_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("a.db").display());
    for round in 0..3 {
        let mut child = Command::new(writer())
            .args([url.as_str(), "endless", &format!("r{round}")])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acked: Vec<String> = lines.by_ref().take(300).map(Result::unwrap).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        acked.extend(lines.map_while(Result::ok));
        let store = Store::open(Config {
            url: url.clone(),
            ..Config::default()
        })
        .await
        .unwrap();
        assert!(acked.len() >= 300);
        for name in &acked {
            let found = store.find(&component(name)).await.unwrap();
            assert!(found.is_some(), "{name} was answered and is gone");
        }
        store.close().await;
    }
}
