//! Benchmarks: each prints a table and `bench.<name>_<unit>=<value>` lines.
