//! One installation, and the ways to drive and see it.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use xtask::{
    cluster, command,
    home::Home,
    http,
    platform::{
        self, PartAction,
        folder::Folder,
        parts::{Site, index},
        ports::{Listener, Ports},
        sample, up,
    },
    progress::Progress,
};

use crate::wait;

/// How long something may take that the platform does by itself.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// How hard the storm is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Storm {
    pub(crate) seconds: u64,
    pub(crate) changes: usize,
}

/// A running platform.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) home: Home,
    pub(crate) folder: Folder,
    pub(crate) ports: Ports,
    pub(crate) storm: Storm,
    kubeconfig: PathBuf,
}

impl World {
    /// Finds the run, or starts it.
    pub(crate) fn start(name: &str, without: &[String], storm: Storm) -> Result<Self> {
        let home = Home::discover()?;
        let options = up::Options {
            detach: true,
            kubeconfig: None,
            gateway: None,
            name: name.to_owned(),
            release: false,
            no_argo: false,
            without: without.to_vec(),
        };
        up::bring(&home, &options, &Progress::start())?;
        let folder = Folder::of(&home, name);
        let ports = Ports::of(&folder)?;
        let cluster = cluster::find(&home, name)?.context("the run has no cluster")?;
        Ok(Self {
            home,
            folder,
            ports,
            storm,
            kubeconfig: cluster.kubeconfig,
        })
    }

    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    pub(crate) fn site(&self) -> Site<'_> {
        Site {
            home: &self.home,
            folder: &self.folder,
            ports: self.ports,
            kubeconfig: &self.kubeconfig,
            profile: "dev",
        }
    }

    /// Runs `quintet` as the administrator and returns what it printed.
    pub(crate) fn quintet(&self, arguments: &[&str]) -> Result<String> {
        command::capture(sample::quintet(&self.site())?.args(arguments))
    }

    /// `quintet`, for what [`World::quintet`] cannot do.
    pub(crate) fn quintet_command(&self) -> Result<Command> {
        sample::quintet(&self.site())
    }

    /// Applies a manifest that is given as text.
    pub(crate) fn apply(&self, manifest: &str) -> Result<String> {
        let file = self.folder.data("e2e.yaml");
        std::fs::write(&file, manifest)?;
        self.quintet(&["apply", "-f", &file.to_string_lossy()])
    }

    /// Asks the REST API for an object or a list.
    pub(crate) fn api(&self, path: &str) -> Result<Value> {
        let token = sample::admin_token(&self.site())?;
        let gateway = self.ports.address(Listener::Gateway);
        let answer = http::ask_as(gateway, &token, &format!("/api/v1{path}"))?;
        if answer.status != 200 {
            bail!("{path} answers {}: {}", answer.status, answer.body);
        }
        serde_json::from_str(&answer.body).with_context(|| format!("answer to {path}"))
    }

    /// Runs kubectl in the workload cluster.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        command::capture(cluster::kubectl(&self.home, &self.kubeconfig).args(arguments))
    }

    /// The objects that kubectl finds.
    pub(crate) fn objects(&self, arguments: &[&str]) -> Result<Vec<Value>> {
        let text = self.kubectl(&[&["get", "-o", "json"], arguments].concat())?;
        let list: Value = serde_json::from_str(&text).context("kubectl's answer")?;
        Ok(list["items"].as_array().cloned().unwrap_or_default())
    }

    /// The only object of a component in an environment.
    pub(crate) fn object(&self, kind: &str, component: &str, environment: &str) -> Result<Value> {
        let selector = format!(
            "openchoreo.dev/component={component},openchoreo.dev/environment={environment}"
        );
        let found = self.objects(&[kind, "-A", "-l", &selector])?;
        match <[Value; 1]>::try_from(found) {
            Ok([object]) => Ok(object),
            Err(found) => bail!(
                "{} {kind} of {component} in {environment}, not one",
                found.len()
            ),
        }
    }

    /// Asks an application through the Gateway.
    pub(crate) fn application(&self, environment: &str, path: &str) -> Result<http::Answer> {
        let address = self.ports.address(Listener::Applications);
        let host = format!("{environment}-default.apps.localhost:{}", address.port());
        http::ask(address, &host, path)
    }

    /// Waits until the application answers 200, and returns the body.
    pub(crate) fn answers(&self, environment: &str, path: &str) -> Result<String> {
        let (body, _) = wait::until(LIMIT, &format!("{environment}{path}"), || {
            let answer = self.application(environment, path)?;
            ensure!(answer.status == 200, "answers {}", answer.status);
            Ok(answer.body)
        })?;
        Ok(body)
    }

    /// Waits until the component's binding in the environment is Ready.
    pub(crate) fn is_ready(&self, component: &str, environment: &str) -> Result<Value> {
        let path = format!("/namespaces/default/releasebindings/{component}-{environment}");
        let (binding, _) = wait::until(
            LIMIT,
            &format!("{component} Ready in {environment}"),
            || {
                let binding = self.api(&path)?;
                match condition(&binding, "Ready") {
                    Some(it) if it["status"] == "True" => Ok(binding),
                    other => bail!(
                        "{}",
                        other.map_or("no condition Ready".to_owned(), Value::to_string)
                    ),
                }
            },
        )?;
        Ok(binding)
    }

    /// Requests that the agent sent to the cluster to read or write objects on purpose: watches,
    /// leases, and what the collection of logs asks for are left out.
    pub(crate) fn requests(&self) -> Result<f64> {
        let admin = self
            .ports
            .address(Listener::Admin(index("data-plane-agent")));
        let answer = http::ask(admin, "localhost", "/metrics")?;
        let lines = answer
            .body
            .lines()
            .filter(|it| it.starts_with("cluster_requests_total{"));
        let beside = ["verb=\"watch\"", "resource=\"leases.", "resource=\"pods"];
        let mut counted = lines
            .filter(|line| !beside.iter().any(|it| line.contains(it)))
            .peekable();
        ensure!(counted.peek().is_some(), "the agent counts no requests");
        Ok(counted
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum())
    }

    /// Stops, starts or restarts parts.
    pub(crate) fn parts(&self, action: PartAction, parts: &[&str]) -> Result<()> {
        let parts: Vec<String> = parts.iter().map(|it| (*it).to_owned()).collect();
        platform::act(&self.home, self.folder.name(), action, &parts)
    }

    /// Builds the greeter as an image with this tag and loads it.
    pub(crate) fn load_greeter(&self, image: &str) -> Result<()> {
        sample::load_image(&self.site(), self.folder.name(), image)
    }
}

/// A condition of an object.
pub(crate) fn condition<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object["status"]["conditions"]
        .as_array()?
        .iter()
        .find(|it| it["type"] == name)
}

/// Name and namespace of a Kubernetes object.
pub(crate) fn place(object: &Value) -> Result<(&str, &str)> {
    let text = |field: &str| object["metadata"][field].as_str();
    text("name")
        .zip(text("namespace"))
        .context("the object has no name and namespace")
}
