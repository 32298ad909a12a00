//! Step 11: writes what a unit lacks and removes what it no longer has.
//!
//! Works on a copy of what the engine knows, so that many units are worked on at once.

use std::{collections::HashMap, sync::Arc};

use cluster::{Blob, Cluster, Error, Force, ObjectId, Precondition, Record, Records};
use futures::{StreamExt, stream};
use model::{Bundle, BundleObject, Digest, Head, Policy, UnitId, canonical, label};
use serde_json::Value;

use crate::{
    drift,
    inventory::{Entry, Inventory},
    plan,
    report::Outcome,
};

/// Objects of one stage that are written at the same time.
const PARALLEL: usize = 8;

/// What a live object of ours is known by.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    pub(crate) uid: String,
    pub(crate) version: String,
    pub(crate) object: Arc<Value>,
}

impl Live {
    pub(crate) fn of(object: &Value) -> Self {
        let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut kept = object.clone();
        if let Some(metadata) = kept.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.shift_remove("managedFields");
        }
        Self {
            uid: text("/metadata/uid"),
            version: text("/metadata/resourceVersion"),
            object: Arc::new(kept),
        }
    }

    pub(crate) fn unit_label(&self) -> &str {
        let labels = &self.object["metadata"]["labels"];
        labels[label::UNIT].as_str().unwrap_or_default()
    }
}

/// What was found of ours right after it was written: digest of what we want, and of what the server made of it.
pub(crate) type Settled = HashMap<ObjectId, (Digest, Digest)>;

/// A unit to work on.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) head: Head,
    pub(crate) bundle: Option<Arc<Bundle>>,
    pub(crate) blob: Option<Blob>,
    pub(crate) inventory: Inventory,
    /// Version of the record; empty before it was first written.
    pub(crate) version: String,
    /// Whether the record holds this head.
    pub(crate) recorded: bool,
    pub(crate) live: HashMap<ObjectId, Live>,
    pub(crate) settled: Settled,
    /// What the unit waits for; then only the record is written.
    pub(crate) waits: String,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) unit: UnitId,
    pub(crate) head: Head,
    pub(crate) inventory: Inventory,
    pub(crate) version: String,
    pub(crate) recorded: bool,
    pub(crate) outcome: Outcome,
    /// Objects as the server gave them back.
    pub(crate) written: Vec<(ObjectId, Live)>,
    pub(crate) settled: Settled,
    /// Whether nothing of a removed unit is left.
    pub(crate) gone: bool,
}

/// Works on a unit.
pub(crate) async fn work(cluster: Cluster, records: Records, job: Job) -> Done {
    let unit = job.head.unit.clone();
    let mut worker = Worker {
        cluster,
        records,
        done: Done {
            unit,
            head: job.head.clone(),
            inventory: job.inventory,
            version: job.version,
            recorded: job.recorded,
            outcome: Outcome { waits: job.waits, ..Outcome::default() },
            written: Vec::new(),
            settled: job.settled,
            gone: false,
        },
        head: job.head,
        blob: job.blob,
        live: job.live,
    };
    let result = match job.bundle {
        Some(bundle) => worker.apply(&bundle).await,
        None => worker.remove().await,
    };
    if let Err(error) = result {
        worker.done.outcome.problems.insert("unit record".to_owned(), error.to_string());
    }
    worker.done
}

struct Worker {
    cluster: Cluster,
    records: Records,
    head: Head,
    blob: Option<Blob>,
    live: HashMap<ObjectId, Live>,
    done: Done,
}

impl Worker {
    async fn apply(&mut self, bundle: &Bundle) -> cluster::Result<()> {
        if !self.done.recorded {
            self.done.inventory = self.done.inventory.ahead_of(bundle)?;
            self.save().await?;
            self.done.recorded = true;
        }
        if !self.done.outcome.waits.is_empty() {
            return Ok(());
        }
        self.start_once(bundle).await?;
        for stage in plan::stages(&bundle.objects) {
            let results: Vec<_> = {
                let worker = &*self;
                let stage: Vec<BundleObject> = stage.into_iter().cloned().collect();
                stream::iter(stage)
                    .map(|object| async move {
                        let result = worker.write(&object).await;
                        (object, result)
                    })
                    .buffer_unordered(PARALLEL)
                    .collect()
                    .await
            };
            let mut failed = false;
            for (object, result) in results {
                failed |= self.note(&object, result);
            }
            if failed {
                return Ok(());
            }
        }
        self.done.outcome.applied = true;
        self.prune().await
    }

    /// Records the start of what is created once, before it is created.
    async fn start_once(&mut self, bundle: &Bundle) -> cluster::Result<()> {
        let once = bundle.objects.iter().filter(|object| object.policy == Policy::Once);
        let new: Vec<_> = once.filter(|object| !self.done.inventory.started.contains(&object.id)).collect();
        if new.is_empty() {
            return Ok(());
        }
        // What must be there first is written before the start is recorded, so that a failure of it loses nothing.
        let others = bundle.objects.iter().filter(|object| object.policy != Policy::Once);
        let others: Vec<BundleObject> = others.cloned().collect();
        for stage in plan::stages(&others) {
            for object in stage {
                let result = self.write(object).await;
                if self.note(object, result) {
                    return Ok(());
                }
            }
        }
        for object in new {
            self.done.inventory.started.insert(object.id.clone());
            self.save().await?;
            let result = self.cluster.create(&object.object).await;
            let result = match result {
                Err(Error::Exists { .. }) => Ok(None),
                Err(error) if error.is_passing() || matches!(error, Error::UnknownApi(_) | Error::NotFound { .. }) => {
                    // Nothing was created: the start is taken back.
                    self.done.inventory.started.remove(&object.id);
                    self.save().await?;
                    Err(error)
                }
                other => other.map(Some),
            };
            self.note(object, result);
        }
        Ok(())
    }

