//! Sending reports until they are acknowledged.

use std::convert::Infallible;
use std::time::Duration;

use bus::{subject, subject::Verb};
use kit::Backoff;
use model::{Code, Coded};
use proto::link::{Reports as Message, ReportsAck};

use super::{BATCH_REPORTS, Batch};
use crate::link::{Live, Shared};
use crate::session::Error;

/// Delays between attempts to send.
const AGAIN: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));

/// Sends what waits and what comes, until the session ends.
pub(crate) async fn send_all(shared: &Shared, session: &Live) -> Result<Infallible, Error> {
    loop {
        send_rest(shared, session).await?;
        shared.reports.waiting().await;
        tokio::time::sleep(*shared.config.report_delay).await;
    }
}

/// Sends what waits now, in as many attempts as it takes.
pub(crate) async fn send_rest(shared: &Shared, session: &Live) -> Result<(), Error> {
    let (mut delays, mut limit) = (AGAIN.delays(), BATCH_REPORTS);
    loop {
        let batch = shared.reports.batch(session.epoch, limit);
        if batch.is_empty() {
            return Ok(());
        }
        match send(shared, session, &batch).await {
            Ok(ReportsAck { fenced: true }) => return Err(Error::Fenced),
            Ok(ReportsAck { fenced: false }) => {
                delays.reset();
                limit = BATCH_REPORTS;
                settle(shared, batch);
            }
            Err(error) if error.code() == Code::Invalid && batch.texts.len() == 1 => {
                // It would be refused again, and hold up all others. The unit's next change is sent.
                tracing::warn!(error = %kit::chain(&error), "the hub refuses a report; it is dropped");
                settle(shared, batch);
            }
            // One of them is at fault: find out which.
            Err(error) if error.code() == Code::Invalid => limit = 1,
            Err(error) => {
                let delay = delays.next_delay();
                tracing::debug!(error = %kit::chain(&error), ?delay, "reports were not acknowledged");
                tokio::time::sleep(delay).await;
            }
        }
    }
}

async fn send(shared: &Shared, session: &Live, batch: &Batch) -> Result<ReportsAck, bus::Error> {
    let message = Message {
        epoch: session.epoch,
        reports: batch.texts.clone(),
    };
    let to = subject::request(&shared.plane, Verb::Report);
    session
        .bus
        .request(
            to,
            &message,
            batch.trace.as_deref(),
            *shared.config.request_timeout,
        )
        .await
}

/// Takes note of an acknowledgement; units that are gone for good are forgotten.
fn settle(shared: &Shared, batch: Batch) {
    for report in shared.reports.acknowledge(batch) {
        if report.phase == model::UnitPhase::Deleted {
            shared.reports.forget(&report.unit);
            shared.known().settle(&report.unit, report.revision);
        }
    }
}
