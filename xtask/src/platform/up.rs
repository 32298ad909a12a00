//! Brings a run up from whatever is there, step by step, showing each.
//!
//! The first screen waits for as little as it can: the Go build of the cluster and the cargo build
//! of the planes go side by side, and Argo Workflows is built and installed afterwards, by a part
//! of the run.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::mpsc,
    time::Duration,
};

use anyhow::{Context, Result, bail};

use super::{
    DEFAULT, READY_LIMIT, down,
    folder::Folder,
    parts::{self, Site},
    plan::{PLANES, Part, Ready},
    ports::Ports,
    sample,
    status::{self, Noted},
    supervise::{self, State},
};
use crate::{
    cluster::{self, addon, build},
    command,
    home::Home,
    process,
    progress::{Progress, Step},
};

/// How the platform is brought up.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Returns when the application answers; without it, follows until Ctrl-C and then stops the
    /// planes.
    #[arg(long)]
    pub detach: bool,
    /// Uses this cluster instead of a dev cluster. It must have the Gateway API.
    #[arg(long)]
    pub kubeconfig: Option<PathBuf>,
    /// Where that cluster's Gateway answers (address and port).
    #[arg(long, requires = "kubeconfig")]
    pub gateway: Option<SocketAddr>,
    /// Which run; each has its own cluster and ports.
    #[arg(long, default_value = DEFAULT)]
    pub name: String,
    /// Builds the planes optimized.
    #[arg(long)]
    pub release: bool,
    /// Leaves Argo Workflows out.
    #[arg(long)]
    pub no_argo: bool,
    /// Leaves this plane out; may be repeated.
    #[arg(long, value_name = "PLANE")]
    pub without: Vec<String>,
}

impl Options {
    /// The cargo profile of the planes.
    #[must_use]
    pub fn profile(&self) -> &'static str {
        if self.release { "release" } else { "dev" }
    }

    /// The planes that are not left out.
    pub fn planes(&self) -> impl Iterator<Item = &'static str> {
        PLANES
            .into_iter()
            .filter(|plane| !self.without.iter().any(|it| it == plane))
    }
}

/// Brings the run up; see [`Options::detach`] for when it returns.
///
/// # Errors
/// A step fails; what already runs stays and is found again the next time.
pub fn run(home: &Home, options: &Options) -> Result<()> {
    let progress = Progress::start();
    let noted = bring(home, options, &progress)?;
    println!();
    for (what, url) in &noted.urls {
        println!("{what:<14} {url}");
    }
    if options.detach {
        return Ok(());
    }
    println!("\nCtrl-C stops the planes; `cargo xtask down` removes the cluster too.");
    attend(home, &options.name)
}

/// Brings the run up and returns its addresses.
///
/// # Errors
/// As [`run`].
pub fn bring(home: &Home, options: &Options, progress: &Progress) -> Result<Noted> {
    let folder = Folder::of(home, &options.name);
    folder.make()?;
    let ports = Ports::of(&folder)?;
    let target = make_all(home, options, progress)?;
    let site = Site {
        home,
        folder: &folder,
        ports,
        kubeconfig: &target.kubeconfig,
        profile: options.profile(),
    };
    serve(&site, options, progress)?;
    let mut noted = Noted::read(&folder);
    noted.kubeconfig.clone_from(&options.kubeconfig);
    sample::deploy(&site, &target, &mut noted, progress)?;
    noted.write(&folder)?;
    if !options.no_argo && options.kubeconfig.is_none() {
        parts::put(&folder, parts::argo(&site)?)?;
    }
    Ok(noted)
}

/// The cluster that is worked with.
#[derive(Debug, Clone)]
pub struct Target {
    /// How to reach it.
    pub kubeconfig: PathBuf,
    /// Its name, if it is a dev cluster, into which images can be loaded.
    pub dev: Option<String>,
    /// Where its Gateway answers.
    pub gateway: SocketAddr,
}

/// Builds everything and starts the cluster, as much as possible at the same time.
fn make_all(home: &Home, options: &Options, progress: &Progress) -> Result<Target> {
    let (sender, ends) = mpsc::channel();
    type Task = fn(&Home, &Options, &Progress) -> Result<Option<Target>>;
    let tasks: [Task; 2] = [
        |home, options, progress| make_cluster(home, options, progress).map(Some),
        |home, options, progress| build_planes(home, options, progress).map(|()| None),
    ];
    let count = tasks.len();
    for task in tasks {
        let (home, options, progress) = (home.clone(), options.clone(), progress.clone());
        let sender = sender.clone();
        // Not scoped: the first error is told at once, not when the other build is done.
        std::thread::spawn(move || sender.send(task(&home, &options, &progress)));
    }
    let mut target = None;
    for _ in 0..count {
        let made = ends.recv().context("a build thread is gone")??;
        target = target.or(made);
    }
    target.context("no cluster was made")
}

