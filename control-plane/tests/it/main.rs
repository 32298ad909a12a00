//! The control plane through its doors: gRPC for people, NATS for planes.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod access;
mod agent;
mod hub;
mod links;
mod previews;
mod replicas;
