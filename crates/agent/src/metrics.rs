//! What the agent counts: requests to the cluster by verb and resource, and what the engine has done.

use cluster::Requests;
use kit::metrics::{KeyValue, meter};
use reconcile::engine::Stats;

/// Registers the counters; call it once.
pub(crate) fn register(requests: Requests, stats: Stats) {
    let meter = meter("agent");
    meter
        .u64_observable_counter("cluster.requests")
        .with_description("Requests to the Kubernetes API, retries and watches included")
        .with_callback(move |observer| {
            for count in requests.counts() {
                let labels = [
                    KeyValue::new("verb", count.verb),
                    KeyValue::new("resource", count.resource),
                ];
                observer.observe(count.sent, &labels);
            }
        })
        .build();
    for (index, (name, description, _)) in stats.values().into_iter().enumerate() {
        let stats = stats.clone();
        meter
            .u64_observable_gauge(name)
            .with_description(description)
            .with_callback(move |observer| observer.observe(stats.values()[index].2, &[]))
            .build();
    }
}
