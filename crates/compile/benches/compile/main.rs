//! `cargo xtask bench compile`: what compiling costs, on one thread and without a platform.
//!
//! Renders the greeter of the samples from its snapshot to the bundle's text: with all that is parsed at
//! hand, first in a process, unchanged, and for ten thousand components after a change of their type.
//! Then evaluates ten expressions of the samples. Prints a table for people and `bench.<name>_<unit>=<value>`
//! lines.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed benchmark")]
#![expect(clippy::print_stdout, reason = "what it prints is its result")]

mod expressions;
mod figures;
#[path = "../../tests/it/snapshots.rs"]
mod snapshots;

use std::{
    hint::black_box,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use compile::{Compiler, Limits, component::Snapshot};

use figures::{Figures, measure, micros, percentile};

/// The allocator of the services.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The row of the greeter.
const GREETER: &str =
    "golden|component.Pipeline.Render|base/from-image.go-greeter-service.greeter-service";
/// Components that a change of their type renders anew.
const COMPONENTS: usize = 10_000;
/// Processes that render once.
const PROCESSES: usize = 30;
/// Asks this program to render once and say how long it took.
const FIRST: &str = "--first";

fn main() {
    if std::env::args().any(|argument| argument == FIRST) {
        println!("{}", first().as_nanos());
        return;
    }
    let snapshot = greeter();
    let mut figures = Figures::default();
    render(&snapshot, &mut figures);
    render_first(&mut figures);
    look_up(&snapshot, &mut figures);
    change_type(&snapshot, &mut figures);
    expressions::evaluate(&mut figures);
    figures.print();
}

fn greeter() -> Snapshot {
    let rows = testkit::compat::rows("golden-components.jsonl", "component.Pipeline.Render");
    let row = rows.into_iter().find(|row| row["id"] == GREETER).unwrap();
    let mut input = row["input"].clone();
    testkit::compat::expand_shared(&mut input);
    snapshots::snapshot(&input).unwrap()
}

/// A compiler that parses once and renders every time.
fn without_results() -> Compiler {
    Compiler::with_limits(Limits {
        cache_bytes: 0,
        ..Limits::default()
    })
}

fn render(snapshot: &Snapshot, figures: &mut Figures) {
    let compiler = without_results();
    let times = measure(|| {
        black_box(compiler.component(black_box(snapshot)).unwrap());
    });
    let what = "greeter: snapshot to bundle, all parsed";
    figures.times(what, "render_greeter", &times, "≤ 50 µs, better 39");
}

/// Each in a process of its own, so that nothing is there yet.
fn render_first(figures: &mut Figures) {
    let program = std::env::current_exe().unwrap();
    let once = || {
        let output = Command::new(&program).arg(FIRST).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        Duration::from_nanos(text.trim().parse().unwrap())
    };
    let times: Vec<Duration> = (0..PROCESSES).map(|_| once()).collect();
    let what = "greeter: first render of a process";
    figures.times(what, "render_greeter_first", &times, "≤ 2000 µs");
}

fn first() -> Duration {
    let snapshot = greeter();
    let began = Instant::now();
    black_box(Compiler::new().component(&snapshot).unwrap());
    began.elapsed()
}

fn look_up(snapshot: &Snapshot, figures: &mut Figures) {
    let compiler = Compiler::new();
    let times = measure(|| {
        black_box(compiler.component(black_box(snapshot)).unwrap());
    });
    let half = micros(percentile(&times, 50));
    figures.row(
        "greeter: unchanged snapshot",
        format!("{:.0} a second ({half:.1} µs)", 1e6 / half),
        "≥ 50000 a second",
    );
    figures.line("render_unchanged_per_s", 1e6 / half);
}

/// Every component with its own name, on two threads, with the results of before the change in the cache.
fn change_type(snapshot: &Snapshot, figures: &mut Figures) {
    let compiler = Compiler::new();
    let changed = |number: usize, image: &str| {
        let mut snapshot = snapshot.clone();
        snapshot.component_name = format!("{}-{number}", snapshot.component_name);
        let resources = &mut snapshot.release.component_type.spec.resources;
        let annotation = serde_json::json!({"annotations": {"example.com/revision": image}});
        let metadata = resources[0].template.get_mut("metadata").unwrap();
        let metadata = metadata.as_object_mut().unwrap();
        metadata.extend(annotation.as_object().unwrap().clone());
        snapshot
    };
    black_box(compiler.component(&changed(0, "before")).unwrap());
    let began = Instant::now();
    thread::scope(|scope| {
        for lane in 0..2 {
            let (compiler, changed) = (compiler.clone(), &changed);
            scope.spawn(move || {
                for number in (lane..COMPONENTS).step_by(2) {
                    black_box(compiler.component(&changed(number, "after")).unwrap());
                }
            });
        }
    });
    let seconds = began.elapsed().as_secs_f64();
    let what = format!("{COMPONENTS} components after a change of their type, 2 threads");
    figures.row(&what, format!("{seconds:.2} s"), "≤ 5 s");
    figures.line("render_type_change_s", seconds);
}
