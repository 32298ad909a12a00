//! Objects, decisions and reports for tests. The store knows no kind's fields, so any spec will do.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use model::{
    Bundle, BundleText, Digest, Envelope, Facet, IndexKey, KindName, ObjectKey, ObjectMeta,
    PlaneName, RawJson, StatusReport, Stored, Target, UnitId, UnitPhase, UnitRevision, canonical,
    draft::Facts,
};
use store::{
    Blob, Cause, Decision, Delete, Expect, HeadChange, Outcome, Put, Read, ReadTarget, Seen,
    StatusChange, StatusWrite, Store, Wake,
};

/// A moment after the epoch.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(crate) fn cause(second: i64) -> Cause {
    Cause {
        actor: "tester".to_owned(),
        at: at(second),
        ..Cause::default()
    }
}

pub(crate) fn component(name: &str) -> ObjectKey {
    ObjectKey::namespaced(KindName::Component, "default", name)
}

pub(crate) fn workload(name: &str) -> ObjectKey {
    ObjectKey::namespaced(KindName::Workload, "default", name)
}

pub(crate) fn all_workloads() -> IndexKey {
    IndexKey::all(KindName::Workload, Some("default"))
}

pub(crate) fn workloads_of(component: &str) -> IndexKey {
    IndexKey::new(KindName::Workload, "of", &[component])
}

/// A put of any spec; a field `of` puts it into that index.
pub(crate) fn put(key: &ObjectKey, spec: Value, expect: Expect) -> Put {
    put_with(
        key,
        ObjectMeta::named(key.namespace.as_deref(), &key.name),
        spec,
        expect,
    )
}

pub(crate) fn put_with(key: &ObjectKey, metadata: ObjectMeta, spec: Value, expect: Expect) -> Put {
    let mut indexes = vec![IndexKey::all(key.kind, key.namespace.as_deref())];
    if let Some(of) = spec["of"].as_str() {
        indexes.push(IndexKey::new(key.kind, "of", &[of]));
    }
    let written = json!([spec, metadata.labels, metadata.annotations]);
    let facts = Facts {
        spec_digest: canonical::digest(&written),
        exports_digest: Digest::of(b"nothing"),
        indexes,
    };
    let envelope = Envelope {
        key: key.clone(),
        metadata,
        spec: RawJson::of(&spec),
        status: RawJson::null(),
    };
    Put {
        envelope,
        facts,
        expect,
    }
}

/// Creates or changes an object from outside.
pub(crate) async fn write(store: &Store, key: &ObjectKey, spec: Value) -> Arc<Stored> {
    let put = put(key, spec, Expect::Upsert);
    Arc::clone(store.put(put, cause(1)).await.unwrap().object())
}

pub(crate) async fn delete(store: &Store, key: &ObjectKey) -> Outcome {
    store
        .mark_deleted(
            Delete {
                key: key.clone(),
                revision: None,
            },
            cause(2),
        )
        .await
        .unwrap()
}

/// Sets a status that exports `exports`, from outside.
pub(crate) async fn export(store: &Store, key: &ObjectKey, status: Value, exports: &str) {
    let status = StatusWrite {
        key: key.clone(),
        status: RawJson::of(&status),
        exports_digest: Digest::of(exports.as_bytes()),
        revision: None,
    };
    store.put_status(status, cause(3)).await.unwrap();
}

pub(crate) fn status(status: Value, exports: &str) -> StatusChange {
    let exports_digest = Digest::of(exports.as_bytes());
    StatusChange {
        status: RawJson::of(&status),
        exports_digest,
    }
}

/// Lets the store look for what others wrote, as every read of objects does.
pub(crate) async fn look(store: &Store) {
    store.find(&component("nothing")).await.unwrap();
}

/// Reads an object as a decision does.
pub(crate) async fn read(store: &Store, key: &ObjectKey, facet: Facet) -> Read {
    let found = store.find(key).await.unwrap();
    let seen = Seen::object(found.as_deref(), facet);
    Read {
        target: ReadTarget::Object(key.clone(), facet),
        seen,
    }
}

/// Reads an index as a decision does.
pub(crate) async fn read_index(store: &Store, index: &IndexKey, facet: Facet) -> Read {
    let seen = store.by_index(index).await.unwrap().seen(facet);
    Read {
        target: ReadTarget::Index(index.clone(), facet),
        seen,
    }
}

/// A decision that changes nothing and was made on these grounds.
pub(crate) fn decision(owner: &ObjectKey, reads: Vec<Read>) -> Decision {
    Decision {
        reads,
        ..Decision::new(owner.clone(), cause(10))
    }
}

/// Claims everything that is due and clears it.
pub(crate) async fn settle(store: &Store) {
    for wake in claim(store).await {
        store.clear_wake(&wake).await.unwrap();
    }
}

pub(crate) async fn claim(store: &Store) -> Vec<Wake> {
    store.claim_wakes(100, at(100)).await.unwrap()
}

/// The names of what is woken; clears it.
pub(crate) async fn woken(store: &Store) -> Vec<String> {
    let wakes = claim(store).await;
    let mut names = Vec::new();
    for wake in wakes {
        store.clear_wake(&wake).await.unwrap();
        names.push(wake.object.name);
    }
    names.sort();
    names
}

pub(crate) fn plane() -> PlaneName {
    "dataplane-default".parse().unwrap()
}

pub(crate) fn unit(name: &str) -> UnitId {
    format!("component.default.{name}").parse().unwrap()
}

pub(crate) fn bundle(unit: &UnitId, feature: &str) -> Blob {
    let bundle = Bundle {
        unit: unit.clone(),
        requires: Vec::new(),
        features: vec![feature.to_owned()],
        objects: Vec::new(),
    };
    Blob::compress(&BundleText::from(&bundle))
}

pub(crate) fn set_head(unit: &UnitId, target: Target) -> HeadChange {
    HeadChange::Set {
        unit: unit.clone(),
        plane: plane(),
        target,
        compiler_epoch: 1,
    }
}

pub(crate) fn report(unit: &UnitId, epoch: u64, sequence: u64, message: &str) -> StatusReport {
    StatusReport {
        unit: unit.clone(),
        plane: plane(),
        epoch,
        sequence,
        revision: UnitRevision::default(),
        target: Target::Bundle(Digest::of(b"bundle")),
        phase: UnitPhase::Applied,
        message: message.to_owned(),
        objects: Vec::new(),
    }
}
