//! What `/metrics` shows of a link.

use std::sync::{Arc, Weak};

use kit::meter;

use crate::link::Shared;
use crate::state::Phase;

/// Publishes figures of the link for as long as it lives.
pub(crate) fn publish(shared: &Arc<Shared>) {
    gauge(
        shared,
        "link.live",
        "1 while the plane is in a session with the control plane",
        |shared| u64::from(shared.state.borrow().phase == Phase::Live),
    );
    gauge(shared, "link.epoch", "Number of the session", |shared| {
        shared.state.borrow().epoch
    });
    gauge(
        shared,
        "link.units",
        "Units that the plane knows",
        |shared| count(shared.known().len()),
    );
    gauge(
        shared,
        "link.units.unclaimed",
        "Units that are kept although the hub does not know them",
        |shared| count(shared.known().unclaimed().len()),
    );
    gauge(
        shared,
        "link.heads.waiting",
        "Accepted heads that wait for the agent",
        |shared| count(shared.feed.len()),
    );
    gauge(
        shared,
        "link.reports.pending",
        "Reports that are not acknowledged yet",
        |shared| count(shared.reports.pending()),
    );
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn gauge(
    shared: &Arc<Shared>,
    name: &'static str,
    description: &'static str,
    read: impl Fn(&Shared) -> u64 + Send + Sync + 'static,
) {
    let shared: Weak<Shared> = Arc::downgrade(shared);
    meter("link")
        .u64_observable_gauge(name)
        .with_description(description)
        .with_callback(move |observer| {
            if let Some(shared) = shared.upgrade() {
                observer.observe(read(&shared), &[]);
            }
        })
        .build();
}
