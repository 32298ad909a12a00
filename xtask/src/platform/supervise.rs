//! Keeps the parts of a run as its plan wants them: starts what is missing, starts again what
//! ended, restarts what changed, ends the rest.
//!
//! It runs in the background, one a run (a lock says so). What it started it notes in
//! `state.json`, so that a supervisor that was killed has a successor that takes over the living.

use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::{
    folder::Folder,
    plan::{Part, Plan},
};
use crate::{
    home::Home,
    process::{self, Process},
};

/// A part has this long to end when asked.
const GRACE: Duration = Duration::from_secs(10);
/// A part that lived this long starts again at once.
const STEADY: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A log larger than this is put aside when its part starts.
const LOG_BYTES: u64 = 64 << 20;

/// What the supervisor last did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The supervisor itself.
    pub supervisor: Option<Process>,
    /// The parts by name.
    pub parts: BTreeMap<String, PartState>,
}

/// A part, as the supervisor knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartState {
    /// Its process, if it runs.
    pub process: Option<Process>,
    /// The plan's fingerprint when it was started.
    pub fingerprint: String,
    /// Starts after the first one.
    pub restarts: u32,
    /// How it last ended.
    pub ended: Option<String>,
    /// Whether its work is done, when it is one that ends.
    pub complete: bool,
}

impl State {
    /// Reads what the supervisor noted; nothing when there was none.
    #[must_use]
    pub fn read(folder: &Folder) -> Self {
        let text = fs::read_to_string(file(folder, "state.json")).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }
}

/// Whether a supervisor holds the run.
#[must_use]
pub fn is_running(folder: &Folder) -> bool {
    let lock = File::open(file(folder, "supervisor.lock"));
    lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
}

/// Starts the supervisor in the background, unless it runs.
///
/// # Errors
/// It does not start; its log says why.
pub fn start(home: &Home, folder: &Folder) -> Result<()> {
    if is_running(folder) {
        return Ok(());
    }
    let log = File::options()
        .create(true)
        .append(true)
        .open(folder.log("supervisor"))?;
    let mut command = Command::new(home.xtask()?);
    command
        .args(["supervise", "--name", folder.name()])
        .process_group(0);
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    let mut child = command
        .current_dir(folder.path())
        .spawn()
        .context("supervisor")?;
    let up = process::wait(Duration::from_secs(5), || {
        is_running(folder) || child.try_wait().is_ok_and(|ended| ended.is_some())
    });
    if !up || !is_running(folder) {
        bail!(
            "the supervisor does not start, see {}",
            folder.log("supervisor").display()
        );
    }
    Ok(())
}

/// Waits until the parts run, or until they do not.
///
/// # Errors
/// They do not follow in time.
pub fn follow(folder: &Folder, parts: &[String], running: bool) -> Result<()> {
    let follows = || {
        let state = State::read(folder);
        parts.iter().all(|name| {
            state
                .parts
                .get(name)
                .and_then(|it| it.process)
                .is_some_and(Process::is_alive)
                == running
        })
    };
    if process::wait(GRACE * 2, follows) {
        return Ok(());
    }
    bail!(
        "{} did not {}",
        parts.join(", "),
        if running { "start" } else { "end" }
    )
}

/// Ends the supervisor and its parts; also what a killed supervisor left.
///
/// # Errors
/// A process does not end.
pub fn stop(folder: &Folder) -> Result<()> {
    if is_running(folder) {
        fs::write(file(folder, "stop"), "")?;
        let limit = GRACE * 6;
        if !process::wait(limit, || !is_running(folder))
            && let Some(supervisor) = State::read(folder).supervisor
        {
            supervisor.end(Duration::ZERO)?;
        }
    }
    for part in State::read(folder).parts.values() {
        if let Some(process) = part.process {
            process.end(GRACE)?;
        }
    }
    Ok(())
}

/// The supervisor's own work: returns when it is told to stop.
///
/// # Errors
/// Another one holds the run, or its folder cannot be used.
pub fn run(home: &Home, name: &str) -> Result<()> {
    let folder = Folder::of(home, name);
    let lock = File::create(file(&folder, "supervisor.lock"))?;
    lock.try_lock()
        .map_err(|_held| anyhow::anyhow!("run {name} has a supervisor already"))?;
    let _done = fs::remove_file(file(&folder, "stop"));
    let mut supervisor = Supervisor::adopt(folder);
    while !file(&supervisor.folder, "stop").exists() {
        supervisor.turn()?;
        std::thread::sleep(process::LOOK);
    }
    supervisor.end_all()
}

struct Supervisor {
    folder: Folder,
    state: State,
    noted: State,
    children: BTreeMap<String, Child>,
    pauses: BTreeMap<String, Pause>,
    text: String,
    plan: Plan,
}

/// When a part may start again.
struct Pause {
    started: Instant,
    length: Duration,
    until: Instant,
}

impl Supervisor {
    fn adopt(folder: Folder) -> Self {
        let mut state = State::read(&folder);
        state.supervisor = Process::find(std::process::id());
        Self {
            folder,
            state,
            noted: State::default(),
            children: BTreeMap::new(),
            pauses: BTreeMap::new(),
            text: String::new(),
            plan: Plan::default(),
        }
    }

