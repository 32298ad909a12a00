//! Figures: measured, gathered, sorted, printed.

use std::time::{Duration, Instant};

use anyhow::Result;

/// How long one thing is measured.
const SPAN: Duration = Duration::from_secs(2);
/// And how long it runs before that.
const WARM: Duration = Duration::from_millis(300);

/// How long each of `batch` turns took: what is shorter than the clock's grain is measured in a batch.
pub(crate) fn measure(batch: u32, mut turn: impl FnMut() -> Result<()>) -> Result<Vec<Duration>> {
    let began = Instant::now();
    while began.elapsed() < WARM {
        turn()?;
    }
    let mut times = Vec::new();
    let began = Instant::now();
    while began.elapsed() < SPAN {
        let start = Instant::now();
        for _ in 0..batch {
            turn()?;
        }
        times.push(start.elapsed() / batch);
    }
    Ok(times)
}

/// In what times are told.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unit {
    Millis,
    Micros,
}

impl Unit {
    pub(crate) fn of(self, time: Duration) -> f64 {
        match self {
            Self::Millis => time.as_secs_f64() * 1e3,
            Self::Micros => time.as_secs_f64() * 1e6,
        }
    }

    const fn sign(self) -> &'static str {
        match self {
            Self::Millis => "ms",
            Self::Micros => "µs",
        }
    }
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

    /// Adds p50 and p99 of waits, in milliseconds.
    pub(crate) fn millis(&mut self, load: &str, name: &str, times: &[Duration], aim: &str) {
        let (half, most) = self.percentiles(load, times, Unit::Millis, aim);
        self.line(&format!("{name}_p50_ms"), half);
        self.line(&format!("{name}_p99_ms"), most);
    }

    /// Adds median and p99 of work, in microseconds.
    pub(crate) fn micros(&mut self, load: &str, name: &str, times: &[Duration], aim: &str) {
        let (half, most) = self.percentiles(load, times, Unit::Micros, aim);
        self.line(&format!("{name}_us"), half);
        self.line(&format!("{name}_p99_us"), most);
    }

    fn percentiles(&mut self, load: &str, times: &[Duration], unit: Unit, aim: &str) -> (f64, f64) {
        let (half, most) = (percentile(times, 50, unit), percentile(times, 99, unit));
        let (sign, count) = (unit.sign(), times.len());
        let measured = format!("p50 {half:.1} {sign}, p99 {most:.1} {sign} ({count} measured)");
        self.row(load, measured, aim);
        (half, most)
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

/// The time that this share of the times does not exceed.
pub(crate) fn percentile(times: &[Duration], share: usize, unit: Unit) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() * share).div_ceil(100).saturating_sub(1);
    sorted.get(at).map_or(0.0, |time| unit.of(*time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_nearest_rank() {
        let times: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert!((percentile(&times, 50, Unit::Millis) - 100.0).abs() < 1e-9);
        assert!((percentile(&times, 99, Unit::Micros) - 198_000.0).abs() < 1e-6);
        assert!(percentile(&[], 99, Unit::Millis).abs() < 1e-9);
    }
}
