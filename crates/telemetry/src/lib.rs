//! The store of logs: SQLite with full text, one file a day, so that forgetting a day is deleting a file.
//!
//! Bounded in time by days and in size by what a line may hold. Nothing here knows who may read.

mod day;
pub mod entry;
pub mod store;

pub use entry::{Entry, Query, Scope};
pub use store::{Error, Page, Store};
