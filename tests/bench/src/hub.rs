//! The running platform that is measured.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use xtask::{
    cluster, command,
    home::Home,
    http,
    platform::{
        self, PartAction,
        folder::Folder,
        parts::Site,
        ports::{Listener, Ports},
        sample, status, up,
    },
    progress::Progress,
};

pub(crate) struct Hub {
    pub(crate) home: Home,
    folder: Folder,
    ports: Ports,
    pub(crate) kubeconfig: PathBuf,
    profile: &'static str,
    token: String,
}

impl Hub {
    /// Finds the run, or starts it.
    pub(crate) fn start(name: &str, release: bool) -> Result<Self> {
        let home = Home::discover()?;
        let options = up::Options {
            detach: true,
            kubeconfig: None,
            gateway: None,
            name: name.to_owned(),
            release,
            no_argo: true,
            without: Vec::new(),
        };
        up::bring(&home, &options, &Progress::start())?;
        let folder = Folder::of(&home, name);
        let ports = Ports::of(&folder)?;
        let kubeconfig = cluster::find(&home, name)?
            .context("the run has no cluster")?
            .kubeconfig;
        let mut hub = Self {
            home,
            folder,
            ports,
            kubeconfig,
            profile: options.profile(),
            token: String::new(),
        };
        hub.token = sample::admin_token(&hub.site())?;
        Ok(hub)
    }

    fn site(&self) -> Site<'_> {
        Site {
            home: &self.home,
            folder: &self.folder,
            ports: self.ports,
            kubeconfig: &self.kubeconfig,
            profile: self.profile,
        }
    }

    /// Applies a manifest.
    pub(crate) fn apply(&self, manifest: &str) -> Result<()> {
        let file = self.folder.data("bench.yaml");
        std::fs::write(&file, manifest)?;
        command::capture(
            sample::quintet(&self.site())?
                .arg("apply")
                .arg("-f")
                .arg(file),
        )
        .map(drop)
    }

    /// Creates an object by REST.
    pub(crate) fn create(&self, plural: &str, object: &Value) -> Result<()> {
        self.write(
            "POST",
            &format!("/api/v1/namespaces/default/{plural}"),
            object,
        )
    }

    /// Replaces an object by REST.
    pub(crate) fn replace(&self, plural: &str, object: &Value) -> Result<()> {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        self.write(
            "PUT",
            &format!("/api/v1/namespaces/default/{plural}/{name}"),
            object,
        )
    }

    fn write(&self, method: &str, path: &str, object: &Value) -> Result<()> {
        let gateway = self.ports.address(Listener::Gateway);
        let answer = http::write_as(gateway, &self.token, method, path, &object.to_string())?;
        if !(200..300).contains(&answer.status) {
            bail!("{method} {path} answers {}: {}", answer.status, answer.body);
        }
        Ok(())
    }

    /// Runs kubectl in the workload cluster.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        command::capture(cluster::kubectl(&self.home, &self.kubeconfig).args(arguments))
    }

    /// Stops or starts the hub.
    pub(crate) fn act(&self, action: PartAction) -> Result<()> {
        for part in ["control-plane", "nats"] {
            platform::act(&self.home, self.folder.name(), action, &[part.to_owned()])?;
        }
        Ok(())
    }

    /// Resident memory of these parts together, in MiB.
    pub(crate) fn memory(&self, parts: &[&str]) -> Result<f64> {
        let status = status::look(&self.home, self.folder.name())?;
        let bytes: u64 = parts
            .iter()
            .filter_map(|it| status.parts.get(*it))
            .filter_map(|it| it.memory)
            .sum();
        #[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
        Ok(bytes as f64 / f64::from(1 << 20))
    }
}
