//! A real nats-server, one child process each.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::home;
use crate::wait::until_true;

/// How long a server may take to be ready.
const START: Duration = Duration::from_secs(20);

/// A nats-server on a free port of loopback, killed when dropped.
///
/// ```no_run
/// # async fn test() {
/// let mut nats = testkit::nats::Server::start("authorization { token: secret }").await;
/// let url = nats.url();
/// nats.restart().await;      // the same port
/// assert_eq!(nats.url(), url);
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl Server {
    /// Starts a server with this configuration text, which may be empty. It says neither `host` nor `port`.
    ///
    /// # Panics
    ///
    /// When there is no nats-server, or it does not start; the message shows its log.
    pub async fn start(config: &str) -> Self {
        let mut server = Self {
            folder: crate::tempdir(),
            port: 0,
            child: None,
        };
        server.configure(config);
        server.start_again().await;
        server
    }

    /// Where it listens, as `nats://127.0.0.1:4222`.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Its port, which it keeps for good.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its folder, for files that its configuration names.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Writes another configuration, for the next start.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub fn configure(&self, config: &str) {
        std::fs::write(self.path("nats.conf"), config).expect("the server's folder is ours");
    }

    /// Kills it, as a crash would; its clients see the connection break.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself, which is as well.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again on the same port.
    ///
    /// # Panics
    ///
    /// When it does not start; the message shows its log.
    pub async fn start_again(&mut self) {
        self.stop();
        let mut child = self.spawn();
        // It writes this file once it listens.
        let ports = self.path(&format!("nats-server_{}.ports", child.id()));
        let mut ended = None;
        let log = self.path("log");
        let what = format!("nats-server starts; its log is {}", log.display());
        until_true(&what, START, || {
            ended = child.try_wait().ok().flatten();
            ended.is_some() || std::fs::read_to_string(&ports).is_ok_and(|text| text.ends_with('}'))
        })
        .await;
        assert!(
            ended.is_none(),
            "nats-server ended at its start:\n{}",
            self.log()
        );
        let text = std::fs::read_to_string(&ports).expect("it was there a moment ago");
        self.child = Some(child);
        self.port = port_of(&text);
    }

    /// Kills it and starts it again on the same port.
    ///
    /// # Panics
    ///
    /// When it does not start; the message shows its log.
    pub async fn restart(&mut self) {
        self.stop();
        self.start_again().await;
    }

    fn spawn(&self) -> Child {
        let port = if self.port == 0 {
            "-1".to_owned()
        } else {
            self.port.to_string()
        };
        Command::new(program())
            .args(["--addr", "127.0.0.1", "--port", &port])
            .arg("--config")
            .arg(self.path("nats.conf"))
            .arg("--log")
            .arg(self.path("log"))
            .arg("--ports_file_dir")
            .arg(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nats-server is a program")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn program() -> PathBuf {
    std::env::var_os("QUINTET_TEST_NATS_SERVER")
        .map(PathBuf::from)
        .or_else(|| home::program("nats-server"))
        .unwrap_or_else(|| {
            panic!("there is no nats-server on this machine: run `cargo xtask cluster build nats`")
        })
}

fn port_of(ports: &str) -> u16 {
    let ports: serde_json::Value = serde_json::from_str(ports).expect("nats-server writes JSON");
    let url = ports["nats"][0]
        .as_str()
        .expect("nats-server listens for clients");
    let port = url.rsplit(':').next().and_then(|port| port.parse().ok());
    port.expect("the address of nats-server ends with its port")
}
