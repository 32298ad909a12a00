//! Shows a run: the state of every part, and the addresses to open.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::{
    folder::Folder,
    plan::{Part, Plan},
    supervise::{self, PartState, State},
};
use crate::{cluster, home::Home, process::Process};

/// The state of a run, as `status -o json` prints it.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// The run's name.
    pub name: String,
    /// Whether every part serves or has done its work.
    pub ready: bool,
    /// Addresses by what is there: `application`, `portal`, `api`, …
    pub urls: BTreeMap<String, String>,
    /// The parts by name.
    pub parts: BTreeMap<String, PartStatus>,
}

/// One part.
#[derive(Debug, Clone, Serialize)]
pub struct PartStatus {
    /// What it does.
    pub state: Condition,
    /// Its process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Starts after the first one.
    pub restarts: u32,
    /// Resident memory in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// How it last ended, or what is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Its log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<PathBuf>,
}

/// What a part does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// It serves.
    Ready,
    /// It runs and does not serve yet.
    Running,
    /// Its work is done.
    Complete,
    /// It shall run and does not.
    Failed,
    /// It shall not run.
    Stopped,
}

/// What `up` noted for `status`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Noted {
    /// Addresses by what is there.
    pub urls: BTreeMap<String, String>,
    /// The kubeconfig of a cluster that is not ours.
    pub kubeconfig: Option<PathBuf>,
}

impl Noted {
    /// Reads what `up` noted; nothing before it did.
    #[must_use]
    pub fn read(folder: &Folder) -> Self {
        let text = fs::read_to_string(folder.path().join("noted.json")).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Notes it.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write(&self, folder: &Folder) -> Result<()> {
        let file = folder.path().join("noted.json");
        crate::process::replace(&file, &serde_json::to_string_pretty(self)?)
    }
}

/// Looks at every part.
///
/// # Errors
/// The run's files are damaged.
pub fn look(home: &Home, name: &str) -> Result<Status> {
    let folder = Folder::of(home, name);
    let (plan, state, noted) = (
        Plan::read(&folder)?,
        State::read(&folder),
        Noted::read(&folder),
    );
    let mut parts = BTreeMap::new();
    if noted.kubeconfig.is_none()
        && let Some(instance) = cluster::find(home, name)?
    {
        parts.insert("cluster".to_owned(), of_cluster(&instance));
    }
    let supervised = supervise::is_running(&folder);
    for part in &plan.parts {
        let known = state.parts.get(&part.name).cloned().unwrap_or_default();
        let mut status = of_part(part, &known);
        if !supervised && status.state != Condition::Complete && status.detail.is_none() {
            status.detail = Some("nothing starts it again: the supervisor does not run".to_owned());
        }
        status.log = Some(folder.log(&part.name));
        parts.insert(part.name.clone(), status);
    }
    let well = |it: &PartStatus| matches!(it.state, Condition::Ready | Condition::Complete);
    let ready = !parts.is_empty() && parts.values().all(well);
    Ok(Status {
        name: name.to_owned(),
        ready,
        urls: noted.urls,
        parts,
    })
}

/// Prints the run's status.
///
/// # Errors
/// The run's files are damaged.
pub fn print(home: &Home, name: &str, json: bool) -> Result<()> {
    let status = look(home, name)?;
    if json {
        println!(
            "{}",
            serde_json::to_string_pretty(&status).context("status")?
        );
        return Ok(());
    }
    if status.parts.is_empty() {
        println!("run {name} is not up");
        return Ok(());
    }
    println!(
        "{:<22} {:<9} {:>8} {:>9} {:>9}",
        "PART", "STATE", "PID", "RESTARTS", "MEMORY"
    );
    for (name, part) in &status.parts {
        let state = format!("{:?}", part.state).to_lowercase();
        let pid = part.pid.map(|pid| pid.to_string()).unwrap_or_default();
        let memory = part
            .memory
            .map(|it| format!("{} MiB", it >> 20))
            .unwrap_or_default();
        let detail = part.detail.as_deref().unwrap_or_default();
        println!(
            "{name:<22} {state:<9} {pid:>8} {:>9} {memory:>9}  {detail}",
            part.restarts
        );
    }
    for (what, url) in &status.urls {
        println!("{what:<22} {url}");
    }
    Ok(())
}

fn of_cluster(instance: &cluster::Instance) -> PartStatus {
    let gone: Vec<&str> = instance
        .components
        .iter()
        .filter(|(_, pid)| **pid == 0)
        .map(|(it, _)| it.as_str())
        .collect();
    let memory = instance
        .components
        .values()
        .filter_map(|pid| memory(*pid))
        .sum();
    PartStatus {
        state: if instance.is_whole() {
            Condition::Ready
        } else {
            Condition::Failed
        },
        pid: None,
        restarts: 0,
        memory: Some(memory),
        detail: (!gone.is_empty()).then(|| format!("ended: {}", gone.join(", "))),
        log: None,
    }
}

fn of_part(part: &Part, known: &PartState) -> PartStatus {
    let process = known.process.filter(|it| Process::is_alive(*it));
    let state = match (process, part.wanted) {
        (Some(_), _) if part.ready.holds() && !part.once => Condition::Ready,
        (Some(_), _) => Condition::Running,
        (None, _) if known.complete => Condition::Complete,
        (None, false) => Condition::Stopped,
        (None, true) => Condition::Failed,
    };
    let detail = known.ended.clone().filter(|_| state == Condition::Failed);
    PartStatus {
        state,
        pid: process.map(|it| it.pid),
        restarts: known.restarts,
        memory: process.and_then(|it| memory(it.pid)),
        detail,
        log: None,
    }
}

/// Resident memory of a process.
fn memory(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib << 10)
}
