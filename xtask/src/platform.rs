//! The five planes, NATS and a dev cluster as processes of this machine.
//!
//! `up` writes down which parts are wanted ([`plan`]); a supervisor in the background makes it so
//! and starts again what ends ([`supervise`]); `status` reads what the supervisor notes. Every run
//! has a name, a folder below `$HOME/.cache/quintet/run`, and its own ports, so runs do not meet.

pub mod changes;
pub mod config;
pub mod down;
pub mod folder;
pub mod forward;
pub mod parts;
pub mod plan;
pub mod ports;
pub mod sample;
pub mod secrets;
pub mod status;
pub mod supervise;
pub mod up;

use std::time::Duration;

use anyhow::{Result, bail};
use clap::ValueEnum;

use self::{folder::Folder, plan::Plan};
use crate::{home::Home, process};

/// The run that is meant when no name is given.
pub const DEFAULT: &str = "dev";

/// A part has this long to serve after its start.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// What to do with single parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PartAction {
    /// Ends it; it stays ended.
    Stop,
    /// Starts it.
    Start,
    /// Ends it, and starts it again.
    Restart,
}

/// Does it with these parts, and returns when it is done.
///
/// # Errors
/// A part is unknown, the supervisor does not run, or the part does not follow in time.
pub fn act(home: &Home, name: &str, action: PartAction, parts: &[String]) -> Result<()> {
    let folder = Folder::of(home, name);
    let wanted: &[bool] = match action {
        PartAction::Stop => &[false],
        PartAction::Start => &[true],
        PartAction::Restart => &[false, true],
    };
    if !supervise::is_running(&folder) {
        bail!("run {name} is not up; `cargo xtask up --name {name}` starts it");
    }
    for wanted in wanted {
        let mut plan = Plan::read(&folder)?;
        for part in parts {
            plan.part(part)?.wanted = *wanted;
        }
        plan.write(&folder)?;
        supervise::follow(&folder, parts, *wanted)?;
        for part in plan
            .parts
            .iter()
            .filter(|it| *wanted && parts.contains(&it.name))
        {
            if !process::wait(READY_LIMIT, || part.ready.holds()) {
                bail!(
                    "{} runs and does not serve, see {}",
                    part.name,
                    folder.log(&part.name).display()
                );
            }
        }
    }
    Ok(())
}
