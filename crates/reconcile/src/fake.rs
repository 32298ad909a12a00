//! A cluster in memory, for tests and simulations: objects with owners of fields, watches, records, and faults.
//!
//! It knows as much of server-side apply as the engine relies on: who has written a field last owns it, and the answer
//! to a write is the object as it is then. It is not an API server.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use cluster::{Blob, Deleted, Error, Event, Force, ObjectId, Precondition, Record, Result};
use model::{UnitId, label};

use crate::{kube::Kube, live::Live, target};

/// A cluster in memory. Clones are the same cluster.
#[derive(Clone, Default)]
pub struct FakeKube(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    objects: BTreeMap<ObjectId, Value>,
    records: BTreeMap<UnitId, Record>,
    created: Vec<ObjectId>,
    version: u64,
    calls: u64,
    /// Writes that still succeed; `None` for all.
    until_outage: Option<u64>,
    events: Option<mpsc::Sender<Event<Live>>>,
}

impl std::fmt::Debug for FakeKube {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FakeKube")
            .field("objects", &self.lock().objects.len())
            .finish_non_exhaustive()
    }
}

impl FakeKube {
    /// An empty cluster.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins to tell what happens to owned objects, after a list of those that there are.
    pub fn watch(&self, events: mpsc::Sender<Event<Live>>, kinds: &[Arc<cluster::ApiKind>]) {
        let mut state = self.lock();
        for kind in kinds {
            // The channel of a test is large enough; a watcher that lags is cut off, as by a server.
            let _ = events.try_send(Event::Listing(kind.clone()));
            for (id, object) in state.objects.iter().filter(|(id, _)| id.kind == *kind) {
                let _ = events.try_send(Event::Put(id.clone(), Live::of(object)));
            }
            let _ = events.try_send(Event::Listed(kind.clone()));
        }
        state.events = Some(events);
    }

    /// After this many more writes none succeeds, as if the agent or the server died there.
    pub fn fail_after(&self, writes: u64) {
        self.lock().until_outage = Some(writes);
    }

