//! The behaviour of the store, the same for every backend.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod backend;
mod commit;
mod durability;
mod edges;
mod heads;
mod links;
mod lists;
mod lost_answers;
mod objects;
mod open;
mod open_server;
mod replicas;
mod reports;
mod samples;
mod wakes;
mod watch;
