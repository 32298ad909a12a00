//! Figures: gathered, sorted, printed.

use std::time::Duration;

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
        self.lines.push(format!("bench.{name}={value:.1}"));
    }

    /// Adds p50 and p99 of durations, in milliseconds.
    pub(crate) fn percentiles(&mut self, load: &str, name: &str, times: &[Duration], aim: &str) {
        let (half, most) = (percentile(times, 50), percentile(times, 99));
        let measured = format!(
            "p50 {half:.1} ms, p99 {most:.1} ms ({} measured)",
            times.len()
        );
        self.row(load, measured, aim);
        self.line(&format!("{name}_p50_ms"), half);
        self.line(&format!("{name}_p99_ms"), most);
    }

    pub(crate) fn print(&self) {
        println!("{:<52} {:<48} aim", "load", "measured");
        for (load, measured, aim) in &self.rows {
            println!("{load:<52} {measured:<48} {aim}");
        }
        for line in &self.lines {
            println!("{line}");
        }
    }
}

/// The time, in milliseconds, that this share of the times does not exceed.
pub(crate) fn percentile(times: &[Duration], share: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() * share).div_ceil(100).saturating_sub(1);
    sorted.get(at).map_or(0.0, |it| it.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_nearest_rank() {
        let times: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert!((percentile(&times, 50) - 100.0).abs() < 1e-9);
        assert!((percentile(&times, 99) - 198.0).abs() < 1e-9);
        assert!(percentile(&[], 99).abs() < 1e-9);
    }
}