    fn turn(&mut self) -> Result<()> {
        let text = fs::read_to_string(file(&self.folder, "plan.json")).unwrap_or_default();
        if text != self.text {
            self.plan = Plan::read(&self.folder)?;
            self.text = text;
        }
        let mut unknown: Vec<String> = self.state.parts.keys().cloned().collect();
        unknown.retain(|name| self.plan.parts.iter().all(|part| part.name != *name));
        for name in &unknown {
            self.end(name)?;
            self.state.parts.remove(name);
        }
        for part in self.plan.parts.clone() {
            self.keep(&part)?;
        }
        self.note()
    }

    /// Makes one part as the plan wants it.
    fn keep(&mut self, part: &Part) -> Result<()> {
        let state = self.state.parts.entry(part.name.clone()).or_default();
        let changed = state.fingerprint != part.fingerprint;
        if let Some(process) = state.process {
            if self.reap(&part.name, process, part.once) {
                return Ok(());
            }
            if !part.wanted || changed {
                self.end(&part.name)?;
                self.pauses.remove(&part.name);
            }
            return Ok(());
        }
        let complete = state.complete && !changed;
        let paused = self
            .pauses
            .get(&part.name)
            .is_some_and(|it| Instant::now() < it.until);
        if part.wanted && !complete && (changed || !paused) {
            self.start(part);
        }
        Ok(())
    }

    /// Notices that a process ended. True if it did.
    fn reap(&mut self, name: &str, process: Process, once: bool) -> bool {
        let status = match self.children.get_mut(name).map(Child::try_wait) {
            Some(Ok(Some(status))) => Some(status),
            // One that was taken over is nobody's child.
            None if !process.is_alive() => None,
            _ => return false,
        };
        self.children.remove(name);
        let well = status.is_some_and(|it| it.success());
        let how = status.map_or_else(|| "gone".to_owned(), |it| it.to_string());
        println!("{name} (pid {}) ended: {how}", process.pid);
        let state = self.state.parts.entry(name.to_owned()).or_default();
        state.process = None;
        state.ended = Some(how);
        state.complete = once && well;
        let now = Instant::now();
        let pause = self.pauses.entry(name.to_owned()).or_insert(Pause {
            started: now,
            length: Duration::ZERO,
            until: now,
        });
        pause.length = if now - pause.started >= STEADY {
            Duration::ZERO
        } else {
            (pause.length * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE)
        };
        pause.until = now + pause.length;
        true
    }

    fn start(&mut self, part: &Part) {
        let now = Instant::now();
        let length = self
            .pauses
            .get(&part.name)
            .map_or(Duration::ZERO, |it| it.length);
        let outcome = spawn(&self.folder, part);
        let state = self.state.parts.entry(part.name.clone()).or_default();
        let pause = match outcome {
            Ok(child) => {
                println!("{} started (pid {})", part.name, child.id());
                state.restarts +=
                    u32::from(state.ended.is_some() && state.fingerprint == part.fingerprint);
                state.process = Process::find(child.id());
                state.complete = false;
                self.children.insert(part.name.clone(), child);
                Pause {
                    started: now,
                    length,
                    until: now,
                }
            }
            Err(error) => {
                state.ended = Some(format!("{error:#}"));
                Pause {
                    started: now,
                    length,
                    until: now + LONGEST_PAUSE,
                }
            }
        };
        state.fingerprint.clone_from(&part.fingerprint);
        self.pauses.insert(part.name.clone(), pause);
    }

    fn end(&mut self, name: &str) -> Result<()> {
        let Some(state) = self.state.parts.get_mut(name) else {
            return Ok(());
        };
        let Some(process) = state.process.take() else {
            return Ok(());
        };
        println!("{name} (pid {}) is ended", process.pid);
        process.end(GRACE)?;
        if let Some(mut child) = self.children.remove(name) {
            child.wait()?;
        }
        state.ended = Some("asked to end".to_owned());
        Ok(())
    }

    fn end_all(&mut self) -> Result<()> {
        for part in self.plan.parts.clone().iter().rev() {
            self.end(&part.name)?;
        }
        self.state.supervisor = None;
        self.note()?;
        fs::remove_file(file(&self.folder, "stop"))?;
        Ok(())
    }

    fn note(&mut self) -> Result<()> {
        if self.state != self.noted {
            let text = serde_json::to_string_pretty(&self.state)?;
            process::replace(&file(&self.folder, "state.json"), &text)?;
            self.noted = self.state.clone();
        }
        Ok(())
    }
}

fn spawn(folder: &Folder, part: &Part) -> Result<Child> {
    let path = folder.log(&part.name);
    if fs::metadata(&path).is_ok_and(|it| it.len() > LOG_BYTES) {
        fs::rename(&path, path.with_extension("log.1"))?;
    }
    let log = File::options().create(true).append(true).open(&path)?;
    let mut command = Command::new(&part.program);
    command
        .args(&part.arguments)
        .envs(&part.environment)
        .current_dir(folder.path());
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0);
    command
        .spawn()
        .with_context(|| part.program.display().to_string())
}

fn file(folder: &Folder, name: &str) -> PathBuf {
    folder.path().join(name)
}
