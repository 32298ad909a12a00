//! Dev clusters: a real Kubernetes, built from Go modules by [`build`] and run by the program
//! `kube` that comes out (`deploy/dev-cluster`). Several run side by side, told apart by name.

pub mod addon;
pub mod build;
pub mod image;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{command, home::Home, progress::Step};

/// A cluster that has state on this machine, whether or not it still runs.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Instance {
    /// Its name.
    pub name: String,
    /// Whether it is only an API server, without a node.
    pub api_only: bool,
    /// The node's address, on a bridge that only this machine reaches.
    #[serde(rename = "nodeIP")]
    pub node_ip: String,
    /// The API server's URL.
    pub api: String,
    /// The administrator's kubeconfig.
    pub kubeconfig: PathBuf,
    /// Process ids of its components; 0 for one that has ended.
    pub components: BTreeMap<String, u32>,
}

impl Instance {
    /// Whether every component that was started still runs.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !self.components.is_empty() && self.components.values().all(|pid| *pid != 0)
    }
}

/// How a new cluster is made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Only etcd, API server and controllers.
    pub api_only: bool,
    /// Fake nodes to add.
    pub kwok: u32,
}

/// The clusters of this machine; none when the dev cluster was never built.
///
/// # Errors
/// The state cannot be read.
pub fn list(home: &Home) -> Result<Vec<Instance>> {
    if !home.tool("kube").is_file() {
        return Ok(Vec::new());
    }
    let text = command::capture(home.kube().args(["cluster", "status", "--json"]))?;
    serde_json::from_str(&text).context("the answer of `kube cluster status --json`")
}

/// The cluster with this name.
///
/// # Errors
/// The state cannot be read.
pub fn find(home: &Home, name: &str) -> Result<Option<Instance>> {
    Ok(list(home)?.into_iter().find(|it| it.name == name))
}

/// The running cluster with this name: found whole, or made anew.
///
/// # Errors
/// It does not come up; what it left is taken away again.
pub fn ensure(home: &Home, name: &str, options: Options, step: &Step) -> Result<Instance> {
    if let Some(found) = find(home, name)? {
        if found.is_whole() && found.api_only == options.api_only {
            return Ok(found);
        }
        step.note("taking away what is left of an earlier one");
        down(home, name)?;
    }
    let mut up = home.kube();
    up.args(["cluster", "up", "--name", name]);
    if options.api_only {
        up.arg("--api-only");
    }
    if options.kwok > 0 {
        up.args(["--kwok", &options.kwok.to_string()]);
    }
    let log = home.logs().join(format!("cluster-{name}.log"));
    if let Err(error) = command::logged(&mut up, &log, |line| step.note(line)) {
        down(home, name).context("after a failed start")?;
        return Err(error);
    }
    find(home, name)?.context("the cluster is gone right after its start")
}

/// Removes the cluster with all it made: processes, mounts, network, cgroups, state. One that is
/// not there is no fault.
///
/// # Errors
/// Something cannot be removed.
pub fn down(home: &Home, name: &str) -> Result<()> {
    if !home.tool("kube").is_file() {
        return Ok(());
    }
    command::capture(home.kube().args(["cluster", "down", "--name", name])).map(drop)
}

/// `kubectl` with this kubeconfig.
#[must_use]
pub fn kubectl(home: &Home, kubeconfig: &Path) -> Command {
    let mut command = home.kube();
    command.arg("kubectl").arg("--kubeconfig").arg(kubeconfig);
    command
}

/// Applies a manifest given as text, as the owner of its fields.
///
/// # Errors
/// The cluster refuses it.
pub fn apply(home: &Home, kubeconfig: &Path, manifest: &str) -> Result<()> {
    let file = home
        .logs()
        .join(format!("apply-{}.yaml", std::process::id()));
    std::fs::create_dir_all(home.logs())?;
    std::fs::write(&file, manifest).with_context(|| file.display().to_string())?;
    let mut kubectl = kubectl(home, kubeconfig);
    kubectl
        .args(["apply", "--server-side", "--force-conflicts", "-f"])
        .arg(&file);
    let applied = command::capture(&mut kubectl);
    std::fs::remove_file(&file)?;
    applied.map(drop)
}
