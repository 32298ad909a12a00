//! Trying inputs in this process: a failure ends it, and its exit code says how.

use std::{
    fs::File,
    io::{self, Seek, Write},
    panic,
    path::Path,
    process,
    sync::{
        Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use crate::{Plan, corpus::Corpus, random::Random};

/// Exit code for a promise that does not hold.
pub(crate) const BROKEN: i32 = 3;
/// Exit code for an input that does not end.
pub(crate) const HANGS: i32 = 4;

/// What is tried now, and since when.
static CURRENT: Mutex<Option<(Instant, String)>> = Mutex::new(None);

fn set_current(input: Option<&str>) {
    let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
    *current = input.map(|input| (Instant::now(), input.to_owned()));
}

/// Tries inputs for the plan's span, and counts them. Each is in `file` before it is tried, which is all that is
/// left of a process whose stack overflows.
pub(crate) fn explore(plan: &Plan, file: &Path) -> Result<u64> {
    let corpus = Corpus::load(plan.target)?;
    let mut random = Random::new(plan.seed);
    let mut last = File::create(file).with_context(|| file.display().to_string())?;
    let began = Instant::now();
    let mut executions = 0;
    watched(plan, || {
        while began.elapsed() < plan.span {
            let input = corpus.input(&mut random);
            last.rewind()?;
            last.set_len(0)?;
            last.write_all(input.as_bytes())?;
            attempt_watched(plan, &input);
            executions += 1;
        }
        Ok(executions)
    })
}

/// Tries one input.
pub(crate) fn attempt(plan: &Plan, input: &str) {
    watched(plan, || attempt_watched(plan, input));
}

fn attempt_watched(plan: &Plan, input: &str) {
    if let Err(broken) = outcome(plan, input) {
        eprintln!("{broken}");
        process::exit(BROKEN);
    }
}

/// What a target says of an input, while the watching thread knows it.
fn outcome(plan: &Plan, input: &str) -> Result<(), String> {
    set_current(Some(input));
    let outcome = plan.target.run(input);
    set_current(None);
    outcome
}

/// Works, once in a process, under the eyes of a thread that ends the process when one input outlasts the limit.
fn watched<T>(plan: &Plan, work: impl FnOnce() -> T) -> T {
    let (_done, ended) = mpsc::channel::<()>();
    let (plan, looks) = (*plan, plan.limit / 8 + Duration::from_millis(1));
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        // A panic is an end; to write its trace may take longer than the limit.
        let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, input)) = current.take() {
            eprintln!("a panic on {input:?}");
        }
        drop(current);
        usual(panic);
    }));
    thread::scope(|scope| {
        scope.spawn(move || {
            while ended.recv_timeout(looks) == Err(RecvTimeoutError::Timeout) {
                let current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some((since, input)) = &*current
                    && since.elapsed() > plan.limit
                {
                    let (target, seed) = (plan.target.name(), plan.seed);
                    let limit = plan.limit.as_millis();
                    // Not by a macro, whose output a test would keep and lose.
                    let _ = writeln!(
                        io::stderr(),
                        "{target}, seed {seed}: no end after {limit} ms of\n{input:?}"
                    );
                    process::exit(HANGS);
                }
            }
        });
        let done = work();
        drop(_done);
        done
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::Target;

    #[test]
    fn every_target_keeps_its_promises_on_a_few_hundred_inputs() {
        let all = Target::all().map(|target| Plan {
            target,
            seed: 7,
            span: Duration::ZERO,
            limit: Duration::from_secs(30),
        });
        let all: Vec<Plan> = all.collect();
        watched(&all[0].clone(), || {
            for plan in all {
                let corpus = Corpus::load(plan.target).unwrap();
                let mut random = Random::new(plan.seed);
                for _ in 0..300 {
                    let input = corpus.input(&mut random);
                    let name = plan.target.name();
                    assert_eq!(outcome(&plan, &input), Ok(()), "{name} of {input:?}");
                }
            }
        });
    }
}
