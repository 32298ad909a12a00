//! Randomness: the system's, or a seeded series.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use uuid::Uuid;

use crate::clock::Clock;

/// Where a process takes randomness from.
///
/// Cheap to clone; clones of a seeded entropy share one series. The system's is fit for keys, a seeded one is not.
#[derive(Debug, Clone, Default)]
pub struct Entropy(Source);

#[derive(Debug, Clone, Default)]
enum Source {
    #[default]
    System,
    Seeded(Arc<Mutex<StdRng>>),
}

impl Entropy {
    /// The randomness of the operating system.
    pub fn system() -> Self {
        Self::default()
    }

    /// A series that is the same for the same seed, for tests and simulations.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(
            seed,
        )))))
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.with(|rng| rng.fill_bytes(&mut bytes));
        bytes
    }

    /// A random number.
    pub fn number(&self) -> u64 {
        self.with(|rng| rng.next_u64())
    }

    /// A random duration below `limit`; zero when `limit` is zero.
    pub fn below(&self, limit: Duration) -> Duration {
        let nanos = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        if nanos == 0 {
            return Duration::ZERO;
        }
        self.with(|rng| Duration::from_nanos(rng.random_range(0..nanos)))
    }

    /// `mean`, moved by up to a fifth in either direction, so that many processes do not act at the same moment.
    pub fn around(&self, mean: Duration) -> Duration {
        let fifth = mean / 5;
        mean - fifth + self.below(fifth * 2)
    }

    /// A random identifier (UUID version 4).
    pub fn uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// An identifier that sorts by time of creation (UUID version 7).
    pub fn uuid_at(&self, clock: &Clock) -> Uuid {
        let millis = u64::try_from(clock.now().as_millisecond()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }

    fn with<T>(&self, draw: impl FnOnce(&mut dyn RngCore) -> T) -> T {
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
            Source::System => draw(&mut rand::rng()),
            Source::Seeded(rng) => draw(&mut *rng.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_series() {
        let (a, b) = (Entropy::seeded(3), Entropy::seeded(3));
        assert_eq!(a.bytes::<16>(), b.bytes::<16>());
        assert_eq!(a.uuid(), b.uuid());
        assert_ne!(Entropy::system().uuid(), Entropy::system().uuid());
    }

    #[test]
    fn around_stays_within_a_fifth() {
        let entropy = Entropy::seeded(1);
        for _ in 0..100 {
            let period = entropy.around(Duration::from_secs(10));
            assert!((Duration::from_secs(8)..Duration::from_secs(12)).contains(&period));
        }
        assert_eq!(entropy.around(Duration::ZERO), Duration::ZERO);
    }
}
