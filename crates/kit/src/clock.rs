//! The time: the system's, or a test's.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Where a process reads the time.
///
/// Cheap to clone. Pure code takes a [`Timestamp`] as an argument; everything else holds a `Clock`.
#[derive(Debug, Clone, Default)]
pub struct Clock(Source);

#[derive(Debug, Clone, Default)]
enum Source {
    #[default]
    System,
    Manual(Arc<Mutex<Manual>>),
}

#[derive(Debug)]
struct Manual {
    now: Timestamp,
    started: Instant,
    elapsed: Duration,
}

impl Clock {
    /// The clock of the machine. Its monotonic side follows tokio's clock, so a test with paused time moves it.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands at `now` until [`advance`](Self::advance) moves it. Clones stay in step.
    pub fn manual(now: Timestamp) -> Self {
        let manual = Manual {
            now,
            started: Instant::now(),
            elapsed: Duration::ZERO,
        };
        Self(Source::Manual(Arc::new(Mutex::new(manual))))
    }

    /// The wall-clock time. It may jump; use it for what people read and for what is stored.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Timestamp::now(),
            Source::Manual(manual) => lock(manual).now,
        }
    }

    /// The monotonic time. It never jumps; use it for deadlines and leases.
    pub fn instant(&self) -> Instant {
        match &self.0 {
            Source::System => tokio::time::Instant::now().into_std(),
            Source::Manual(manual) => {
                let manual = lock(manual);
                manual.started + manual.elapsed
            }
        }
    }

    /// Moves a manual clock forward.
    ///
    /// # Panics
    ///
    /// On the system's clock, which no test can move.
    pub fn advance(&self, by: Duration) {
        let Source::Manual(manual) = &self.0 else {
            panic!("the system's clock cannot be moved: make it with Clock::manual");
        };
        let mut manual = lock(manual);
        manual.now = manual.now.saturating_add(by).unwrap_or(Timestamp::MAX);
        manual.elapsed += by;
    }
}

fn lock(manual: &Mutex<Manual>) -> std::sync::MutexGuard<'_, Manual> {
    manual.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        let (wall, monotonic) = (clock.now(), clock.instant());
        assert_eq!(clock.clone().now(), wall);
        clock.clone().advance(Duration::from_secs(90));
        assert_eq!(clock.now().as_second() - wall.as_second(), 90);
        assert_eq!(clock.instant() - monotonic, Duration::from_secs(90));
    }
}
