//! The fence: nothing is written by a replica that does not lead, or whose lease may have run out.

use tokio::{sync::watch, time::Instant};

use crate::{Error, Result, Term};

/// Asked before every write.
#[derive(Debug, Clone)]
pub struct Fence(Option<watch::Receiver<Term>>);

impl Fence {
    /// No fence: the only replica.
    #[must_use]
    pub const fn open() -> Self {
        Self(None)
    }

    /// Open while `term` says that this replica leads.
    #[must_use]
    pub const fn by(term: watch::Receiver<Term>) -> Self {
        Self(Some(term))
    }

    /// Whether this replica may write now.
    ///
    /// # Errors
    /// [`Error::Fenced`] when it may not.
    pub fn check(&self) -> Result<()> {
        match self.0.as_ref().map(|term| *term.borrow()) {
            None => Ok(()),
            Some(Term::Leads { until }) if Instant::now() < until => Ok(()),
            Some(Term::Leads { .. } | Term::Follows) => Err(Error::Fenced),
        }
    }
}
