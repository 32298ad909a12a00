//! One target, explored in another process; what ends that process is a finding, made smaller.

use std::{
    fmt, fs,
    process::{Command, Output},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tempfile::NamedTempFile;

use crate::{
    Plan, explore,
    reduce::{Verdict, reduce},
    targets::Target,
};

/// How long a finding may be made smaller; one that hangs takes the limit at every step.
const REDUCING: Duration = Duration::from_secs(60);
/// Of what a process said, at most this much is shown, in characters.
const SAID: usize = 3000;

/// An input on which a target fails.
#[derive(Debug)]
pub(crate) struct Finding {
    target: Target,
    seed: u64,
    kind: Kind,
    /// What the process said of the input that is shown.
    said: String,
    /// Length of the input that was found, in bytes.
    length: usize,
    input: String,
}

/// How a process ended that tried an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Broken,
    Hangs,
    Panics,
    /// Killed, as by a stack that overflows.
    Dies,
}

impl Kind {
    /// `None` for a process that ended well.
    fn of(output: &Output) -> Option<Self> {
        Some(match output.status.code() {
            Some(0) => return None,
            Some(explore::BROKEN) => Self::Broken,
            Some(explore::HANGS) => Self::Hangs,
            Some(_) => Self::Panics,
            None => Self::Dies,
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.kind {
            Kind::Broken => "a promise is broken",
            Kind::Hangs => "it does not end",
            Kind::Panics => "it panics",
            Kind::Dies => "the process dies",
        };
        let (target, seed, input) = (self.target.name(), self.seed, &self.input);
        writeln!(f, "FINDING    {target}, seed {seed}: {how}")?;
        writeln!(f, "{}", self.said.trim())?;
        writeln!(f, "{} of {} bytes are needed:", input.len(), self.length)?;
        write!(f, "{input:?}")
    }
}

/// Explores a target for the plan's span: the number of inputs, or the first finding.
///
/// # Errors
/// The target could not be tried.
pub(crate) fn hunt(plan: &Plan) -> Result<Result<u64, Finding>> {
    let file = NamedTempFile::new()?;
    let output = child(plan, "--explore", &file)?;
    let Some(kind) = Kind::of(&output) else {
        let counted = String::from_utf8_lossy(&output.stdout);
        let counted = counted.trim().parse();
        return counted.map(Ok).context("the number of executions");
    };
    let found = fs::read_to_string(file.path()).unwrap_or_default();
    let (mut said, deadline) = (shown(&output), Instant::now() + REDUCING);
    let input = reduce(&found, &mut |candidate| {
        if Instant::now() > deadline {
            return Ok(Verdict::Enough);
        }
        fs::write(file.path(), candidate)?;
        let output = child(plan, "--attempt", &file)?;
        if Kind::of(&output) != Some(kind) {
            return Ok(Verdict::Passes);
        }
        said = shown(&output);
        Ok(Verdict::Fails)
    })?;
    let (target, seed, length) = (plan.target, plan.seed, found.len());
    Ok(Err(Finding {
        target,
        seed,
        kind,
        said,
        length,
        input,
    }))
}

fn child(plan: &Plan, what: &str, file: &NamedTempFile) -> Result<Output> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(plan.target.name()).arg(what).arg(file.path());
    for (name, value) in [
        ("--seed", u128::from(plan.seed)),
        ("--seconds", u128::from(plan.span.as_secs())),
        ("--limit", plan.limit.as_millis()),
    ] {
        command.args([name, &value.to_string()]);
    }
    command.output().context("this program, started again")
}

/// The end of what a process said.
fn shown(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let skipped = said.chars().count().saturating_sub(SAID);
    said.chars().skip(skipped).collect()
}
