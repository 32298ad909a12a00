//! A real API server: the dev cluster in API-only mode, one for all tests of a machine.

use std::fs::File;
use std::io::{Seek, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use crate::home;

/// The name of the cluster that tests share.
const CLUSTER: &str = "test";

/// How long a running API server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(2);

/// An API server that tests share; each keeps to a namespace of its own.
///
/// The first test of a machine that asks for it starts it, and it is left running: `cargo xtask test` stops it.
/// `QUINTET_TEST_KUBECONFIG` names another one.
#[derive(Debug, Clone)]
pub struct ApiServer {
    kubeconfig: PathBuf,
}

impl ApiServer {
    /// The API server of the tests. It blocks for some seconds if it has to start it.
    ///
    /// # Panics
    ///
    /// When there is none and none can be started.
    pub fn shared() -> Self {
        static SHARED: OnceLock<ApiServer> = OnceLock::new();
        let start = || match std::env::var_os("QUINTET_TEST_KUBECONFIG") {
            Some(given) => Self {
                kubeconfig: given.into(),
            },
            None => Self {
                kubeconfig: start(),
            },
        };
        SHARED.get_or_init(start).clone()
    }

    /// The kubeconfig of its administrator.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Runs `kubectl` as its administrator, for what only another client would do, and gives what it printed.
    ///
    /// # Panics
    ///
    /// When kubectl is not there or fails.
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        self.kubectl_with("", arguments).unwrap_or_else(|errors| {
            panic!("`kubectl {}` failed: {errors}", arguments.join(" "));
        })
    }

    /// As [`ApiServer::kubectl`], with this standard input.
    ///
    /// # Errors
    ///
    /// What kubectl says is wrong.
    ///
    /// # Panics
    ///
    /// When kubectl is not there.
    pub fn kubectl_with(&self, input: &str, arguments: &[&str]) -> Result<String, String> {
        let mut given = tempfile::tempfile().expect("a file can be made");
        given
            .write_all(input.as_bytes())
            .and_then(|()| given.rewind())
            .expect("a file can be written");
        let output = Command::new(home::folder().join("bin/kubectl"))
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .args(arguments)
            .stdin(given)
            .output()
            .expect("kubectl is a program of the dev cluster");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match output.status.success() {
            true => Ok(text(&output.stdout)),
            false => Err(text(&output.stderr)),
        }
    }

    /// Installs the kinds of the Gateway API, of the version that the dev cluster has.
    ///
    /// # Panics
    ///
    /// When Go does not give the module, or the server refuses it.
    pub fn install_gateway_api(&self) {
        const MODULE: &str = "sigs.k8s.io/gateway-api";
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../deploy/dev-cluster/tools/gateway"
        );
        let go = |arguments: &[&str]| {
            let mut go = Command::new("go");
            let output = go.current_dir(folder).args(arguments).arg(MODULE).output();
            let output = output.expect("go is a program of this machine");
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "go gives no {MODULE}: {errors}");
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        go(&["mod", "download"]);
        let module = go(&["list", "-m", "-f", "{{.Dir}}"]);
        let kinds = Path::new(module.trim()).join("config/crd/standard");
        self.kubectl(&["apply", "--server-side", "-f", &kinds.to_string_lossy()]);
        let routes = ["httproutes", "grpcroutes", "tlsroutes"];
        let routes = routes.map(|name| format!("crd/{name}.gateway.networking.k8s.io"));
        let [http, grpc, tls] = routes.each_ref().map(String::as_str);
        let established = ["wait", "--for=condition=Established", "--timeout=30s"];
        self.kubectl(&[&established[..], &[http, grpc, tls]].concat());
    }

    /// A name for a namespace that no other test uses. The namespace is not made.
    pub fn fresh_namespace(&self) -> String {
        fresh_name("t")
    }
}

/// A name that no other test uses: `prefix`, a dash, and letters and digits that are valid in names of Kubernetes.
///
/// # Panics
///
/// When the machine's clock stands before 1970.
pub fn fresh_name(prefix: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    #[expect(
        clippy::disallowed_methods,
        reason = "a name must differ from those of earlier runs"
    )]
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let millis = since.expect("the clock stands after 1970").as_millis();
    let count = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}-{millis:x}-{:x}-{count:x}", std::process::id())
}

/// Starts the shared cluster unless it runs. Tests of other processes wait for it at the lock.
fn start() -> PathBuf {
    let home = home::folder();
    let kube = home.join("bin/kube");
    assert!(
        kube.is_file(),
        "there is no API server on this machine: run `cargo xtask cluster build` (looked for {})",
        kube.display()
    );
    let lock = File::create(home.join("test.lock")).expect("the cluster's folder can be written");
    lock.lock().expect("a file can be locked");
    let kubeconfig = home.join("run").join(CLUSTER).join("pki/admin.kubeconfig");
    if !answers(&kubeconfig) {
        cluster(&home, &["down", "--name", CLUSTER]);
        cluster(
            &home,
            &["up", "--name", CLUSTER, "--api-only", "--no-fsync"],
        );
    }
    kubeconfig
}

fn cluster(home: &Path, arguments: &[&str]) {
    let output = Command::new(home.join("bin/kube"))
        .arg("cluster")
        .args(arguments)
        .env("QUINTET_CLUSTER_HOME", home)
        .output()
        .expect("the dev cluster is a program");
    assert!(
        output.status.success(),
        "`kube cluster {}` failed:\n{}{}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Whether the server of this kubeconfig accepts connections.
fn answers(kubeconfig: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(kubeconfig) else {
        return false;
    };
    let server = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("server: https://"));
    let address: Option<SocketAddr> = server.and_then(|server| server.trim().parse().ok());
    address.is_some_and(|address| TcpStream::connect_timeout(&address, CONNECT).is_ok())
}
