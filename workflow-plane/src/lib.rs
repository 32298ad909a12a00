//! The agent of a workflow cluster.
