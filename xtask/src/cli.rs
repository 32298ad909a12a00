//! The commands' names and arguments.

use std::{net::SocketAddr, path::PathBuf, process::Command};

use anyhow::{Result, bail};
use clap::{Parser, Subcommand, ValueEnum};

use crate::{
    bench, ci, cluster, command, conformance, generate, home::Home, platform, progress::Progress,
    test, tidy,
};

/// Builds, starts, checks and measures Quintet.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Starts the whole platform on this machine and deploys the sample; safe to repeat.
    Up(platform::up::Options),
    /// Stops the platform and removes what it made.
    Down {
        /// Which run.
        #[arg(long, default_value = platform::DEFAULT)]
        name: String,
    },
    /// Shows the platform's parts and addresses.
    Status {
        /// Which run.
        #[arg(long, default_value = platform::DEFAULT)]
        name: String,
        /// How to show it.
        #[arg(short, long, default_value = "table")]
        output: Output,
    },
    /// Stops, starts or restarts single parts of the running platform.
    Part {
        /// What to do.
        action: platform::PartAction,
        /// The parts' names, as `status` shows them.
        #[arg(required = true)]
        parts: Vec<String>,
        /// Which run.
        #[arg(long, default_value = platform::DEFAULT)]
        name: String,
    },
    /// Tests everything: crates, adapters against real services, walkthroughs on a full cluster.
    Test(test::Options),
    /// Everything a change must pass: format, lints, tests, documents, layers, licences.
    Ci,
    /// Compares everything with the recorded behaviour of the reference, table by table.
    Conformance,
    /// Measures; prints a table and `bench.<name>_<unit>=<value>` lines.
    Bench {
        /// Which benchmark, and its arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        arguments: Vec<String>,
    },
    /// Fuzzes the expression engine and the compiler with mutations of what is recorded.
    Fuzz {
        /// Target, `--seconds N` for each, `--seed N`; every target without one.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Dev clusters without the platform.
    #[command(subcommand)]
    Cluster(ClusterVerb),
    /// Writes what is generated: schemas, documents.
    Generate,
    /// Refuses what the conventions refuse.
    Tidy {
        /// Puts imports in order first.
        #[arg(long)]
        fix: bool,
    },
    /// Passes connections on; a part of a run.
    #[command(hide = true)]
    Forward {
        /// Where to listen.
        #[arg(long)]
        listen: SocketAddr,
        /// Where to pass them.
        #[arg(long)]
        to: SocketAddr,
    },
    /// Keeps the parts of a run alive; started by `up`.
    #[command(hide = true)]
    Supervise {
        /// Which run.
        #[arg(long)]
        name: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Table,
    Json,
}

#[derive(Debug, Subcommand)]
enum ClusterVerb {
    /// Builds the core and the named tools, where something changed.
    Build {
        /// Tools beside the core.
        tools: Vec<cluster::build::Tool>,
    },
    /// Starts a cluster; one that runs is left as it is.
    Up {
        /// Its name.
        #[arg(long, default_value = platform::DEFAULT)]
        name: String,
        /// Only etcd, API server and controllers, on loopback.
        #[arg(long)]
        api_only: bool,
        /// Fake nodes that kwok plays.
        #[arg(long, default_value_t = 0)]
        kwok: u32,
        /// What to install in it.
        #[arg(long)]
        addon: Vec<cluster::addon::Addon>,
    },
    /// Removes a cluster and all that it made.
    Down {
        /// Its name.
        #[arg(long, default_value = platform::DEFAULT)]
        name: String,
        /// Every cluster.
        #[arg(long, conflicts_with = "name")]
        all: bool,
    },
    /// Shows the clusters, their processes and memory.
    Status,
    /// Makes an image of a static binary and loads it into running and later clusters.
    LoadImage {
        /// The image's full name and tag.
        image: String,
        /// The binary.
        file: PathBuf,
        /// Only into this cluster; without it, into every one.
        #[arg(long)]
        name: Option<String>,
    },
    /// Installs something in a cluster.
    Addon {
        /// What.
        addon: cluster::addon::Addon,
        /// Into which cluster.
        #[arg(long, default_value = platform::DEFAULT)]
        name: String,
    },
    /// Runs kubectl as the cluster's administrator.
    Kubectl {
        /// Which cluster.
        #[arg(long, default_value = platform::DEFAULT)]
        name: String,
        /// kubectl's arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Checks a full cluster with real traffic.
    Prove {
        /// Which cluster.
        #[arg(long, default_value = platform::DEFAULT)]
        name: String,
    },
}

pub(crate) fn run() -> Result<()> {
    let verb = Cli::parse().verb;
    let home = Home::discover()?;
    match verb {
        Verb::Up(options) => platform::up::run(&home, &options),
        Verb::Down { name } => platform::down::run(&home, &name),
        Verb::Status { name, output } => {
            platform::status::print(&home, &name, output == Output::Json)
        }
        Verb::Part {
            action,
            parts,
            name,
        } => platform::act(&home, &name, action, &parts),
        Verb::Test(options) => test::run(&home, &options),
        Verb::Ci => ci::run(&home),
        Verb::Conformance => conformance::run(&home),
        Verb::Bench { arguments } => bench::run(&home, &arguments),
        Verb::Fuzz { arguments } => bench::fuzz(&home, &arguments),
        Verb::Cluster(verb) => run_cluster(&home, verb),
        Verb::Generate => generate::run(&home, &Progress::start()),
        Verb::Tidy { fix } => {
            if fix {
                for path in tidy::mend(home.root())? {
                    println!("{path}: imports put in order");
                }
                command::run(home.cargo().args(["fmt", "--all"]))?;
            }
            tidy::run(home.root())
        }
        Verb::Forward { listen, to } => platform::forward::run(listen, to),
        Verb::Supervise { name } => platform::supervise::run(&home, &name),
    }
}

fn run_cluster(home: &Home, verb: ClusterVerb) -> Result<()> {
    match verb {
        ClusterVerb::Build { tools } => build(home, &tools),
        ClusterVerb::Up {
            name,
            api_only,
            kwok,
            addon,
        } => up(home, &name, cluster::Options { api_only, kwok }, &addon),
        ClusterVerb::Down { name, all } => {
            let instances = cluster::list(home)?;
            if !all && !instances.iter().any(|it| it.name == name) {
                println!("cluster {name} is not there");
            }
            for instance in instances.iter().filter(|it| all || it.name == name) {
                cluster::down(home, &instance.name)?;
                println!("cluster {} is gone", instance.name);
            }
            Ok(())
        }
        ClusterVerb::Status => {
            if !home.tool("kube").is_file() {
                println!("no dev cluster was built here yet");
                return Ok(());
            }
            command::run(home.kube().args(["cluster", "status"]))
        }
        ClusterVerb::LoadImage { image, file, name } => {
            build(home, &[])?;
            let image = cluster::image::Image::new(&image, &file);
            cluster::image::load(home, &image, name.as_deref())
        }
        ClusterVerb::Addon { addon, name } => {
            let step = Progress::start().step(format!("addon {addon:?}"));
            cluster::addon::install(home, &running(home, &name)?, addon, &step)?;
            step.done();
            Ok(())
        }
        ClusterVerb::Kubectl { name, arguments } => {
            let kubeconfig = running(home, &name)?.kubeconfig;
            command::run(cluster::kubectl(home, &kubeconfig).args(arguments))
        }
        ClusterVerb::Prove { name } => {
            let kubeconfig = running(home, &name)?.kubeconfig;
            let mut script = Command::new(home.dev_cluster().join("prove.sh"));
            command::run(
                script
                    .arg(home.tool(""))
                    .arg(&name)
                    .env("KUBECONFIG", kubeconfig),
            )
        }
    }
}

fn build(home: &Home, tools: &[cluster::build::Tool]) -> Result<()> {
    let progress = Progress::start();
    let step = progress.step("dev cluster: core");
    cluster::build::core(home, &step)?;
    step.done();
    for tool in tools {
        let step = progress.step(format!("dev cluster: {tool:?}"));
        cluster::build::tool(home, *tool, &step)?;
        step.done();
    }
    Ok(())
}

fn up(
    home: &Home,
    name: &str,
    options: cluster::Options,
    addons: &[cluster::addon::Addon],
) -> Result<()> {
    build(
        home,
        if options.kwok > 0 {
            &[cluster::build::Tool::Kwok]
        } else {
            &[]
        },
    )?;
    let progress = Progress::start();
    let step = progress.step(format!("cluster {name}"));
    let instance = cluster::ensure(home, name, options, &step)?;
    step.done();
    for addon in addons {
        let step = progress.step(format!("addon {addon:?}"));
        cluster::addon::install(home, &instance, *addon, &step)?;
        step.done();
    }
    println!("export KUBECONFIG={}", instance.kubeconfig.display());
    Ok(())
}

fn running(home: &Home, name: &str) -> Result<cluster::Instance> {
    match cluster::find(home, name)? {
        Some(instance) if instance.is_whole() => Ok(instance),
        Some(_) => {
            bail!("cluster {name} is broken; `cargo xtask cluster up --name {name}` mends it")
        }
        None => {
            bail!("cluster {name} is not there; `cargo xtask cluster up --name {name}` makes it")
        }
    }
}
