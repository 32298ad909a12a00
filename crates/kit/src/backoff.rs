//! How long to wait before trying again.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::HumanDuration;
use crate::entropy::Entropy;

/// Exponential backoff with full jitter: the n-th delay is random between `min` and `min · 2ⁿ`, at most `max`.
///
/// It is a policy and a configuration section; the state of one series of attempts is [`Delays`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Backoff {
    /// The shortest delay.
    pub min: HumanDuration,
    /// The longest delay.
    pub max: HumanDuration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_secs(30))
    }
}

impl Backoff {
    /// A backoff from `min` to `max`; a `max` below `min` counts as `min`.
    pub const fn new(min: Duration, max: Duration) -> Self {
        Self {
            min: HumanDuration(min),
            max: HumanDuration(max),
        }
    }

    /// Starts a series of attempts.
    pub fn delays(self) -> Delays {
        self.delays_from(Entropy::system())
    }

    /// Starts a series of attempts whose jitter comes from `entropy`.
    pub fn delays_from(self, entropy: Entropy) -> Delays {
        Delays {
            policy: self,
            entropy,
            attempt: 0,
        }
    }
}

/// The delays of one series of attempts.
#[derive(Debug, Clone)]
pub struct Delays {
    policy: Backoff,
    entropy: Entropy,
    attempt: u32,
}

impl Delays {
    /// The next delay, longer on average than the one before.
    pub fn next_delay(&mut self) -> Duration {
        self.attempt = self.attempt.saturating_add(1);
        let min = *self.policy.min;
        let max = (*self.policy.max).max(min);
        let ceiling = min.saturating_mul(1 << self.attempt.min(20)).min(max);
        min + self.entropy.below(ceiling - min)
    }

    /// Starts over, after a success.
    pub fn reset(&mut self) {
        self.attempt = 0;
    }

    /// How many delays were taken since the start or the last reset.
    pub fn attempts(&self) -> u32 {
        self.attempt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_stay_within_the_bounds_and_start_over() {
        let policy = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));
        let mut delays = policy.delays_from(Entropy::seeded(7));
        for attempt in 1..=64 {
            let delay = delays.next_delay();
            assert!(delay >= Duration::from_millis(100), "{delay:?}");
            assert!(delay <= Duration::from_secs(2), "{delay:?}");
            if attempt == 1 {
                assert!(delay <= Duration::from_millis(200), "{delay:?}");
            }
        }
        delays.reset();
        assert!(delays.next_delay() <= Duration::from_millis(200));
    }

    #[test]
    fn a_maximum_below_the_minimum_counts_as_the_minimum() {
        let policy = Backoff::new(Duration::from_secs(3), Duration::from_secs(1));
        assert_eq!(policy.delays().next_delay(), Duration::from_secs(3));
    }
}
