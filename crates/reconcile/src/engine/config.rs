//! How an engine behaves.

use std::time::Duration;

use jiff::Timestamp;

use model::PlaneName;

/// How an engine behaves.
#[derive(Debug, Clone)]
pub struct Config {
    /// The plane whose units it works on; heads and records of others are none of its business.
    pub plane: PlaneName,
    /// How long what the cluster says is gathered before a unit is looked at.
    pub coalesce: Duration,
    /// How long after the last write a unit's record is brought up to date.
    pub save_delay: Duration,
    /// How many units are worked on at the same time.
    pub parallel: usize,
    /// How many objects that no bundle names any more are deleted in `pace.budget`. Deletions of whole units are not
    /// counted.
    pub prunes: usize,
    /// How long is waited before something is done again.
    pub pace: Pace,
    /// How long the record of a deleted unit is kept, so that no old head brings it back.
    pub keep_tombstones: Duration,
    /// How long after the start a unit waits to hear what there is before it is looked at all the same.
    pub listing_grace: Duration,
    /// How often every unit is looked at although nothing has happened. What is as it should be costs no request.
    pub resync: Duration,
    /// The wall clock.
    pub now: fn() -> Timestamp,
}

impl Config {
    /// The defaults, for a plane.
    #[must_use]
    pub fn new(plane: PlaneName) -> Self {
        Self {
            plane,
            coalesce: Duration::from_millis(50),
            save_delay: Duration::from_secs(2),
            parallel: 16,
            prunes: 200,
            pace: Pace::default(),
            keep_tombstones: Duration::from_secs(3600),
            listing_grace: Duration::from_secs(15),
            resync: Duration::from_secs(600),
            now: Timestamp::now,
        }
    }
}

/// How long is waited before something is done again.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// For how long the budget of deletions is.
    pub budget: Duration,
    /// First delay after an attempt that may succeed by itself; it doubles.
    pub passing: Duration,
    /// First delay after the cluster has refused an object; it doubles.
    pub refused: Duration,
    /// Longest delay after an attempt that failed.
    pub longest_retry: Duration,
    /// Within which time [`Self::HEALS`] repairs of one object are a contest.
    pub window: Duration,
    /// First pause in a contest; it doubles.
    pub truce: Duration,
    /// Longest pause in a contest.
    pub longest_truce: Duration,
}

impl Pace {
    /// Repairs of one object after which somebody else obviously wants it otherwise.
    pub const HEALS: u32 = 5;
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            budget: Duration::from_secs(60),
            passing: Duration::from_millis(200),
            refused: Duration::from_secs(1),
            longest_retry: Duration::from_secs(60),
            window: Duration::from_secs(60),
            truce: Duration::from_secs(1),
            longest_truce: Duration::from_secs(300),
        }
    }
}
