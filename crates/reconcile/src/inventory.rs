//! What a unit has, or may have, in its cluster. Kept in the unit record and written before anything else is.

use std::collections::{BTreeMap, BTreeSet};

use cluster::ObjectId;
use model::{Bundle, Policy};
use serde::{Deserialize, Serialize};

/// One object of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The object.
    #[serde(flatten)]
    pub object: ObjectId,
    /// How it is treated.
    pub policy: Policy,
}

/// The objects of a unit by their id in the bundle.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// The objects.
    #[serde(default)]
    pub entries: BTreeMap<String, Entry>,
    /// Ids of [`Policy::Once`] objects whose start was recorded: they are never created again.
    #[serde(default)]
    pub started: BTreeSet<String>,
    /// Objects that are no longer wanted and still have to go.
    #[serde(default)]
    pub leaving: Vec<Entry>,
}

impl Inventory {
    /// The inventory before a bundle is applied: all of it, and what it does not name any more as leaving.
    ///
    /// # Errors
    /// When an object of the bundle is malformed.
    pub fn ahead_of(&self, bundle: &Bundle) -> cluster::Result<Self> {
        let mut next = Self { started: self.started.clone(), ..Self::default() };
        for object in &bundle.objects {
            let entry = Entry { object: ObjectId::of(&object.object)?, policy: object.policy };
            next.entries.insert(object.id.clone(), entry);
        }
        let old = self.entries.values().chain(&self.leaving);
        for entry in old.filter(|entry| entry.policy != Policy::Keep) {
            let wanted = next.entries.values().any(|new| new.object.is_same(&entry.object));
            let known = next.leaving.iter().any(|other| other.object.is_same(&entry.object));
            if !wanted && !known {
                next.leaving.push(entry.clone());
            }
        }
        next.started.retain(|id| next.entries.contains_key(id));
        Ok(next)
    }

    /// The inventory before a whole unit is removed: nothing is wanted.
    #[must_use]
    pub fn ahead_of_removal(&self) -> Self {
        let all = self.entries.values().chain(&self.leaving);
        let leaving = all.filter(|entry| entry.policy != Policy::Keep).cloned().collect();
        Self { leaving, ..Self::default() }
    }

    /// As bytes for the unit record.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("an inventory has string keys")
    }

    /// From the bytes of a unit record; what cannot be read is an empty inventory, which deletes nothing.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use model::BundleObject;
    use serde_json::json;

    use super::*;

    fn bundle(names: &[&str]) -> Bundle {
        let objects = names.iter().map(|name| BundleObject {
            id: (*name).to_owned(),
            policy: Policy::Managed,
            report_status: false,
            object: json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "n"}}),
        });
        Bundle {
            unit: "releasebinding.default.a".parse().unwrap(),
            requires: Vec::new(),
            features: Vec::new(),
            objects: objects.collect(),
        }
    }

    #[test]
    fn what_a_bundle_does_not_name_any_more_leaves() {
        let first = Inventory::default().ahead_of(&bundle(&["a", "b"])).unwrap();
        let second = first.ahead_of(&bundle(&["b", "c"])).unwrap();
        assert_eq!(second.leaving.iter().map(|entry| &*entry.object.name).collect::<Vec<_>>(), ["a"]);
        // It stays on the list until it is gone, and comes off it when it is wanted again.
        let third = second.ahead_of(&bundle(&["a", "c"])).unwrap();
        assert_eq!(third.leaving.iter().map(|entry| &*entry.object.name).collect::<Vec<_>>(), ["b"]);
        assert_eq!(Inventory::decode(&third.encode()), third);
    }
}
