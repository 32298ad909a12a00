//! The table of parts: how each is configured, started and seen to serve.

use std::{collections::BTreeMap, path::Path, process::Command};

use anyhow::Result;

use super::{
    config,
    folder::Folder,
    plan::{PLANES, Part, Plan, Ready},
    ports::{Listener, Ports},
};
use crate::{command, fingerprint, home::Home};

/// What the parts are made for.
#[derive(Debug)]
pub struct Site<'a> {
    /// The checkout and the builds.
    pub home: &'a Home,
    /// The run's folder.
    pub folder: &'a Folder,
    /// The run's addresses.
    pub ports: Ports,
    /// The cluster that both agents work in.
    pub kubeconfig: &'a Path,
    /// The cargo profile that the binaries are of.
    pub profile: &'a str,
}

/// NATS, with the configuration that the control plane wrote when it started.
///
/// # Errors
/// The configuration is not there.
pub fn nats(site: &Site<'_>) -> Result<Part> {
    let config = site.folder.config("nats.conf");
    let program = site.home.tool("nats-server");
    Ok(Part {
        name: "nats".to_owned(),
        fingerprint: fingerprint::of(&[program.clone(), config.clone()])?,
        arguments: vec!["--config".to_owned(), config.display().to_string()],
        program,
        environment: BTreeMap::new(),
        wanted: true,
        once: false,
        ready: Ready::Accepts(site.ports.address(Listener::Nats)),
    })
}

/// One of the five binaries.
///
/// # Errors
/// A file cannot be written, or the binary is missing.
pub fn plane(site: &Site<'_>, name: &str) -> Result<Part> {
    let config = config::write(site, name)?;
    let program = site.home.binary(site.profile, name);
    let admin = site.ports.address(Listener::Admin(index(name)));
    // A wrong key is told now, and not by a plane that ends again and again.
    let mut check = Command::new(&program);
    command::capture(check.arg("--check-config").arg("--config").arg(&config))?;
    Ok(Part {
        name: name.to_owned(),
        fingerprint: fingerprint::of(&[program.clone(), config.clone()])?,
        arguments: vec!["--config".to_owned(), config.display().to_string()],
        program,
        environment: BTreeMap::new(),
        wanted: true,
        once: false,
        ready: Ready::Answers(admin),
    })
}

/// The way from loopback to the cluster's Gateway.
///
/// # Errors
/// This program cannot be found.
pub fn forward(site: &Site<'_>, gateway: std::net::SocketAddr) -> Result<Part> {
    let listen = site.ports.address(Listener::Applications);
    Ok(Part {
        name: "applications".to_owned(),
        program: site.home.xtask()?,
        arguments: [
            "forward",
            "--listen",
            &listen.to_string(),
            "--to",
            &gateway.to_string(),
        ]
        .map(str::to_owned)
        .to_vec(),
        environment: BTreeMap::new(),
        fingerprint: gateway.to_string(),
        wanted: true,
        once: false,
        ready: Ready::Accepts(listen),
    })
}

/// Argo Workflows, built and installed while the rest serves already.
///
/// # Errors
/// This program cannot be found.
pub fn argo(site: &Site<'_>) -> Result<Part> {
    let program = site.home.xtask()?;
    let sources = site.home.dev_cluster().join("tools/argo");
    Ok(Part {
        name: "argo-install".to_owned(),
        program,
        arguments: ["cluster", "addon", "argo", "--name", site.folder.name()]
            .map(str::to_owned)
            .to_vec(),
        environment: BTreeMap::new(),
        fingerprint: fingerprint::of(&[sources, site.kubeconfig.to_path_buf()])?,
        wanted: true,
        once: true,
        ready: Ready::Runs,
    })
}

/// Puts the part into the plan as wanted.
///
/// # Errors
/// The folder cannot be written.
pub fn put(folder: &Folder, part: Part) -> Result<()> {
    let mut plan = Plan::read(folder)?;
    plan.put(part);
    plan.write(folder)
}

/// A plane's place in [`PLANES`].
///
/// # Panics
/// The name is not in the table.
#[must_use]
pub fn index(plane: &str) -> u16 {
    let found = PLANES
        .iter()
        .position(|it| *it == plane)
        .expect("names come from the table");
    u16::try_from(found).expect("five fit")
}
