//! Stops a run and removes what it made: processes, cluster, data. Builds and logs of builds stay.

use std::fs;

use anyhow::{Context, Result};

use super::{folder::Folder, secrets, supervise};
use crate::{cluster, home::Home, progress::Progress};

/// Ends the parts and leaves the cluster and all data.
///
/// # Errors
/// A process does not end.
pub fn stop_parts(folder: &Folder) -> Result<()> {
    supervise::stop(folder)
}

/// Takes the run away; one that is not there is no fault.
///
/// # Errors
/// Something does not end or cannot be removed.
pub fn run(home: &Home, name: &str) -> Result<()> {
    let folder = Folder::of(home, name);
    let progress = Progress::start();
    if folder.path().exists() {
        let step = progress.step("parts");
        stop_parts(&folder)?;
        step.done();
    }
    if cluster::find(home, name)?.is_some() {
        let step = progress.step(format!("cluster {name}"));
        cluster::down(home, name)?;
        step.done();
    }
    if folder.path().exists() {
        secrets::forget_for_cli(&folder)?;
        fs::remove_dir_all(folder.path()).with_context(|| folder.path().display().to_string())?;
    }
    println!("run {name} is gone");
    Ok(())
}
