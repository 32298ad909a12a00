//! The compiler: snapshots to bundles.
