//! The pure steps joined by a hostile bus and cluster.
