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
    /// How many objects that no bundle names any more are deleted a minute. Deletions of whole units are not counted.
    pub prunes_per_minute: usize,
    /// How long the record of a deleted unit is kept, so that no old head brings it back.
    pub keep_tombstones: Duration,
    /// How long after the start a unit waits to hear what there is before it is looked at all the same.
    pub listing_grace: Duration,
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
            prunes_per_minute: 200,
            keep_tombstones: Duration::from_secs(3600),
            listing_grace: Duration::from_secs(15),
            now: Timestamp::now,
        }
    }
}
