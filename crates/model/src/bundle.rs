//! The bundle: what a unit is in its cluster, compiled, immutable and named by its digest.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Digest, UnitId, canonical};

/// How an agent treats an object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Policy {
    /// Kept as rendered: drift is healed, and it goes with its bundle.
    #[default]
    Managed,
    /// Created once and never again: its start is recorded first, and one that vanished is `Lost`.
    Once,
    /// Managed while wanted, left alone when no longer wanted. Without an owner label it is shared by units: made by the
    /// first that names it, and left as it is from then on.
    Keep,
}

impl Policy {
    /// The name in bundles.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Managed => "Managed",
            Self::Once => "Once",
            Self::Keep => "Keep",
        }
    }
}

/// One object of a bundle, as JSON unless it is still in the making.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BundleObject<O = Value> {
    /// Name of the object within the unit, stable across releases: `deployment-greeter` or the id of
    /// its template.
    pub id: String,
    /// How the agent treats it.
    #[serde(default)]
    pub policy: Policy,
    /// Whether reports carry the object's live `.status` (resource outputs, readiness, endpoints).
    #[serde(default)]
    pub report_status: bool,
    /// The parts of that `.status` which are asked for, as JSON pointers below it, sorted; empty: all
    /// of it. They do not go through lists, and reports may carry more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status_paths: Vec<String>,
    /// The whole Kubernetes object, namespace and owner labels included.
    pub object: O,
}

/// What a unit is in its cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bundle<O = Value> {
    /// The unit.
    pub unit: UnitId,
    /// Units that must be applied before this one, such as the cell of a component's project.
    #[serde(default)]
    pub requires: Vec<UnitId>,
    /// Features that the agent must understand; it refuses a bundle that lists another.
    #[serde(default)]
    pub features: Vec<String>,
    /// The objects, in the order in which the compiler sorted them.
    pub objects: Vec<BundleObject<O>>,
}

/// A bundle as it is stored, shipped and hashed. Cloning is cheap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleText {
    text: Arc<str>,
    digest: Digest,
}

impl BundleText {
    fn new(text: String) -> Self {
        Self {
            digest: Digest::of(text.as_bytes()),
            text: text.into(),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The digest of the text, by which heads name the bundle.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The bundle.
    ///
    /// # Panics
    /// Never: the text was written from a bundle.
    #[must_use]
    pub fn parse(&self) -> Bundle {
        serde_json::from_str(&self.text).expect("the text of a bundle can be read")
    }
}

impl<O> Bundle<O> {
    /// The text, of objects that are written as canonical JSON by `write`.
    #[must_use]
    pub fn write_with(&self, write: impl Fn(&O, &mut String)) -> BundleText {
        BundleText::new(self.text(write))
    }

    fn text(&self, write: impl Fn(&O, &mut String)) -> String {
        let mut out = String::with_capacity(16 << 10);
        out.push_str("{\"features\":");
        canonical::write_list(&self.features, &mut out, |feature, out| {
            canonical::write_string(feature, out);
        });
        out.push_str(",\"objects\":");
        canonical::write_list(&self.objects, &mut out, |object, out| {
            object.write(out, &write)
        });
        out.push_str(",\"requires\":");
        canonical::write_list(&self.requires, &mut out, |unit, out| {
            canonical::write_string(unit.as_str(), out);
        });
        out.push_str(",\"unit\":");
        canonical::write_string(self.unit.as_str(), &mut out);
        out.push('}');
        out
    }
}

impl Bundle {
    /// The text that is stored, shipped and hashed.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.text(canonical::write)
    }

    /// The digest of [`Self::to_text`], by which heads name this bundle.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.to_text().as_bytes())
    }
}

impl From<&Bundle> for BundleText {
    fn from(bundle: &Bundle) -> Self {
        Self::new(bundle.to_text())
    }
}

impl<O> BundleObject<O> {
    /// The canonical text, without a copy of the object on the way.
    fn write(&self, out: &mut String, write: impl Fn(&O, &mut String)) {
        out.push_str("{\"id\":");
        canonical::write_string(&self.id, out);
        out.push_str(",\"object\":");
        write(&self.object, out);
        out.push_str(",\"policy\":");
        canonical::write_string(self.policy.as_str(), out);
        out.push_str(if self.report_status {
            ",\"reportStatus\":true"
        } else {
            ",\"reportStatus\":false"
        });
        if !self.status_paths.is_empty() {
            out.push_str(",\"statusPaths\":");
            canonical::write_list(&self.status_paths, out, |path, out| {
                canonical::write_string(path, out);
            });
        }
        out.push('}');
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_text_of_a_bundle_is_its_canonical_json() {
        let object = |id: &str, policy, report_status| BundleObject {
            id: id.to_owned(),
            policy,
            report_status,
            status_paths: vec!["/host".to_owned(); usize::from(report_status)],
            object: json!({"kind": "A", "apiVersion": "v1", "n": [1.0, null, "\"\n"]}),
        };
        let unit: UnitId = "releasebinding.default.a".parse().unwrap();
        for objects in [
            Vec::new(),
            vec![object("a", Policy::Managed, false)],
            vec![
                object("b\t", Policy::Once, true),
                object("c", Policy::Keep, false),
            ],
        ] {
            let bundle = Bundle {
                unit: unit.clone(),
                requires: vec![unit.clone(); objects.len()],
                features: vec!["one".to_owned(); objects.len()],
                objects,
            };
            let value = serde_json::to_value(&bundle).unwrap();
            assert_eq!(bundle.to_text(), canonical::to_string(&value));
        }
    }
}
