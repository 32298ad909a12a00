//! Unit records: the only durable state of an agent, kept in its cluster, one object per unit.
//!
//! A record is written by compare-and-set, so that of two agents that both believe to lead only one goes on. A bundle
//! that does not fit into one object is kept in chunks, which are named by its digest and written before the record.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use model::{Digest, Head, Target, UnitId};

use crate::{ApiKind, Cluster, Error, Force, ObjectId, Precondition, Result};

/// Bytes of base64 that one object holds: well below etcd's limit of 1.5 MiB.
const CHUNK: usize = 900 * 1024;
/// How often and how long the definition of the kind is waited for.
const ESTABLISHED_PERIOD: Duration = Duration::from_millis(100);
const ESTABLISHED_TRIES: usize = 100;

/// A compressed bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// Digest of the bundle's text.
    pub digest: Digest,
    /// The text, zstd-compressed.
    pub data: Arc<[u8]>,
}

/// What an agent remembers of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The head that was accepted.
    pub head: Head,
    /// The bundle that the head names; none for a tombstone.
    pub bundle: Option<Blob>,
    /// The inventory, as its owner encodes it.
    pub inventory: Vec<u8>,
    /// How many objects are in the inventory, for people.
    pub objects: usize,
    /// Version of the record in the cluster; empty before it is first written.
    pub version: String,
}

/// The unit records of one agent.
#[derive(Debug, Clone)]
pub struct Records {
    cluster: Cluster,
    namespace: String,
    kind: Arc<ApiKind>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Spec {
    revision: String,
    target: String,
    objects: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<Head>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<BundleSpec>,
    #[serde(skip_serializing_if = "String::is_empty")]
    inventory: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    chunk: Option<ChunkSpec>,
}

#[derive(Debug, Serialize, Deserialize)]
struct BundleSpec {
    digest: Digest,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    data: String,
    #[serde(default)]
    chunks: usize,
}

#[derive(Debug, Serialize, Deserialize)]
struct ChunkSpec {
    digest: Digest,
    index: usize,
    data: String,
}

impl Records {
    /// The records in `namespace`.
    #[must_use]
    pub fn new(cluster: Cluster, namespace: impl Into<String>) -> Self {
        Self {
            cluster,
            namespace: namespace.into(),
            kind: Arc::new(ApiKind::new("quintet.dev", "v1alpha1", "Unit")),
        }
    }

