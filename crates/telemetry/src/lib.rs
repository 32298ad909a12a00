//! The store of logs, metrics and traces.
