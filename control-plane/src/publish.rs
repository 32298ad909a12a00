//! Step 8: tells planes that something is new.
//!
//! A hint carries the signed heads, and the bundles when they are small together. Losing it costs
//! latency only: the plane learns at its next heartbeat that it is behind.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use nkeys::KeyPair;
use prost::Message;
use tokio::sync::mpsc;

use bus::{Bus, subject};
use model::{Head, PlaneName, Target, UnitRevision};
use proto::link::{Bundle, HeadPage, Hint, SignedHeads, SigningKey};
use store::{PlaneChange, Store};

/// Most bytes of heads and bundles in a hint.
const INLINE: usize = 64 * 1024;
/// Most heads in a hint.
const HEADS: usize = 256;
/// How long changes are gathered, so that a burst is one hint for each plane.
const GATHER: Duration = Duration::from_millis(2);
/// How many changes wait at most; more are left to heartbeats.
const QUEUE: usize = 4096;

/// Signs pages of heads.
#[derive(Debug)]
pub struct Signer {
    hub: String,
    /// The keys, oldest first; the last one signs.
    keys: Vec<KeyPair>,
}

impl Signer {
    /// A signer for a hub.
    ///
    /// # Panics
    /// Without a key.
    #[must_use]
    pub fn new(hub: String, keys: Vec<KeyPair>) -> Self {
        assert!(!keys.is_empty(), "a hub has a signing key");
        Self { hub, keys }
    }

    /// The hub's name.
    #[must_use]
    pub fn hub(&self) -> &str {
        &self.hub
    }

    /// The keys as planes are shown them: each vouched for by the one before.
    #[must_use]
    pub fn shown(&self) -> Vec<SigningKey> {
        let mut shown = Vec::with_capacity(self.keys.len());
        for (index, key) in self.keys.iter().enumerate() {
            let public_key = key.public_key();
            let vouched = match index.checked_sub(1) {
                None => Vec::new(),
                Some(previous) => sign(&self.keys[previous], public_key.as_bytes()),
            };
            shown.push(SigningKey {
                public_key,
                vouched: vouched.into(),
            });
        }
        shown
    }

    /// A signed page.
    #[must_use]
    pub fn page(
        &self,
        plane: &PlaneName,
        heads: &[Head],
        up_to: UnitRevision,
        (whole_list, last): (bool, bool),
    ) -> SignedHeads {
        let page = HeadPage {
            hub: self.hub.clone(),
            plane: plane.to_string(),
            heads: heads.iter().map(Into::into).collect(),
            up_to: Some(up_to.into()),
            whole_list,
            last,
        };
        let page = page.encode_to_vec();
        let key = self.keys.last().expect("checked when it was made");
        let signature = sign(key, &page).into();
        SignedHeads {
            page: page.into(),
            key: key.public_key(),
            signature,
        }
    }
}

fn sign(key: &KeyPair, text: &[u8]) -> Vec<u8> {
    key.sign(text)
        .expect("a signing key is loaded with its seed")
}

/// Where decisions leave what they changed. Cheap to clone; never waits.
#[derive(Debug, Clone)]
pub struct Publisher(mpsc::Sender<PlaneChange>);

/// What the publisher's task takes.
#[derive(Debug)]
pub struct Changes(mpsc::Receiver<PlaneChange>);

/// A publisher and its queue.
#[must_use]
pub fn channel() -> (Publisher, Changes) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    (Publisher(sender), Changes(receiver))
}

impl Publisher {
    /// Says what changed. When the queue is full the hint is dropped.
    pub fn publish(&self, changes: Vec<PlaneChange>) {
        for change in changes {
            if self.0.try_send(change).is_err() {
                tracing::debug!("a hint was dropped: the queue is full");
            }
        }
    }
}

/// Sends hints until the queue ends.
pub(crate) async fn run(
    mut changes: Changes,
    store: Store,
    signer: Arc<Signer>,
    bus: tokio::sync::watch::Receiver<Option<Bus>>,
) {
    while let Some(first) = changes.0.recv().await {
        tokio::time::sleep(GATHER).await;
        let mut gathered = Gathered::default();
        gathered.add(first);
        while let Ok(more) = changes.0.try_recv() {
            gathered.add(more);
        }
        let Some(bus) = bus.borrow().clone() else {
            continue;
        };
        for change in gathered.0.into_values().flatten() {
            send(&store, &signer, &bus, &change).await;
        }
    }
}

async fn send(store: &Store, signer: &Signer, bus: &Bus, change: &PlaneChange) {
    let trace = change.heads.iter().find_map(|head| head.trace.clone());
    let hint = match hint(store, signer, change).await {
        Ok(hint) => hint,
        Err(error) => {
            tracing::warn!(plane.name = %change.plane, error = %kit::chain(&error), "a hint could not be made");
            return;
        }
    };
    let payload = hint.encode_to_vec().into();
    let sent = bus.publish(subject::hint(&change.plane), payload, trace.as_deref());
    if let Err(error) = sent.await {
        tracing::debug!(plane.name = %change.plane, error = %kit::chain(&error), "a hint was not sent");
    }
}

/// Changes of a burst, each plane's in their order.
#[derive(Debug, Default)]
struct Gathered(BTreeMap<PlaneName, Vec<PlaneChange>>);

impl Gathered {
    /// Adds a change; joins it to the one before if nothing lies between them. Another replica's change may: a hint
    /// across it would let a plane believe that it has everything.
    fn add(&mut self, change: PlaneChange) {
        let changes = self.0.entry(change.plane.clone()).or_default();
        match changes.last_mut() {
            Some(earlier) if earlier.revision == change.previous => {
                earlier.revision = change.revision;
                earlier
                    .heads
                    .retain(|head| change.heads.iter().all(|new| new.unit != head.unit));
                earlier.heads.extend(change.heads);
            }
            _ => {
                // Parallel decisions may hand their changes over in another order than they were committed.
                let place = changes.partition_point(|other| other.revision <= change.revision);
                changes.insert(place, change);
            }
        }
    }
}

async fn hint(store: &Store, signer: &Signer, change: &PlaneChange) -> Result<Hint, store::Error> {
    let bare = Hint {
        revision: Some(change.revision.into()),
        previous: Some(change.previous.into()),
        heads: None,
        bundles: Vec::new(),
    };
    if change.heads.len() > HEADS {
        return Ok(bare);
    }
    let signed = signer.page(&change.plane, &change.heads, change.revision, (false, true));
    let mut room = INLINE.saturating_sub(signed.page.len());
    let mut bundles = Vec::new();
    for head in &change.heads {
        let Target::Bundle(digest) = head.target else {
            continue;
        };
        // A bundle that is gone belongs to a head that is no longer the latest.
        let Some(blob) = store.bundle(&digest).await? else {
            continue;
        };
        let Some(left) = room.checked_sub(blob.data.len()) else {
            return Ok(bare);
        };
        room = left;
        bundles.push(Bundle {
            digest: digest.as_bytes().to_vec().into(),
            data: blob.data.into(),
        });
    }
    Ok(Hint {
        heads: Some(signed),
        bundles,
        ..bare
    })
}

#[cfg(test)]
mod tests;
