//! Step 8: tells planes that something is new.
//!
//! A hint carries the signed heads, and the bundles when they are small together. Losing it costs
//! latency only: the plane learns at its next heartbeat that it is behind.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bus::{Bus, subject};
use model::{Head, PlaneName, Target, UnitRevision};
use nkeys::KeyPair;
use prost::Message;
use proto::link::{Bundle, HeadPage, Hint, SignedHeads, SigningKey};
use store::{PlaneChange, Store};
use tokio::sync::mpsc;

/// Most bytes of heads and bundles in a hint.
const INLINE: usize = 64 * 1024;
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
        let mut gathered: BTreeMap<PlaneName, PlaneChange> = BTreeMap::new();
        merge(&mut gathered, first);
        while let Ok(more) = changes.0.try_recv() {
            merge(&mut gathered, more);
        }
        let Some(bus) = bus.borrow().clone() else {
            continue;
        };
        for change in gathered.into_values() {
            let trace = change.heads.iter().find_map(|head| head.trace.clone());
            match hint(&store, &signer, &change).await {
                Ok(hint) => {
                    let payload = hint.encode_to_vec().into();
                    let sent = bus
                        .publish(subject::hint(&change.plane), payload, trace.as_deref())
                        .await;
                    if let Err(error) = sent {
                        tracing::debug!(error = %kit::chain(&error), "a hint was not sent");
                    }
                }
                Err(error) => {
                    tracing::warn!(error = %kit::chain(&error), "a hint could not be made");
                }
            }
        }
    }
}

/// Joins changes of one plane that came one after the other.
fn merge(gathered: &mut BTreeMap<PlaneName, PlaneChange>, change: PlaneChange) {
    match gathered.get_mut(&change.plane) {
        None => {
            gathered.insert(change.plane.clone(), change);
        }
        Some(earlier) => {
            earlier.previous = earlier.previous.min(change.previous);
            earlier.revision = earlier.revision.max(change.revision);
            earlier.heads.retain(|head| {
                !change
                    .heads
                    .iter()
                    .any(|new| new.unit == head.unit && new.revision > head.revision)
            });
            earlier.heads.extend(change.heads);
            earlier.heads.sort_by_key(|head| head.revision);
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
    let signed = signer.page(&change.plane, &change.heads, change.revision, (false, true));
    let mut size = signed.page.len();
    let mut bundles = Vec::new();
    for head in &change.heads {
        let Target::Bundle(digest) = head.target else {
            continue;
        };
        let Some(blob) = store.bundle(&digest).await? else {
            continue;
        };
        size += blob.data.len();
        if size > INLINE {
            return Ok(bare);
        }
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
