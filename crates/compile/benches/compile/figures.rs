//! Figures: measured, gathered, printed.

use std::time::{Duration, Instant};

/// How long one thing is measured.
const SPAN: Duration = Duration::from_secs(2);
/// And how long it runs before that.
const WARM: Duration = Duration::from_millis(300);

/// How long each turn took.
pub(crate) fn measure(mut turn: impl FnMut()) -> Vec<Duration> {
    let began = Instant::now();
    while began.elapsed() < WARM {
        turn();
    }
    let mut times = Vec::new();
    let began = Instant::now();
    while began.elapsed() < SPAN {
        let start = Instant::now();
        turn();
        times.push(start.elapsed());
    }
    times
}

/// How long each turn took, each in a batch that is long beside the clock's grain.
pub(crate) fn measure_batches(batch: u32, mut turn: impl FnMut()) -> Vec<Duration> {
    let mut times = measure(|| {
        for _ in 0..batch {
            turn();
        }
    });
    for time in &mut times {
        *time /= batch;
    }
    times
}

pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The time that this share of the times does not exceed.
pub(crate) fn percentile(times: &[Duration], share: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() * share).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or_default()
}

/// A row of the table, and what is compared later.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    rows: Vec<(String, String, String)>,
    lines: Vec<String>,
}

impl Figures {
    /// Adds a row: the load, what was measured, the aim.
    pub(crate) fn row(&mut self, load: &str, measured: String, aim: &str) {
        self.rows.push((load.to_owned(), measured, aim.to_owned()));
    }

    /// Adds a line for programs.
    pub(crate) fn line(&mut self, name: &str, value: f64) {
        self.lines.push(format!("bench.{name}={value:.3}"));
    }

    /// Adds median and p99 of times, in microseconds.
    pub(crate) fn times(&mut self, load: &str, name: &str, times: &[Duration], aim: &str) {
        let (half, most) = (micros(percentile(times, 50)), micros(percentile(times, 99)));
        let count = times.len();
        let measured = format!("p50 {half:.2} µs, p99 {most:.2} µs ({count} measured)");
        self.row(load, measured, aim);
        self.line(&format!("{name}_us"), half);
        self.line(&format!("{name}_p99_us"), most);
    }

    pub(crate) fn print(&self) {
        println!("{:<60} {:<48} aim", "load", "measured");
        for (load, measured, aim) in &self.rows {
            println!("{load:<60} {measured:<48} {aim}");
        }
        for line in &self.lines {
            println!("{line}");
        }
    }
}