    /// Makes sure that the cluster serves the kind and has the namespace.
    ///
    /// # Errors
    /// Those of a call.
    pub async fn install(&self) -> Result<()> {
        let mut definition: Value = serde_json::from_str(include_str!("unit.crd.json"))
            .map_err(|error| Error::answer("the definition of Unit", error))?;
        self.cluster.apply(&definition, Force::Yes).await?;
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}});
        match self.cluster.create(&namespace).await {
            Ok(_) | Err(Error::Exists { .. }) => {}
            Err(error) => return Err(error),
        }
        let id = ObjectId::of(&definition)?;
        for _ in 0..ESTABLISHED_TRIES {
            if is_established(&definition) && self.cluster.discover(&self.kind).await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(ESTABLISHED_PERIOD).await;
            self.cluster.0.discovery.forget(&self.kind.group);
            definition = self.cluster.find(&id).await?.unwrap_or_default();
        }
        Err(Error::Unavailable {
            message: "the kind Unit is not served in time after its definition was applied".into(),
        })
    }

    /// All records.
    ///
    /// # Errors
    /// Those of a call. A record that cannot be read is left out, with its name among the second list.
    pub async fn list(&self) -> Result<(Vec<Record>, Vec<String>)> {
        let objects = self
            .cluster
            .list(&self.kind, Some(&self.namespace), "")
            .await?;
        let (mut records, mut chunks, mut unreadable) = (Vec::new(), BTreeMap::new(), Vec::new());
        for object in objects {
            let name = text(&object, "/metadata/name");
            let version = text(&object, "/metadata/resourceVersion");
            match spec(object) {
                Some(Spec {
                    chunk: Some(chunk), ..
                }) => {
                    chunks.insert((chunk.digest, chunk.index), chunk.data);
                }
                Some(Spec {
                    head: Some(head),
                    bundle,
                    inventory,
                    objects,
                    ..
                }) => {
                    records.push((head, bundle, inventory, objects, version));
                }
                Some(_) | None => unreadable.push(name),
            }
        }
        let mut whole = Vec::new();
        for (head, bundle, inventory, objects, version) in records {
            let bundle = bundle.map(|bundle| join(bundle, &chunks)).transpose();
            match (bundle, STANDARD.decode(inventory)) {
                (Ok(bundle), Ok(inventory)) => {
                    whole.push(Record {
                        head,
                        bundle,
                        inventory,
                        objects,
                        version,
                    });
                }
                _ => unreadable.push(head.unit.to_string()),
            }
        }
        Ok((whole, unreadable))
    }

    /// The record of a unit as it is now, or `None` if there is none.
    ///
    /// # Errors
    /// Those of a call; [`Error::Answer`] when it cannot be read.
    pub async fn find(&self, unit: &UnitId) -> Result<Option<Record>> {
        let Some(object) = self.cluster.find(&self.id(unit.as_str())).await? else {
            return Ok(None);
        };
        let unreadable = || Error::answer(format!("the record of {unit}"), "it is not a record");
        let version = text(&object, "/metadata/resourceVersion");
        let Some(Spec {
            head: Some(head),
            bundle,
            inventory,
            objects,
            ..
        }) = spec(object)
        else {
            return Err(unreadable());
        };
        let mut chunks = BTreeMap::new();
        for index in 0..bundle.as_ref().map_or(0, |bundle| bundle.chunks) {
            let digest = bundle
                .as_ref()
                .map(|bundle| bundle.digest)
                .ok_or_else(unreadable)?;
            let found = self
                .cluster
                .find(&self.id(&chunk_name(&digest, index)))
                .await?;
            if let Some(Spec {
                chunk: Some(chunk), ..
            }) = found.and_then(spec)
            {
                chunks.insert((digest, index), chunk.data);
            }
        }
        let bundle = bundle
            .map(|bundle| join(bundle, &chunks))
            .transpose()
            .map_err(|()| unreadable())?;
        let inventory = STANDARD.decode(inventory).map_err(|_| unreadable())?;
        Ok(Some(Record {
            head,
            bundle,
            inventory,
            objects,
            version,
        }))
    }

    /// Writes a record, if its version is still that of the cluster, and gives its new version.
    ///
    /// # Errors
    /// [`Error::Conflict`] or [`Error::Exists`] when another agent has written it, or those of a call.
    pub async fn put(&self, record: &Record) -> Result<String> {
        let bundle = match &record.bundle {
            Some(blob) => Some(self.split(blob).await?),
            None => None,
        };
        let spec = Spec {
            revision: record.head.revision.to_string(),
            target: match record.head.target {
                Target::Bundle(digest) => digest.to_string(),
                Target::Tombstone(tombstone) => format!("{tombstone:?}"),
            },
            objects: record.objects,
            head: Some(record.head.clone()),
            bundle,
            inventory: STANDARD.encode(&record.inventory),
            chunk: None,
        };
        let mut object = self.object(record.head.unit.as_str(), &spec);
        let written = if record.version.is_empty() {
            self.cluster.create(&object).await?
        } else {
            object["metadata"]["resourceVersion"] = record.version.clone().into();
            self.cluster.replace(&object).await?
        };
        Ok(text(&written, "/metadata/resourceVersion"))
    }

    /// Removes the record of a unit, if its version is still that of the cluster.
    ///
    /// # Errors
    /// Those of a call.
    pub async fn remove(&self, unit: &UnitId) -> Result<()> {
        let id = self.id(unit.as_str());
        let Some(found) = self.cluster.find(&id).await? else {
            return Ok(());
        };
        let precondition = Precondition {
            uid: text(&found, "/metadata/uid"),
            resource_version: text(&found, "/metadata/resourceVersion"),
        };
        self.cluster.delete(&id, &precondition).await.map(|_| ())
    }

    /// Removes the chunks of a bundle that no record names any more.
    ///
    /// # Errors
    /// Those of a call.
    pub async fn remove_chunks(&self, blob: &Blob) -> Result<()> {
        for index in 0..chunk_count(blob) {
            let id = self.id(&chunk_name(&blob.digest, index));
            if let Some(found) = self.cluster.find(&id).await? {
                let uid = text(&found, "/metadata/uid");
                self.cluster
                    .delete(
                        &id,
                        &Precondition {
                            uid,
                            resource_version: String::new(),
                        },
                    )
                    .await?;
            }
        }
        Ok(())
    }

    async fn split(&self, blob: &Blob) -> Result<BundleSpec> {
        let data = STANDARD.encode(&blob.data);
        let chunks = chunk_count(blob);
        if chunks == 0 {
            return Ok(BundleSpec {
                digest: blob.digest,
                data,
                chunks,
            });
        }
        for (index, part) in data.as_bytes().chunks(CHUNK).enumerate() {
            let data = String::from_utf8_lossy(part).into_owned();
            let spec = Spec {
                chunk: Some(ChunkSpec {
                    digest: blob.digest,
                    index,
                    data,
                }),
                ..Spec::default()
            };
            match self
                .cluster
                .create(&self.object(&chunk_name(&blob.digest, index), &spec))
                .await
            {
                Ok(_) | Err(Error::Exists { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(BundleSpec {
            digest: blob.digest,
            data: String::new(),
            chunks,
        })
    }

    fn object(&self, name: &str, spec: &Spec) -> Value {
        json!({
            "apiVersion": self.kind.api_version(),
            "kind": self.kind.kind,
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": spec,
        })
    }

    fn id(&self, name: &str) -> ObjectId {
        ObjectId {
            kind: self.kind.clone(),
            namespace: Some(self.namespace.clone()),
            name: name.to_owned(),
        }
    }
}

fn is_established(definition: &Value) -> bool {
    let conditions = definition
        .pointer("/status/conditions")
        .and_then(Value::as_array);
    conditions.is_some_and(|it| {
        it.iter()
            .any(|it| it["type"] == "Established" && it["status"] == "True")
    })
}

fn spec(mut object: Value) -> Option<Spec> {
    serde_json::from_value(object.get_mut("spec")?.take()).ok()
}

fn text(object: &Value, pointer: &str) -> String {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// How many further objects a bundle needs; none if it fits into its record.
fn chunk_count(blob: &Blob) -> usize {
    let encoded = blob.data.len().div_ceil(3) * 4;
    if encoded <= CHUNK {
        0
    } else {
        encoded.div_ceil(CHUNK)
    }
}

fn chunk_name(digest: &Digest, index: usize) -> String {
    format!("chunk-{}-{index}", &digest.to_string()[..40])
}

/// The bundle of a record, with the data of its chunks. The digest is checked by who decompresses it.
fn join(bundle: BundleSpec, chunks: &BTreeMap<(Digest, usize), String>) -> Result<Blob, ()> {
    let mut data = bundle.data;
    for index in 0..bundle.chunks {
        data.push_str(chunks.get(&(bundle.digest, index)).ok_or(())?);
    }
    let data = STANDARD.decode(data).map_err(|_| ())?;
    Ok(Blob {
        digest: bundle.digest,
        data: data.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_cut_and_joined() {
        let data: Vec<u8> = (0..2_000_000_u32).map(|it| it.to_le_bytes()[0]).collect();
        let blob = Blob {
            digest: Digest::of(&data),
            data: data.into(),
        };
        assert_eq!(chunk_count(&blob), 3);
        let encoded = STANDARD.encode(&blob.data);
        let parts = encoded.as_bytes().chunks(CHUNK).enumerate();
        let chunks: BTreeMap<_, _> = parts
            .map(|(i, part)| ((blob.digest, i), String::from_utf8(part.to_vec()).unwrap()))
            .collect();
        let spec = || BundleSpec {
            digest: blob.digest,
            data: String::new(),
            chunks: 3,
        };
        assert_eq!(join(spec(), &chunks), Ok(blob.clone()));
        assert_eq!(join(spec(), &BTreeMap::new()), Err(()));
    }

    #[test]
    fn the_definition_is_json() {
        let definition: Value = serde_json::from_str(include_str!("unit.crd.json")).unwrap();
        assert_eq!(definition["metadata"]["name"], "units.quintet.dev");
    }
}
