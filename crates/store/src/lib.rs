//! The platform database: the truth from which every other plane is fed.
//!
//! Step 3 (store), 4 (wakes), 7 (commit) and 14 (watch) of the flow. It knows objects by key, facts
//! and indexes and never by the fields of their kind. It takes time from its callers and decides
//! nothing: what to write, whom to serve and when to compact is theirs.
//!
//! All writes go through one thread that gathers what waits into one transaction and answers after
//! its fsync, so that a durable answer costs a share of an fsync. Reads are consistent snapshots
//! that never wait for writes, and see every write that was answered before. The database is a SQLite
//! file of this process, or PostgreSQL that several replicas share; nothing outside of `backend`,
//! `sql` and `follow` knows which.

pub mod audit;
mod backend;
pub mod bundles;
mod cache;
pub mod changes;
pub mod commit;
pub mod error;
mod follow;
pub mod heads;
pub mod indexes;
mod keys;
pub mod links;
pub mod list;
pub mod objects;
mod open;
pub mod reads;
pub mod reports;
pub mod restore;
mod schema;
pub mod selector;
pub mod sessions;
mod sql;
pub mod wakes;
mod writer;

pub use bundles::Blob;
pub use changes::{Change, Changes, Event};
pub use commit::{Committed, Decision, StatusChange};
pub use error::Error;
pub use heads::{HeadChange, HeadsPage, HeadsSummary, PlaneChange, UnitHeads};
pub use indexes::Members;
pub use list::{Cursor, Page, Query, Within};
pub use objects::{Cause, Delete, Expect, FinalizerChange, Outcome, Put, StatusWrite, Write};
pub use open::{Config, OpenError, Store};
pub use reads::{Read, ReadTarget, Seen};
pub use reports::UnitReports;
pub use selector::Selector;
pub use wakes::{Wake, WakeToken};
