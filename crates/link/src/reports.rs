//! Step 12: what the agent says of its units, on its way to the control plane.
//!
//! One report per unit waits, the last one put; a report that says nothing new is not sent; what was sent stays until
//! it is acknowledged. Putting never waits and never fails for want of a connection.

mod send;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;

use model::{Digest, PlaneName, StatusReport, UnitId};

use crate::accept::MAX_UNITS;

pub(crate) use send::{send_all, send_rest};

/// Most reports of one request.
pub(crate) const BATCH_REPORTS: usize = 256;
/// Most bytes of one request; a larger report travels alone.
const BATCH_BYTES: usize = 512 * 1024;
/// Largest report; the live status of its objects is left out above it.
const MAX_REPORT: usize = 768 * 1024;
/// What an object says instead of a status that was left out.
const LEFT_OUT: &str = "the live status is left out: the report of the whole unit is too large";

/// More units are reported than one plane may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("reports of {MAX_UNITS} units wait already")]
pub struct Full;

/// Where an agent puts its reports. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Reports {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    plane: PlaneName,
    waiting: Notify,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    sequence: u64,
    /// What waits to be sent, in the order of its sequence.
    pending: HashMap<UnitId, Pending>,
    /// What the hub has acknowledged.
    acked: HashMap<UnitId, Acked>,
}

#[derive(Debug)]
struct Acked {
    content: Digest,
    /// The report, compressed, in case the hub loses it.
    packed: Vec<u8>,
}

#[derive(Debug, Clone)]
struct Pending {
    report: StatusReport,
    content: Digest,
    trace: Option<String>,
}

/// Reports of one request.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) texts: Vec<String>,
    pub(crate) trace: Option<String>,
    sent: Vec<(Digest, StatusReport)>,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

impl Reports {
    pub(crate) fn new(plane: PlaneName) -> Self {
        Self {
            shared: Arc::new(Shared {
                plane,
                waiting: Notify::new(),
                book: Mutex::default(),
            }),
        }
    }

    /// Says how a unit fares. Plane, epoch and sequence are set here; whatever the report holds there is overwritten.
    ///
    /// # Errors
    /// When reports of too many units wait.
    pub fn put(&self, mut report: StatusReport) -> Result<(), Full> {
        report.plane = self.shared.plane.clone();
        let content = content(&report);
        let mut book = self.lock();
        if !book.pending.contains_key(&report.unit) {
            if book
                .acked
                .get(&report.unit)
                .is_some_and(|acked| acked.content == content)
            {
                return Ok(());
            }
            if book.pending.len() >= MAX_UNITS {
                return Err(Full);
            }
        }
        book.sequence += 1;
        report.sequence = book.sequence;
        let trace = kit::trace::current();
        book.pending.insert(
            report.unit.clone(),
            Pending {
                report,
                content,
                trace,
            },
        );
        drop(book);
        self.shared.waiting.notify_one();
        Ok(())
    }

    /// How many reports are not acknowledged yet.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.lock().pending.len()
    }

    /// Ready once a report may wait.
    pub(crate) async fn waiting(&self) {
        self.shared.waiting.notified().await;
    }

    /// The reports that have waited longest, at most `limit`, as a request of session `epoch` carries them.
    pub(crate) fn batch(&self, epoch: u64, limit: usize) -> Batch {
        let entries = {
            let book = self.lock();
            let mut order: Vec<&Pending> = book.pending.values().collect();
            order.sort_unstable_by_key(|entry| entry.report.sequence);
            order
                .into_iter()
                .take(limit.min(BATCH_REPORTS))
                .cloned()
                .collect::<Vec<_>>()
        };
        let (mut batch, mut bytes) = (Batch::default(), 0);
        for Pending {
            mut report,
            content,
            trace,
        } in entries
        {
            report.epoch = epoch;
            let text = text(&report);
            if bytes + text.len() > BATCH_BYTES && !batch.is_empty() {
                break;
            }
            bytes += text.len();
            batch.texts.push(text);
            batch.trace = batch.trace.or(trace);
            batch.sent.push((content, report));
        }
        batch
    }

    /// Takes note that the hub has the reports of `batch`, and gives them back.
    pub(crate) fn acknowledge(&self, batch: Batch) -> Vec<StatusReport> {
        let packed: Vec<Vec<u8>> = batch.texts.iter().map(|text| pack(text)).collect();
        let mut book = self.lock();
        let mut reports = Vec::with_capacity(batch.sent.len());
        for ((content, report), packed) in batch.sent.into_iter().zip(packed) {
            let newest = book
                .pending
                .get(&report.unit)
                .map(|entry| entry.report.sequence);
            if newest == Some(report.sequence) {
                book.pending.remove(&report.unit);
            }
            book.acked
                .insert(report.unit.clone(), Acked { content, packed });
            reports.push(report);
        }
        reports
    }

    /// Forgets what was acknowledged of a unit that is gone.
    pub(crate) fn forget(&self, unit: &UnitId) {
        self.lock().acked.remove(unit);
    }

    /// Lets every acknowledged report wait again, since the hub may have lost it.
    pub(crate) fn resend(&self) {
        let mut book = self.lock();
        for (unit, acked) in std::mem::take(&mut book.acked) {
            if book.pending.contains_key(&unit) {
                continue;
            }
            let Some(mut report) = unpack(&acked.packed) else {
                continue;
            };
            book.sequence += 1;
            report.sequence = book.sequence;
            book.pending.insert(
                unit,
                Pending {
                    report,
                    content: acked.content,
                    trace: None,
                },
            );
        }
        drop(book);
        self.shared.waiting.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.shared
            .book
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Digest of what a report says, whenever and in whatever session it says so.
fn content(report: &StatusReport) -> Digest {
    let mut plain = report.clone();
    (plain.epoch, plain.sequence) = (0, 0);
    for object in &mut plain.objects {
        object.observed_at = Timestamp::UNIX_EPOCH;
    }
    Digest::of(encode(&plain).as_bytes())
}

fn text(report: &StatusReport) -> String {
    let text = encode(report);
    if text.len() <= MAX_REPORT {
        return text;
    }
    let mut short = report.clone();
    for object in short
        .objects
        .iter_mut()
        .filter(|object| object.status.is_some())
    {
        object.status = None;
        if object.message.is_empty() {
            LEFT_OUT.clone_into(&mut object.message);
        }
    }
    encode(&short)
}

fn pack(text: &str) -> Vec<u8> {
    zstd::bulk::compress(text.as_bytes(), 1).expect("compression into memory has no way to fail")
}

fn unpack(packed: &[u8]) -> Option<StatusReport> {
    let text = zstd::stream::decode_all(packed).ok()?;
    serde_json::from_slice(&text).ok()
}

fn encode(report: &StatusReport) -> String {
    serde_json::to_string(report).expect("a report has string keys")
}

#[cfg(test)]
mod tests;
