//! Walkthroughs against the five binaries and a real Kubernetes.
