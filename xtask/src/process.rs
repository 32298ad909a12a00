//! Processes that outlive the command that started them: found again by number and start time,
//! ended by group.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

/// How often something that is waited for is looked at.
pub const LOOK: Duration = Duration::from_millis(20);

/// A process, told from a later one with the same number by when it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The process id; also its group, since each of ours leads one.
    pub pid: u32,
    /// Clock ticks from boot to its start.
    pub started: u64,
}

impl Process {
    /// The process that has this id now, unless it is gone or dead.
    #[must_use]
    pub fn find(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name before it may hold anything, spaces and brackets too.
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
        let dead = matches!(fields.first(), Some(&"Z" | &"X"));
        let started = fields.get(19)?.parse().ok()?;
        (!dead).then_some(Self { pid, started })
    }

    /// Whether it still runs.
    #[must_use]
    pub fn is_alive(self) -> bool {
        Self::find(self.pid) == Some(self)
    }

    /// Asks the process and its group to end, and forces them after `limit`.
    ///
    /// # Errors
    /// It is still there after the force.
    pub fn end(self, limit: Duration) -> Result<()> {
        for (signal, limit) in [("TERM", limit), ("KILL", Duration::from_secs(5))] {
            if !self.is_alive() {
                return Ok(());
            }
            signal_group(self.pid, signal);
            if wait(limit, || !self.is_alive()) {
                return Ok(());
            }
        }
        bail!("process {} does not end", self.pid)
    }
}

/// Sends the signal to the process group; one that is gone is no fault.
pub fn signal_group(pid: u32, signal: &str) {
    // The shell's own kill: there is none in the standard library, and no package is needed.
    let script = format!("kill -{signal} -- -{pid} 2>/dev/null || kill -{signal} {pid}");
    let _gone = Command::new("sh").args(["-c", &script]).output();
}

/// Looks until the condition holds; false after `limit`.
pub fn wait(limit: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        if holds() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(LOOK);
    }
}

/// Writes a file so that a reader sees the old text or the new.
///
/// # Errors
/// The folder cannot be written.
pub fn replace(file: &Path, text: &str) -> Result<()> {
    let fresh = file.with_extension("new");
    fs::write(&fresh, text)?;
    fs::rename(&fresh, file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;

    use super::*;

    #[test]
    fn a_process_is_found_and_ended_with_its_group() {
        let mut child = Command::new("sh")
            .args(["-c", "sleep 60 & wait"])
            .process_group(0)
            .spawn()
            .unwrap();
        let process = Process::find(child.id()).unwrap();
        assert!(process.is_alive());
        assert!(
            !Process {
                started: process.started + 1,
                ..process
            }
            .is_alive()
        );
        process.end(Duration::from_secs(5)).unwrap();
        assert!(!process.is_alive());
        child.wait().unwrap();
    }
}
