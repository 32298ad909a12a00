//! `bench flow`: write accepted → applied, creation, healing without the hub, memory.

use std::time::Duration;

use anyhow::{Context, Result};
use xtask::platform::{PartAction, changes::Set};

use crate::{figures::Figures, hub::Hub, load::Load};

/// How the flow is measured.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The run to measure; it is started if it is not up.
    #[arg(long, default_value = "bench")]
    name: String,
    /// Components in the cluster.
    #[arg(long, default_value_t = 60)]
    components: usize,
    /// Pods of each component.
    #[arg(long, default_value_t = 1)]
    replicas: u32,
    /// Seconds of each load.
    #[arg(long, default_value_t = 30)]
    seconds: usize,
    /// Measures binaries of the dev profile.
    #[arg(long)]
    dev: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let hub = Hub::start(&options.name, !options.dev)?;
    let mut figures = Figures::default();
    let components = options.components;
    let mut load = Load::new(&hub, Set::new("flow", options.replicas))?;

    let created = load.create(components)?;
    let what = format!("{components} new components at once, all Deployments there");
    figures.row(&what, format!("{:.2} s", created.as_secs_f64()), "≤ 3 s");
    figures.line("created_s", created.as_secs_f64());

    // While the pods of all of them still start.
    heal(&hub, &mut load, &mut figures)?;

    let times = load.change(1, Duration::from_secs(1), options.seconds)?;
    let aim = "p50 ≤ 50 ms, p99 ≤ 110 ms";
    figures.millis(
        "1 write a second, 1 component",
        "applied_single",
        &times,
        aim,
    );
    let times = load.change(components, Duration::from_millis(50), options.seconds * 20)?;
    let what = format!("20 writes a second over {components} components");
    let aim = "p50 ≤ 90 ms, p99 ≤ 300 ms";
    figures.millis(&what, "applied", &times, aim);

    let control = hub.memory(&["control-plane", "experience-gateway"])?;
    figures.row(
        "memory: control plane and gateway",
        format!("{control:.0} MiB"),
        "≤ 80 MiB",
    );
    figures.line("memory_control_mib", control);
    let agent = hub.memory(&["data-plane-agent"])?;
    figures.row("memory: agent", format!("{agent:.0} MiB"), "≤ 30 MiB");
    figures.line("memory_agent_mib", agent);
    figures.print();
    Ok(())
}

/// A managed Deployment deleted by hand, with the hub stopped.
fn heal(hub: &Hub, load: &mut Load<'_>, figures: &mut Figures) -> Result<()> {
    let listed = hub.kubectl(&[
        "get",
        "deployments",
        "-A",
        "-l",
        "openchoreo.dev/project=flow",
        "-o",
        r"jsonpath={range .items[*]}{.metadata.namespace} {.metadata.name}{'\n'}{end}",
    ])?;
    let mut names = listed
        .lines()
        .filter_map(|line| line.split_once(' '))
        .peekable();
    let namespace = names
        .peek()
        .context("no Deployment of the set")?
        .0
        .to_owned();
    let names: Vec<String> = names.take(20).map(|(_, name)| name.to_owned()).collect();
    hub.act(PartAction::Stop)?;
    let healed = load.delete(&namespace, &names);
    hub.act(PartAction::Start)?;
    let what = "a managed Deployment deleted, the hub stopped";
    figures.millis(what, "heal", &healed?, "p99 ≤ 1 s");
    // The agent waits a random while before it looks for the hub again; what follows is measured with it there.
    let returned = load.change(1, Duration::ZERO, 1)?;
    let seconds = returned[0].as_secs_f64();
    let what = "the hub started again, the first write applied";
    figures.row(what, format!("{seconds:.2} s"), "–");
    figures.line("returned_s", seconds);
    Ok(())
}
