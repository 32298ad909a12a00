//! What others may know of a link.

use std::collections::BTreeSet;

use model::{UnitId, UnitRevision};

/// Where a link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// No connection yet, or none any more; the link keeps trying.
    #[default]
    Offline,
    /// The bus refuses this plane: its token or key is not known, or it was revoked.
    Refused,
    /// Connected, and about to begin a session.
    Greeting,
    /// In a session.
    Live,
    /// In a session, and the hub's store is older than what this plane has seen.
    HubBehind,
    /// Another session has taken over. The agent must stop writing.
    Fenced,
}

/// A snapshot of a link.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// Where it stands.
    pub phase: Phase,
    /// Session; 0 before the first.
    pub epoch: u64,
    /// Highest signed revision that is known.
    pub highest: UnitRevision,
    /// How many units are known.
    pub units: usize,
    /// Units that are kept although the hub does not know them.
    pub unclaimed: BTreeSet<UnitId>,
    /// What is wrong, in words for an operator; empty if nothing is.
    pub problem: String,
    /// Raised when the hub may have lost reports: the agent puts the report of every unit again.
    pub resync: u64,
}

impl State {
    /// Whether the link is in a session.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Live)
    }

    /// What keeps the link from being ready, for a readiness check.
    ///
    /// # Errors
    /// When it has never been live, or has been fenced. A plane that is merely cut off is ready: it goes on working.
    pub fn ready(&self) -> Result<(), String> {
        if self.phase == Phase::Fenced {
            return Err("another session of this plane has taken over".to_owned());
        }
        match (self.epoch, self.units, self.problem.as_str()) {
            (0, 0, "") => Err("the control plane was not reached yet".to_owned()),
            (0, 0, problem) => Err(problem.to_owned()),
            (_, _, _) => Ok(()),
        }
    }
}
