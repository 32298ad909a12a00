//! The only door for people and tools.
