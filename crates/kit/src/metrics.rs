//! Metrics: what `/metrics` shows and what is exported over OTLP.

pub use opentelemetry::KeyValue;
pub use opentelemetry::metrics::{
    Counter, Gauge, Histogram, Meter, ObservableCounter, ObservableGauge, ObservableUpDownCounter,
    UpDownCounter,
};

/// The meter of one part of the program, such as `control-plane.commit`.
///
/// Call it inside `start` or later: a meter made before the process has set up its telemetry records nothing.
/// Instrument names are dotted (`commit.duration`), units are UCUM (`s`, `By`).
pub fn meter(name: &'static str) -> Meter {
    opentelemetry::global::meter(name)
}