    /// Whether writes fail now.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.lock().until_outage == Some(0)
    }

    /// Lets writes succeed again.
    pub fn mend(&self) {
        self.lock().until_outage = None;
    }

    /// The objects that there are.
    #[must_use]
    pub fn objects(&self) -> BTreeMap<ObjectId, Value> {
        self.lock().objects.clone()
    }

    /// The records that there are.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.lock().records.values().cloned().collect()
    }

    /// Objects that were created by name, in their order; repeats included.
    #[must_use]
    pub fn created(&self) -> Vec<ObjectId> {
        self.lock().created.clone()
    }

    /// How many writes were sent.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// Deletes an object, as somebody else.
    pub fn delete_as_other(&self, id: &ObjectId) {
        let mut state = self.lock();
        if let Some(object) = state.objects.remove(id) {
            state.tell_gone(id, &object);
        }
    }

    /// Changes an object as the manager `other`: the fields under `path`, such as `data`, are theirs then.
    pub fn change_as_other(&self, id: &ObjectId, path: &str, value: Value) {
        let mut state = self.lock();
        state.version += 1;
        let version = state.version;
        let Some(object) = state.objects.get_mut(id) else {
            return;
        };
        object[path] = value;
        object["metadata"]["resourceVersion"] = version.to_string().into();
        if let Some(fields) = object
            .pointer_mut("/metadata/managedFields/0/fieldsV1")
            .and_then(Value::as_object_mut)
        {
            fields.shift_remove(&format!("f:{path}"));
        }
        let theirs = json!({"manager": "other", "operation": "Update", "time": "2026-01-01T00:00:00Z",
                            "fieldsV1": {format!("f:{path}"): {}}});
        if let Some(managers) = object
            .pointer_mut("/metadata/managedFields")
            .and_then(Value::as_array_mut)
        {
            managers.truncate(1);
            managers.push(theirs);
        }
        state.tell(id);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts a write, or fails it.
    fn write(&mut self) -> Result<()> {
        self.calls += 1;
        match &mut self.until_outage {
            Some(0) => Err(Error::Unavailable {
                message: "the fake is down".into(),
            }),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn store(&mut self, id: &ObjectId, manifest: &Value) -> Value {
        self.version += 1;
        let known = self.objects.get(id);
        let uid = known.map_or_else(
            || format!("uid-{}", self.version).into(),
            |it| it["metadata"]["uid"].clone(),
        );
        let same = known.is_some_and(|known| said(known) == said(manifest));
        let mut object = manifest.clone();
        object["metadata"]["uid"] = uid;
        object["metadata"]["resourceVersion"] = match known {
            Some(known) if same => known["metadata"]["resourceVersion"].clone(),
            _ => self.version.to_string().into(),
        };
        object["metadata"]["managedFields"] = json!([{
            "manager": label::MANAGER, "operation": "Apply", "fieldsV1": fields(manifest),
        }]);
        self.objects.insert(id.clone(), object.clone());
        self.tell(id);
        object
    }

    fn tell(&self, id: &ObjectId) {
        let (Some(events), Some(object)) = (&self.events, self.objects.get(id)) else {
            return;
        };
        if target::owner(object).is_some() {
            let _ = events.try_send(Event::Put(id.clone(), Live::of(object)));
        } else {
            self.tell_gone(id, object);
        }
    }

    fn tell_gone(&self, id: &ObjectId, object: &Value) {
        if let Some(events) = &self.events {
            let uid = object["metadata"]["uid"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            let _ = events.try_send(Event::Gone {
                id: id.clone(),
                uid,
            });
        }
    }
}

/// What an object says beyond what the server adds.
fn said(object: &Value) -> Value {
    let mut plain = object.clone();
    if let Some(metadata) = plain["metadata"].as_object_mut() {
        metadata.retain(|name, _| {
            !["uid", "resourceVersion", "managedFields"].contains(&name.as_str())
        });
    }
    plain
}

/// Every top-level field, and the labels and annotations, as the server would list them.
fn fields(manifest: &Value) -> Value {
    let top = manifest.as_object().into_iter().flatten();
    let own = top.filter(|(name, _)| !["apiVersion", "kind", "metadata"].contains(&name.as_str()));
    let mut fields: Map<String, Value> = own
        .map(|(name, _)| (format!("f:{name}"), json!({})))
        .collect();
    fields.insert(
        "f:metadata".into(),
        json!({"f:labels": {}, "f:annotations": {}}),
    );
    fields.into()
}

impl Kube for FakeKube {
    async fn apply(&self, object: &Value, force: Force) -> Result<Value> {
        let id = ObjectId::of(object)?;
        let mut state = self.lock();
        state.write()?;
        let foreign = state
            .objects
            .get(&id)
            .is_some_and(|known| target::owner(known).is_none());
        if foreign && force == Force::No {
            let conflict = cluster::FieldConflict {
                manager: "other".into(),
                field: ".data".into(),
            };
            return Err(Error::FieldConflict {
                what: id.to_string(),
                conflicts: vec![conflict],
            });
        }
        Ok(state.store(&id, object))
    }

    async fn create(&self, object: &Value) -> Result<Value> {
        let id = ObjectId::of(object)?;
        let mut state = self.lock();
        state.write()?;
        if state.objects.contains_key(&id) {
            return Err(Error::Exists {
                what: id.to_string(),
            });
        }
        state.created.push(id.clone());
        Ok(state.store(&id, object))
    }

    async fn merge(&self, id: &ObjectId, patch: &Value) -> Result<Value> {
        let mut state = self.lock();
        state.write()?;
        let Some(object) = state.objects.get_mut(id) else {
            return Err(Error::NotFound {
                what: id.to_string(),
            });
        };
        for section in ["labels", "annotations"] {
            for name in patch["metadata"][section]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, _)| name)
            {
                if let Some(values) = object["metadata"][section].as_object_mut() {
                    values.shift_remove(name);
                }
            }
        }
        let object = object.clone();
        state.tell(id);
        Ok(object)
    }

    async fn delete(&self, id: &ObjectId, precondition: &Precondition) -> Result<Deleted> {
        let mut state = self.lock();
        state.write()?;
        let Some(object) = state.objects.get(id) else {
            return Ok(Deleted::Absent);
        };
        if object["metadata"]["uid"] != precondition.uid.as_str() {
            return Err(Error::Conflict {
                what: id.to_string(),
                message: "uid".into(),
            });
        }
        let object = object.clone();
        state.objects.remove(id);
        state.tell_gone(id, &object);
        Ok(Deleted::Accepted)
    }

    async fn find(&self, id: &ObjectId) -> Result<Option<Value>> {
        let state = self.lock();
        if state.until_outage == Some(0) {
            return Err(Error::Unavailable {
                message: "the fake is down".into(),
            });
        }
        Ok(state.objects.get(id).cloned())
    }

    async fn put_record(&self, record: &Record) -> Result<String> {
        let mut state = self.lock();
        state.write()?;
        let unit = record.head.unit.clone();
        let known = state
            .records
            .get(&unit)
            .map(|known| known.version.clone())
            .unwrap_or_default();
        if known != record.version {
            return Err(Error::Conflict {
                what: unit.to_string(),
                message: "version".into(),
            });
        }
        state.version += 1;
        let version = state.version.to_string();
        state.records.insert(
            unit,
            Record {
                version: version.clone(),
                ..record.clone()
            },
        );
        Ok(version)
    }

    async fn find_record(&self, unit: &UnitId) -> Result<Option<Record>> {
        Ok(self.lock().records.get(unit).cloned())
    }

    async fn remove_record(&self, unit: &UnitId) -> Result<()> {
        let mut state = self.lock();
        state.write()?;
        state.records.remove(unit);
        Ok(())
    }

    async fn remove_chunks(&self, _: &Blob) -> Result<()> {
        Ok(())
    }
}
