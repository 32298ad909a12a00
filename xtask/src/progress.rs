//! Shows what is being done: one moving line a step on a terminal, plain lines elsewhere.

use std::{
    io::IsTerminal,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use owo_colors::OwoColorize;

/// Without a terminal a long step says once in this time what it is at.
const PLAIN_PERIOD: Duration = Duration::from_secs(30);

/// The lines of one command.
#[derive(Debug, Clone)]
pub struct Progress {
    began: Instant,
    bars: Option<MultiProgress>,
}

/// A step that is under way. Dropped without [`Step::done`], it is shown as failed.
#[derive(Debug)]
pub struct Step {
    title: String,
    began: Instant,
    progress: Progress,
    bar: Option<ProgressBar>,
    noted: Arc<Mutex<Instant>>,
    ended: bool,
}

impl Progress {
    /// Starts the clock.
    #[must_use]
    pub fn start() -> Self {
        let bars = std::io::stderr().is_terminal().then(MultiProgress::new);
        Self {
            began: Instant::now(),
            bars,
        }
    }

    /// Shows a step as under way.
    #[must_use]
    pub fn step(&self, title: impl Into<String>) -> Step {
        let title = title.into();
        let bar = self.bars.as_ref().map(|bars| {
            let bar = bars.add(ProgressBar::new_spinner());
            let style = ProgressStyle::with_template("{spinner} {elapsed:>4} {prefix} {msg:.dim}");
            bar.set_style(style.expect("the template is a constant"));
            bar.set_prefix(title.clone());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        if bar.is_none() {
            self.line(&format!("{title} …"));
        }
        let now = Instant::now();
        let noted = Arc::new(Mutex::new(now));
        Step {
            title,
            began: now,
            progress: self.clone(),
            bar,
            noted,
            ended: false,
        }
    }

    /// Prints a line that stays.
    pub fn line(&self, text: &str) {
        let line = format!("{:>7.1}s {text}", self.began.elapsed().as_secs_f64());
        match &self.bars {
            Some(bars) => drop(bars.println(line)),
            None => eprintln!("{line}"),
        }
    }
}

impl Step {
    /// Says what the step is at; shown when there is room for it.
    pub fn note(&self, text: &str) {
        let text: String = text.trim().chars().take(100).collect();
        if let Some(bar) = &self.bar {
            bar.set_message(text);
            return;
        }
        let mut noted = self.noted.lock().expect("no holder of this lock panics");
        if noted.elapsed() >= PLAIN_PERIOD {
            *noted = Instant::now();
            self.progress.line(&format!("{} … {text}", self.title));
        }
    }

    /// Ends the step well.
    pub fn done(mut self) {
        self.end(true);
    }

    /// Ends the step well and says something about it.
    pub fn done_with(mut self, text: &str) {
        self.title = format!("{}: {text}", self.title);
        self.end(true);
    }

    fn end(&mut self, well: bool) {
        self.ended = true;
        let mark = match (well, &self.bar) {
            (true, Some(_)) => "✓".green().to_string(),
            (false, Some(_)) => "✗".red().to_string(),
            (true, None) => "✓".to_owned(),
            (false, None) => "✗".to_owned(),
        };
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        let took = self.began.elapsed().as_secs_f64();
        self.progress
            .line(&format!("{mark} {} ({took:.1} s)", self.title));
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if !self.ended {
            self.end(false);
        }
    }
}
