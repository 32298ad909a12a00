//! The Kubernetes API as the agents use it.
//!
//! Everything is dynamic: an object is JSON, its kind is found by discovery. Only this crate names the Kubernetes
//! client. It decides nothing: what to write and when is `reconcile`'s. Every call has a deadline, is counted, and is
//! refused when a standby replica would make it.

mod call;
mod client;
pub mod collect;
mod discovery;
mod error;
mod fence;
mod informer;
mod lease;
mod logs;
mod object;
mod record;
mod requests;
mod secret;

pub use call::{Deleted, Force, Precondition};
pub use client::{Access, Cluster, Settings, Version};
pub use discovery::Api;
pub use error::{Error, FieldConflict, Result};
pub use fence::Fence;
pub use informer::{Event, Informers, Selection};
pub use lease::{Election, Term};
pub use logs::{Follow, Line, Lines};
pub use object::{ApiKind, ObjectId};
pub use record::{Blob, Record, Records};
pub use requests::{Count, Requests};
pub use secret::Secrets;
