//! Where things are: the checkout, and below `$HOME/.cache/quintet` all that is built or run.
//!
//! Each place can be moved by the variable that its tool already knows: `QUINTET_CLUSTER_HOME`,
//! `CARGO_TARGET_DIR`, `GOCACHE`. A clone that is thrown away leaves its builds to the next one.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

/// Names the running `xtask` to the programs that it starts.
const XTASK: &str = "QUINTET_XTASK";

/// The folders that the commands work in. All are absolute.
#[derive(Debug, Clone)]
pub struct Home {
    root: PathBuf,
    cache: PathBuf,
    cluster: PathBuf,
    target: PathBuf,
    go_cache: PathBuf,
}

impl Home {
    /// Reads the places from the environment.
    ///
    /// # Errors
    /// `HOME` is not set.
    pub fn discover() -> Result<Self> {
        let home = env::var_os("HOME").context("HOME is not set")?;
        let cache = Path::new(&home).join(".cache").join("quintet");
        let place = |name: &str, folder: &str| {
            let given = env::var_os(name).filter(|value| !value.is_empty());
            given.map_or_else(|| cache.join(folder), PathBuf::from)
        };
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        // Tests and benchmarks of other folders call this too: the checkout is where deploy/ is.
        let root = manifest
            .ancestors()
            .find(|folder| folder.join("deploy/dev-cluster").is_dir())
            .with_context(|| format!("no checkout around {}", manifest.display()))?;
        Ok(Self {
            root: root.to_path_buf(),
            cluster: place("QUINTET_CLUSTER_HOME", "cluster"),
            target: place("CARGO_TARGET_DIR", "target"),
            go_cache: place("GOCACHE", "go-build"),
            cache,
        })
    }

    /// The checkout.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The sources of the dev cluster.
    #[must_use]
    pub fn dev_cluster(&self) -> PathBuf {
        self.root.join("deploy/dev-cluster")
    }

    /// Programs, images and state of the dev clusters.
    #[must_use]
    pub fn cluster(&self) -> &Path {
        &self.cluster
    }

    /// A program that the dev cluster's build made.
    #[must_use]
    pub fn tool(&self, name: &str) -> PathBuf {
        self.cluster.join("bin").join(name)
    }

    /// A program of the workspace, as `cargo build` with this profile leaves it.
    #[must_use]
    pub fn binary(&self, profile: &str, name: &str) -> PathBuf {
        let folder = if profile == "dev" { "debug" } else { profile };
        self.target.join(folder).join(name)
    }

    /// This program, also when a walkthrough or a benchmark calls its library: the one that
    /// started it, or the one beside it.
    ///
    /// # Errors
    /// The place of the running program is not known.
    pub fn xtask(&self) -> Result<PathBuf> {
        match env::var_os(XTASK) {
            Some(path) => Ok(path.into()),
            None => Ok(env::current_exe()?.with_file_name("xtask")),
        }
    }

    /// Logs of builds.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.cache.join("logs")
    }

    /// State of the run with this name.
    #[must_use]
    pub fn run(&self, name: &str) -> PathBuf {
        self.cache.join("run").join(name)
    }

    /// `cargo`, in the checkout, with the shared target folder.
    #[must_use]
    pub fn cargo(&self) -> Command {
        let mut command = Command::new(
            env::var_os("CARGO")
                .as_deref()
                .unwrap_or(OsStr::new("cargo")),
        );
        command
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// `go`, in a folder of the dev cluster, with the shared build cache.
    #[must_use]
    pub fn go(&self, folder: &str) -> Command {
        let mut command = Command::new("go");
        command.current_dir(self.dev_cluster().join(folder));
        command
            .env("GOCACHE", &self.go_cache)
            .env("CGO_ENABLED", "0");
        command
    }

    /// The program that is the dev cluster, told where its state is.
    #[must_use]
    pub fn kube(&self) -> Command {
        let mut command = Command::new(self.tool("kube"));
        command.env("QUINTET_CLUSTER_HOME", &self.cluster);
        command
    }
}
