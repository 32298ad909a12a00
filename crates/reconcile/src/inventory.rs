//! What the agent has written for a unit, and in which state it left it: the memory behind "whose object is this".

use serde::{Deserialize, Serialize};

use cluster::ObjectId;
use model::{Digest, Health, Policy};

/// An object that was written for a unit, or is about to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Its name in the cluster.
    #[serde(flatten)]
    pub object: ObjectId,
    /// Its life; empty while it is not known whether the first write succeeded.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uid: String,
    /// Digest of the manifest that was written last; absent before the first write succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Digest>,
    /// Hash of our fields right after that write.
    #[serde(default)]
    pub owned: u64,
    /// How it is treated, should it no longer be in the bundle.
    #[serde(default)]
    pub policy: Policy,
    /// For an object that is made once: it has vanished, and will not be made again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lost: bool,
    /// For an object that is made once and runs to an end: how it ended. Whoever clears it away then, it is not lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
}

/// How something that runs to an end has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// How it fared in the end.
    pub health: Health,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Its last status, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

impl Entry {
    /// An object that is about to be written for the first time.
    #[must_use]
    pub fn begun(object: ObjectId, policy: Policy) -> Self {
        Self {
            object,
            uid: String::new(),
            written: None,
            owned: 0,
            policy,
            lost: false,
            ending: None,
        }
    }
}

/// The objects of a unit, in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Inventory(Vec<Entry>);

/// A recorded inventory is damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the recorded inventory cannot be read")]
pub struct Damaged;

impl Inventory {
    /// The entry of an object, whatever version of its API it was written with.
    #[must_use]
    pub fn find(&self, object: &ObjectId) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.object.is_same(object))
    }

    /// The same, to change it.
    pub fn find_mut(&mut self, object: &ObjectId) -> Option<&mut Entry> {
        self.0.iter_mut().find(|entry| entry.object.is_same(object))
    }

    /// Puts an entry in the place of that of the same object, or at the end.
    pub fn put(&mut self, entry: Entry) {
        match self.find_mut(&entry.object) {
            Some(known) => *known = entry,
            None => self.0.push(entry),
        }
    }

    /// Forgets an object.
    pub fn remove(&mut self, object: &ObjectId) {
        self.0.retain(|entry| !entry.object.is_same(object));
    }

    /// Every entry.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The form in which it is recorded.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let text = serde_json::to_vec(self).expect("an inventory has string keys");
        zstd::encode_all(&*text, 3).expect("compressing into memory does not fail")
    }

    /// The inventory of a record.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn decode(data: &[u8]) -> Result<Self, Damaged> {
        if data.is_empty() {
            return Ok(Self::default());
        }
        let text = zstd::decode_all(data).map_err(|_| Damaged)?;
        serde_json::from_slice(&text).map_err(|_| Damaged)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cluster::ApiKind;

    use super::*;

    #[test]
    fn an_inventory_survives_its_record() {
        let object = |version: &str| ObjectId {
            kind: Arc::new(ApiKind::new("apps", version, "Deployment")),
            namespace: Some("n".into()),
            name: "a".into(),
        };
        let mut inventory = Inventory::default();
        inventory.put(Entry::begun(object("v1"), Policy::Keep));
        let written = Entry {
            uid: "u".into(),
            written: Some(Digest::of(b"x")),
            ..Entry::begun(object("v2"), Policy::Managed)
        };
        inventory.put(written.clone());
        assert_eq!(inventory.len(), 1);
        let back = Inventory::decode(&inventory.encode()).unwrap();
        assert_eq!(back.find(&object("v1")), Some(&written));
        assert_eq!(Inventory::decode(b"nonsense"), Err(Damaged));
    }
}
