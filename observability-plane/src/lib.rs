//! Takes telemetry and answers queries about it.
