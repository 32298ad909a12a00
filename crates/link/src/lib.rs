//! What every plane does with the control plane: joins it, learns what it should run, says how that fares.
//!
//! Step 9 of the flow (pull, accept) and the agent's half of step 12 (report). A [`Link`] owns one connection, one
//! identity and one session. It never writes to a cluster and keeps no desired state of its own: the agent gives it the
//! heads of its unit records at the start, takes what was [`Accepted`] from the [`Inbox`], and puts its reports into
//! [`Reports`]. Nothing here blocks the agent: cut off, it goes on with what it has.

pub mod accept;
mod config;
mod feed;
mod fetch;
pub mod identity;
mod inbox;
mod link;
mod metrics;
mod pull;
mod reports;
mod session;
mod state;
pub mod trust;

pub use config::Config;
pub use identity::{FileIdentity, Identity, IdentityStore};
pub use inbox::{Accepted, Inbox};
pub use link::{About, Error, Link};
pub use reports::{Full, Reports};
pub use state::{Phase, State};