    /// Writes an object unless it is there as wanted; gives what the server made of it.
    async fn write(&self, object: &BundleObject) -> cluster::Result<Option<Value>> {
        let id = ObjectId::of(&object.object)?;
        match object.policy {
            Policy::Managed => {
                let satisfied = self.live.get(&id).is_some_and(|live| self.satisfies(&id, object, live));
                if satisfied {
                    return Ok(None);
                }
                self.cluster.apply(&object.object, Force::Yes).await.map(Some)
            }
            Policy::Keep => {
                if self.done.settled.contains_key(&id) || self.cluster.find(&id).await?.is_some() {
                    return Ok(None);
                }
                match self.cluster.create(&object.object).await {
                    Ok(created) => Ok(Some(created)),
                    Err(Error::Exists { .. }) => Ok(None),
                    Err(error) => Err(error),
                }
            }
            Policy::Once => {
                let started = self.done.inventory.started.contains(&object.id);
                if !started || self.live.contains_key(&id) || self.cluster.find(&id).await?.is_some() {
                    return Ok(None);
                }
                Err(Error::NotFound { what: format!("Lost: {id} was started once and has vanished; it") })
            }
        }
    }

    fn satisfies(&self, id: &ObjectId, object: &BundleObject, live: &Live) -> bool {
        if live.object.pointer("/metadata/deletionTimestamp").is_some() {
            return false;
        }
        if !drift::differs(&object.object, &live.object) {
            return true;
        }
        let wanted = canonical::digest(&object.object);
        self.done.settled.get(id)
            == Some(&(wanted, drift::owned_digest(&object.object, &live.object)))
    }

    /// Takes note of a write; true when it failed.
    fn note(&mut self, object: &BundleObject, result: cluster::Result<Option<Value>>) -> bool {
        let Ok(id) = ObjectId::of(&object.object) else { return true };
        match result {
            Ok(None) => {
                if object.policy == Policy::Keep {
                    let wanted = canonical::digest(&object.object);
                    self.done.settled.insert(id, (wanted, wanted));
                }
                false
            }
            Ok(Some(value)) => {
                let wanted = canonical::digest(&object.object);
                let owned = drift::owned_digest(&object.object, &value);
                self.done.settled.insert(id.clone(), (wanted, owned));
                let live = Live::of(&value);
                self.live.insert(id.clone(), live.clone());
                self.done.written.push((id, live));
                false
            }
            Err(error) => {
                self.done.outcome.problems.insert(object.id.clone(), error.to_string());
                true
            }
        }
    }

    /// Deletes what the bundle does not name any more; what is gone leaves the inventory.
    async fn prune(&mut self) -> cluster::Result<()> {
        if self.done.inventory.leaving.is_empty() {
            return Ok(());
        }
        let left = self.delete_leaving().await?;
        let shrunk = left.len() < self.done.inventory.leaving.len();
        self.done.inventory.leaving = left;
        if shrunk {
            self.save().await?;
        }
        Ok(())
    }

    async fn remove(&mut self) -> cluster::Result<()> {
        if !self.done.recorded {
            self.done.inventory = self.done.inventory.ahead_of_removal();
            self.blob = None;
            self.save().await?;
            self.done.recorded = true;
        }
        let left = self.delete_leaving().await?;
        self.done.inventory.leaving = left;
        if self.done.inventory.leaving.is_empty() {
            // Should the report of it be lost, the hub sends the tombstone again.
            self.records.remove(&self.head.unit).await?;
            self.done.gone = true;
        }
        Ok(())
    }

    /// Deletes what leaves, if it is still ours; gives what is still there.
    async fn delete_leaving(&mut self) -> cluster::Result<Vec<Entry>> {
        let mut left = Vec::new();
        let owner = self.head.unit.label_value();
        for entry in self.done.inventory.leaving.clone() {
            let found = match self.live.get(&entry.object) {
                Some(live) => Some(live.clone()),
                None => self.cluster.find(&entry.object).await?.map(|object| Live::of(&object)),
            };
            // Another owner's, or another life of the name: not ours to delete.
            let Some(live) = found.filter(|live| live.unit_label() == owner) else { continue };
            if live.object.pointer("/metadata/deletionTimestamp").is_none() {
                let precondition =
                    Precondition { uid: live.uid.clone(), resource_version: String::new() };
                match self.cluster.delete(&entry.object, &precondition).await {
                    Ok(_) | Err(Error::Conflict { .. }) => {}
                    Err(error) => {
                        self.done.outcome.problems.insert(entry.object.to_string(), error.to_string());
                    }
                }
            }
            self.live.remove(&entry.object);
            if self.cluster.find(&entry.object).await?.is_some() {
                left.push(entry);
            }
        }
        Ok(left)
    }

    async fn save(&mut self) -> cluster::Result<()> {
        let record = Record {
            head: self.head.clone(),
            bundle: self.blob.clone(),
            inventory: self.done.inventory.encode(),
            objects: self.done.inventory.entries.len() + self.done.inventory.leaving.len(),
            version: self.done.version.clone(),
        };
        self.done.version = match self.records.put(&record).await {
            // The record is there already: an earlier life of this agent wrote it.
            Err(Error::Exists { .. } | Error::Conflict { .. }) => {
                let (all, _) = self.records.list().await?;
                let current = all.into_iter().find(|other| other.head.unit == record.head.unit);
                let version = current.map(|current| current.version).unwrap_or_default();
                self.records.put(&Record { version, ..record }).await?
            }
            other => other?,
        };
        Ok(())
    }
}
