//! The smallest service: a configuration, one loop, one server. The tests of `kit` run it.
use std::convert::Infallible;
use std::process::ExitCode;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use kit::config::{HumanDuration, Secret};
use kit::{Outcome, Tasks, Wake};

/// The configuration of the service.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Telemetry, the admin port, shutdown.
    kit: kit::Config,
    /// The work.
    work: Work,
}

/// The configuration of the work.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Work {
    /// How long between two runs without a notification.
    period: HumanDuration,
    /// What to do.
    mode: Mode,
    /// What nobody should see.
    token: Secret,
}

impl Default for Work {
    fn default() -> Self {
        let period = HumanDuration::from_secs(60);
        Self {
            period,
            mode: Mode::Diligent,
            token: Secret::default(),
        }
    }
}

/// How the service behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Mode {
    /// Works until it is told to stop.
    Diligent,
    /// Does not start.
    Lame,
    /// Panics soon after the start.
    Nervous,
    /// Does not stop when told to.
    Stubborn,
}

async fn start(config: Config, tasks: &Tasks) -> Result<(), kit::StartError> {
    if config.work.mode == Mode::Lame {
        return Err("there is nothing to work on".into());
    }
    let count = Wake::new("count", *config.work.period);
    tasks.spawn_loop(&count, async || Ok::<_, Infallible>(Outcome::Idle));
    tasks.spawn_once("work", move |shutdown| async move {
        match config.work.mode {
            Mode::Nervous => panic!("too much work"),
            Mode::Stubborn => std::future::pending().await,
            Mode::Diligent | Mode::Lame => shutdown.soft().await,
        }
    });
    let gate = tasks.gate("work");
    tasks.spawn_once("open", move |shutdown| async move {
        tokio::time::sleep(Duration::from_millis(1)).await;
        gate.open();
        shutdown.soft().await;
    });
    Ok(())
}

fn main() -> ExitCode {
    kit::run("minimal", start)
}
