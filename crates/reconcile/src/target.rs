//! What a unit should be, in the form that the agent keeps: an index of its objects, and the bundle compressed.

use std::sync::Arc;

use serde_json::Value;

use cluster::{Blob, ObjectId};
use model::{Bundle, Digest, Head, Policy, UnitId, canonical, label};

use crate::stage::Stage;

/// Features of bundles that this agent understands.
pub const FEATURES: &[&str] = &[];

/// A bundle cannot be taken as it is; only another bundle helps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bundle needs an agent that understands more.
    #[error("the bundle needs the feature {0:?}, which this agent does not know; update the agent")]
    Feature(String),
    /// An object has no name, kind or version.
    #[error("the object {id:?} of the bundle is not an object of Kubernetes: {reason}")]
    Object {
        /// Its id in the bundle.
        id: String,
        /// What is missing.
        reason: String,
    },
    /// An object does not carry the owner label and annotation of its unit.
    #[error("the object {id:?} of the bundle does not carry the owner label of its unit")]
    Owner {
        /// Its id in the bundle.
        id: String,
    },
    /// Two entries of the bundle are one object.
    #[error("the bundle holds {0} twice")]
    Twice(ObjectId),
    /// The text is not that of the digest, or no bundle.
    #[error("the recorded bundle {0} is damaged")]
    Damaged(Digest),
}

/// An object of a bundle, without its manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its id in the bundle.
    pub id: String,
    /// Its name in the cluster.
    pub object: ObjectId,
    /// How it is treated.
    pub policy: Policy,
    /// Whether its live status is reported.
    pub report_status: bool,
    /// Whether other units name it too, so that it carries no owner label.
    pub shared: bool,
    /// Digest of its manifest.
    pub digest: Digest,
    /// When it is written.
    pub stage: Stage,
}

/// What an accepted head makes an agent work on.
#[derive(Debug, Clone)]
pub struct Work {
    /// The head.
    pub head: Head,
    /// The bundle, compressed; none for a tombstone.
    pub blob: Option<Blob>,
    /// Its objects, in its order.
    pub items: Arc<[Item]>,
    /// Units that come first.
    pub requires: Arc<[UnitId]>,
}

impl Work {
    /// The work of a head and its bundle.
    ///
    /// # Errors
    /// When the bundle cannot be taken.
    pub fn new(head: Head, bundle: Option<&Bundle>) -> Result<Self, Error> {
        let Some(bundle) = bundle else {
            return Ok(Self {
                head,
                blob: None,
                items: [].into(),
                requires: [].into(),
            });
        };
        let text = bundle.to_text();
        let digest = Digest::of(text.as_bytes());
        let data = zstd::encode_all(text.as_bytes(), 3).map_err(|_| Error::Damaged(digest))?;
        let blob = Some(Blob {
            digest,
            data: data.into(),
        });
        Ok(Self {
            head,
            blob,
            items: index(bundle)?,
            requires: bundle.requires.clone().into(),
        })
    }

    /// The work of a record.
    ///
    /// # Errors
    /// When its bundle cannot be read.
    pub fn recorded(head: Head, blob: Option<Blob>) -> Result<Self, Error> {
        let bundle = blob.as_ref().map(unpack).transpose()?;
        let (items, requires) = match &bundle {
            Some(bundle) => (index(bundle)?, bundle.requires.clone().into()),
            None => ([].into(), [].into()),
        };
        Ok(Self {
            head,
            blob,
            items,
            requires,
        })
    }

    /// The bundle itself, taken out of its compressed form.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn bundle(&self) -> Result<Option<Bundle>, Error> {
        self.blob.as_ref().map(unpack).transpose()
    }
}

fn unpack(blob: &Blob) -> Result<Bundle, Error> {
    let damaged = || Error::Damaged(blob.digest);
    let text = zstd::decode_all(&*blob.data).map_err(|_| damaged())?;
    if Digest::of(&text) != blob.digest {
        return Err(damaged());
    }
    serde_json::from_slice(&text).map_err(|_| damaged())
}

fn index(bundle: &Bundle) -> Result<Arc<[Item]>, Error> {
    if let Some(feature) = bundle
        .features
        .iter()
        .find(|it| !FEATURES.contains(&it.as_str()))
    {
        return Err(Error::Feature(feature.clone()));
    }
    let mut items: Vec<Item> = Vec::with_capacity(bundle.objects.len());
    for entry in &bundle.objects {
        let object = ObjectId::of(&entry.object).map_err(|error| Error::Object {
            id: entry.id.clone(),
            reason: error.to_string(),
        })?;
        // What units share belongs to none of them; it is never deleted, so its policy must say so.
        let owner = owner(&entry.object);
        let shared = entry.policy == Policy::Keep && owner.is_none();
        if !shared && owner != Some(bundle.unit.as_str()) {
            return Err(Error::Owner {
                id: entry.id.clone(),
            });
        }
        if items.iter().any(|item| item.object.is_same(&object)) {
            return Err(Error::Twice(object));
        }
        items.push(Item {
            id: entry.id.clone(),
            stage: Stage::of(&object.kind),
            object,
            policy: entry.policy,
            report_status: entry.report_status,
            shared,
            digest: canonical::digest(&entry.object),
        });
    }
    Ok(items.into())
}

/// The unit that an object says it belongs to: its annotation, if the label confirms it.
#[must_use]
pub fn owner(object: &Value) -> Option<&str> {
    let unit = object
        .get("metadata")?
        .get("annotations")?
        .get(label::UNIT_ANNOTATION)?
        .as_str()?;
    let label = object
        .get("metadata")?
        .get("labels")?
        .get(label::UNIT)?
        .as_str()?;
    let parsed: UnitId = unit.parse().ok()?;
    (parsed.label_value() == label).then_some(unit)
}