fn make_cluster(home: &Home, options: &Options, progress: &Progress) -> Result<Target> {
    let step = progress.step("dev cluster: build");
    build::core(home, &step)?;
    build::tool(home, build::Tool::Nats, &step)?;
    step.done();
    if let Some(kubeconfig) = &options.kubeconfig {
        let kubeconfig = std::path::absolute(kubeconfig)?;
        let gateway = match options.gateway {
            Some(gateway) => gateway,
            None => find_gateway(home, &kubeconfig)?,
        };
        return Ok(Target {
            kubeconfig,
            dev: None,
            gateway,
        });
    }
    let step = progress.step(format!("cluster {}", options.name));
    let instance = cluster::ensure(home, &options.name, cluster::Options::default(), &step)?;
    step.done();
    let step = progress.step("Gateway API and its controller");
    addon::install(home, &instance, addon::Addon::Gateway, &step)?;
    step.done();
    let node: IpAddr = instance.node_ip.parse().context("the node's address")?;
    Ok(Target {
        kubeconfig: instance.kubeconfig,
        dev: Some(instance.name),
        gateway: SocketAddr::new(node, 80),
    })
}

/// A Gateway of a cluster that is not ours, by the address in its status.
fn find_gateway(home: &Home, kubeconfig: &std::path::Path) -> Result<SocketAddr> {
    let mut kubectl = cluster::kubectl(home, kubeconfig);
    kubectl.args(["get", "gateways", "--all-namespaces", "-o"]);
    let path = r"jsonpath={range .items[*]}{.status.addresses[0].value}{'\n'}{end}";
    let found = command::capture(kubectl.arg(path)).context("the cluster has no Gateway API")?;
    let address = found
        .lines()
        .find_map(|line| line.trim().parse::<IpAddr>().ok());
    let address = address.context("no Gateway has an IP address; give it with --gateway")?;
    Ok(SocketAddr::new(address, 80))
}

fn build_planes(home: &Home, options: &Options, progress: &Progress) -> Result<()> {
    let step = progress.step("planes: cargo build");
    let mut cargo = home.cargo();
    cargo.args([
        "build",
        "--bins",
        "--profile",
        options.profile(),
        "--package",
        "cli",
    ]);
    for plane in options.planes() {
        cargo.args(["--package", plane]);
    }
    let mut compiled = 0;
    command::logged(&mut cargo, &home.logs().join("cargo.log"), |line| {
        if let Some((_, package)) = line.split_once("Compiling ") {
            compiled += 1;
            step.note(&format!("{compiled} crates, {package}"));
        }
    })?;
    step.done();
    Ok(())
}

/// Starts what is missing of the planes and NATS, and waits until each serves.
///
/// The control plane comes first, since it makes the keys and with them NATS's configuration.
fn serve(site: &Site<'_>, options: &Options, progress: &Progress) -> Result<()> {
    supervise::start(site.home, site.folder)?;
    for plane in options.planes() {
        start(site, parts::plane(site, plane)?, progress)?;
        if plane == PLANES[0] {
            start(site, parts::nats(site)?, progress)?;
        }
    }
    Ok(())
}

/// Puts the part into the plan and waits until this very version of it serves.
///
/// # Errors
/// It ends again and again, or does not serve in time; the error repeats the end of its log.
pub fn start(site: &Site<'_>, part: Part, progress: &Progress) -> Result<()> {
    let step = progress.step(part.name.clone());
    parts::put(site.folder, part.clone())?;
    let running = || {
        let state = State::read(site.folder)
            .parts
            .remove(&part.name)
            .unwrap_or_default();
        let alive = state.process.is_some_and(process::Process::is_alive);
        alive && state.fingerprint == part.fingerprint
    };
    if !process::wait(READY_LIMIT, || running() && part.ready.holds()) {
        return Err(why_not(site, &part, &step));
    }
    step.done();
    Ok(())
}

fn why_not(site: &Site<'_>, part: &Part, step: &Step) -> anyhow::Error {
    step.note("does not serve");
    let log = site.folder.log(&part.name);
    let text = std::fs::read(&log).unwrap_or_default();
    let end = command::last_lines(&String::from_utf8_lossy(&text));
    let wanted = match part.ready {
        Ready::Runs => "run".to_owned(),
        Ready::Accepts(address) => format!("accept connections at {address}"),
        Ready::Answers(address) => format!("answer http://{address}/readyz with 200"),
    };
    anyhow::anyhow!(
        "{} does not {wanted}, see {}\n{end}",
        part.name,
        log.display()
    )
}

/// Follows the run until Ctrl-C, then stops the planes.
fn attend(home: &Home, name: &str) -> Result<()> {
    let folder = Folder::of(home, name);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut period = tokio::time::interval(Duration::from_secs(2));
        let mut shown = None;
        loop {
            tokio::select! {
                signal = tokio::signal::ctrl_c() => return signal.context("Ctrl-C"),
                _ = period.tick() => shown = Some(show_changes(home, name, shown)?),
            }
            if !supervise::is_running(&folder) {
                bail!("the run was stopped from elsewhere");
            }
        }
    })?;
    println!("\nstopping the planes");
    down::stop_parts(&folder)?;
    println!("`cargo xtask up` starts them again; `cargo xtask down` removes the cluster too");
    Ok(())
}

type Conditions = std::collections::BTreeMap<String, status::Condition>;

fn show_changes(home: &Home, name: &str, shown: Option<Conditions>) -> Result<Conditions> {
    let parts = status::look(home, name)?.parts;
    let now: Conditions = parts
        .iter()
        .map(|(name, part)| (name.clone(), part.state))
        .collect();
    if let Some(shown) = shown {
        for (name, state) in &now {
            if shown.get(name) != Some(state) {
                println!("{name} is {}", format!("{state:?}").to_lowercase());
            }
        }
    }
    Ok(now)
}
