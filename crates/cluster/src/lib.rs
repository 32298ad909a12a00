//! The Kubernetes API as the agents use it.
