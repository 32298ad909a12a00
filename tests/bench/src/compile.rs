//! `bench compile`: what compiling costs, on one thread and without a platform.
//!
//! Renders the greeter of the samples from its snapshot to the bundle's text: with all that is parsed at
//! hand, first in a process, unchanged, and for ten thousand components after a change of their type.
//! Then evaluates ten expressions of the samples.

mod expressions;
#[path = "../../../crates/compile/tests/it/snapshots.rs"]
mod snapshots;

use std::{
    hint::black_box,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow};
use compile::{Compiler, Limits, component::Snapshot};

use crate::figures::{Figures, Unit, measure, percentile};

/// How compiling is measured.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Renders once and prints the nanoseconds that it took: what the benchmark asks of processes of its own.
    #[arg(long, hide = true)]
    first: bool,
}

/// The row of the greeter.
const GREETER: &str =
    "golden|component.Pipeline.Render|base/from-image.go-greeter-service.greeter-service";
/// Components that a change of their type renders anew.
const COMPONENTS: usize = 10_000;
/// Processes that render once.
const PROCESSES: usize = 30;

pub(crate) fn run(options: &Options) -> Result<()> {
    if options.first {
        println!("{}", first()?.as_nanos());
        return Ok(());
    }
    let snapshot = greeter()?;
    let mut figures = Figures::default();
    render(&snapshot, &mut figures)?;
    render_first(&mut figures)?;
    look_up(&snapshot, &mut figures)?;
    change_type(&snapshot, &mut figures)?;
    expressions::evaluate(&mut figures)?;
    figures.print();
    Ok(())
}

fn greeter() -> Result<Snapshot> {
    let rows = testkit::compat::rows("golden-components.jsonl", "component.Pipeline.Render");
    let row = rows.into_iter().find(|row| row["id"] == GREETER);
    let mut input = row.context("the row of the greeter")?["input"].take();
    testkit::compat::expand_shared(&mut input);
    snapshots::snapshot(&input).map_err(|error| anyhow!(error))
}

/// One render whose result is of no interest.
fn once(compiler: &Compiler, snapshot: &Snapshot) -> Result<()> {
    let compiled = compiler.component(black_box(snapshot));
    black_box(compiled.map_err(|problems| anyhow!("{problems}"))?);
    Ok(())
}

/// A compiler that parses once and renders every time.
fn without_results() -> Compiler {
    Compiler::with_limits(Limits {
        cache_bytes: 0,
        ..Limits::default()
    })
}

fn render(snapshot: &Snapshot, figures: &mut Figures) -> Result<()> {
    let compiler = without_results();
    let times = measure(1, || once(&compiler, snapshot))?;
    let what = "greeter: snapshot to bundle, all parsed";
    figures.micros(what, "render_greeter", &times, "≤ 50 µs, better 39");
    Ok(())
}

/// Each in a process of its own, so that nothing is there yet.
fn render_first(figures: &mut Figures) -> Result<()> {
    let program = std::env::current_exe()?;
    let turn = || -> Result<Duration> {
        let output = Command::new(&program)
            .args(["compile", "--first"])
            .output()?;
        let text = String::from_utf8(output.stdout)?;
        let nanos = text.trim().parse().context("the time of a first render")?;
        Ok(Duration::from_nanos(nanos))
    };
    let times: Vec<Duration> = (0..PROCESSES).map(|_| turn()).collect::<Result<_>>()?;
    let what = "greeter: first render of a process";
    figures.micros(what, "render_greeter_first", &times, "≤ 2000 µs");
    Ok(())
}

fn first() -> Result<Duration> {
    let snapshot = greeter()?;
    let began = Instant::now();
    once(&Compiler::new(), &snapshot)?;
    Ok(began.elapsed())
}

fn look_up(snapshot: &Snapshot, figures: &mut Figures) -> Result<()> {
    let compiler = Compiler::new();
    let times = measure(1, || once(&compiler, snapshot))?;
    let half = percentile(&times, 50, Unit::Micros);
    figures.row(
        "greeter: unchanged snapshot",
        format!("{:.0} a second ({half:.1} µs)", 1e6 / half),
        "≥ 50000 a second",
    );
    figures.line("render_unchanged_per_s", 1e6 / half);
    Ok(())
}

/// The snapshot of another component, whose type has this revision.
fn another(snapshot: &Snapshot, number: usize, revision: &str) -> Snapshot {
    let mut snapshot = snapshot.clone();
    snapshot.component_name = format!("{}-{number}", snapshot.component_name);
    snapshot.release.change(|release| {
        let resources = &mut release.component_type.spec.resources;
        let metadata = resources
            .first_mut()
            .and_then(|resource| resource.template.get_mut("metadata")?.as_object_mut());
        if let Some(metadata) = metadata {
            let annotations = serde_json::json!({"example.com/revision": revision});
            metadata.insert("annotations".to_owned(), annotations);
        }
    });
    snapshot
}

/// Every component with its own name, on two threads, with the results of before the change in the cache.
fn change_type(snapshot: &Snapshot, figures: &mut Figures) -> Result<()> {
    let compiler = Compiler::new();
    once(&compiler, &another(snapshot, 0, "before"))?;
    let began = Instant::now();
    thread::scope(|scope| {
        let lanes = [0, 1].map(|lane| {
            let compiler = &compiler;
            scope.spawn(move || {
                (lane..COMPONENTS)
                    .step_by(2)
                    .try_for_each(|number| once(compiler, &another(snapshot, number, "after")))
            })
        });
        lanes
            .into_iter()
            .try_for_each(|lane| lane.join().map_err(|_| anyhow!("a thread panicked"))?)
    })?;
    let seconds = began.elapsed().as_secs_f64();
    let what = format!("{COMPONENTS} components after a change of their type, 2 threads");
    figures.row(&what, format!("{seconds:.2} s"), "≤ 5 s");
    figures.line("render_type_change_s", seconds);
    Ok(())
}
