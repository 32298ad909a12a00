//! The behaviour of the store, the same for every backend.

mod backend;
mod commit;
mod durability;
mod heads;
mod links;
mod lists;
mod objects;
mod open;
mod reports;
mod samples;
mod wakes;
mod watch;
