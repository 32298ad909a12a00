//! What each kind of write makes of an object.

use std::sync::Arc;

use jiff::{Timestamp, Unit};
use model::{Digest, Generation, ObjectKey, Revision, Stored, Uid, draft::Facts, name};

use crate::{
    Error, Outcome, keys,
    wakes::record::Origin,
    writer::{Operation, Txn},
};

use super::{
    Cause, Delete, Expect, FinalizerChange, Put, StatusWrite, Write, record, record::Record,
    replace,
};

/// A write with everything computed that can be computed outside the writer.
pub(crate) struct Step {
    text: String,
    work: Work,
}

enum Work {
    Put(Box<Body>),
    Delete(Delete),
    Status(StatusWrite),
    Finalizer(ObjectKey, FinalizerChange),
}

struct Body {
    put: Put,
    body_digest: Digest,
    indexes: Vec<String>,
}

/// Whether a put replaces the finalizers of an object that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finalizers {
    Replace,
    Keep,
}

/// Makes all steps, or none.
pub(crate) struct Apply {
    pub(crate) steps: Vec<Step>,
    pub(crate) cause: Cause,
}

impl Operation for Apply {
    type Output = Vec<Outcome>;

    async fn run(&self, txn: &mut Txn) -> Result<Vec<Outcome>, Error> {
        let mut outcomes = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let origin = Origin::outside(&self.cause);
            outcomes.push(step.run(txn, &origin, Finalizers::Replace).await?);
        }
        Ok(outcomes)
    }
}

impl Step {
    pub(crate) fn prepare(write: Write) -> Result<Self, Error> {
        let key = match &write {
            Write::Put(put) => &put.envelope.key,
            Write::Delete(delete) => &delete.key,
            Write::Status(status) => &status.key,
            Write::Finalizer(key, _) => key,
        };
        let namespace = key.namespace.as_deref();
        if !name::is_dns_subdomain(&key.name) || !namespace.is_none_or(name::is_dns_label) {
            return Err(Error::Name(key.clone()));
        }
        let text = keys::object(key);
        let work = match write {
            Write::Put(put) => {
                let mut indexes: Vec<String> = put.facts.indexes.iter().map(keys::index).collect();
                indexes.sort_unstable();
                indexes.dedup();
                let body_digest = put.envelope.spec.digest();
                Work::Put(Box::new(Body {
                    put: *put,
                    body_digest,
                    indexes,
                }))
            }
            Write::Delete(delete) => Work::Delete(delete),
            Write::Status(status) => Work::Status(status),
            Write::Finalizer(key, change) => Work::Finalizer(key, change),
        };
        Ok(Self { text, work })
    }

    pub(crate) async fn run(
        &self,
        txn: &mut Txn,
        origin: &Origin<'_>,
        finalizers: Finalizers,
    ) -> Result<Outcome, Error> {
        let old = record::load(&mut txn.sql(), &self.text).await?;
        let new = match &self.work {
            Work::Put(body) => body.over(old.as_ref(), txn, origin.cause, finalizers)?,
            Work::Delete(delete) => deleted(old.as_ref(), delete, origin.cause)?,
            Work::Status(write) => with_status(old.as_ref(), write)?,
            Work::Finalizer(key, change) => with_finalizer(old.as_ref(), key, change)?,
        };
        match (new, old) {
            (Some(new), old) => replace::replace(txn, &self.text, old.as_ref(), new, origin).await,
            (None, Some(old)) => Ok(Outcome::Unchanged(Arc::new(old.stored))),
            (None, None) => Err(Error::corrupt("an object", "nothing was left unchanged")),
        }
    }

    /// Whether this is the deletion of an object: a decision passes over one that is gone.
    pub(crate) const fn is_delete(&self) -> bool {
        matches!(self.work, Work::Delete(_))
    }
}

impl Body {
    /// The object after the put; `None` when nothing changes.
    fn over(
        &self,
        old: Option<&Record>,
        txn: &Txn,
        cause: &Cause,
        finalizers: Finalizers,
    ) -> Result<Option<Record>, Error> {
        let key = &self.put.envelope.key;
        match (old, self.put.expect) {
            (None, Expect::Update { .. }) => Err(Error::NotFound(key.clone())),
            (None, Expect::Create | Expect::Upsert) => Ok(Some(self.created(txn, cause))),
            (Some(old), _) if repeats(old, cause) => Ok(None),
            (Some(_), Expect::Create) => Err(Error::AlreadyExists(key.clone())),
            (Some(old), Expect::Update { revision }) => {
                check_revision(old, key, revision)?;
                Ok(self.updated(old, finalizers))
            }
            (Some(old), Expect::Upsert) => Ok(self.updated(old, finalizers)),
        }
    }

    fn created(&self, txn: &Txn, cause: &Cause) -> Record {
        let Facts {
            spec_digest,
            exports_digest,
            ..
        } = self.put.facts;
        let mut envelope = self.put.envelope.clone();
        envelope.metadata.uid = uid(txn, &envelope.key);
        envelope.metadata.generation = Generation(1);
        envelope.metadata.creation_timestamp = Some(seconds(cause.at));
        envelope.metadata.deletion_timestamp = None;
        envelope.metadata.name = envelope.key.name.clone();
        envelope.metadata.namespace = envelope.key.namespace.clone();
        Record {
            stored: Stored {
                envelope,
                spec_digest,
                exports_digest,
            },
            written_digest: spec_digest,
            body_digest: self.body_digest,
            indexes: self.indexes.clone(),
            request_id: None,
        }
    }

    fn updated(&self, old: &Record, finalizers: Finalizers) -> Option<Record> {
        let (wanted, own) = (&self.put.envelope, &old.stored.envelope.metadata);
        let same_finalizers =
            finalizers == Finalizers::Keep || wanted.metadata.finalizers == own.finalizers;
        if old.written_digest == self.put.facts.spec_digest && same_finalizers {
            return None;
        }
        let mut new = old.clone();
        let metadata = &mut new.stored.envelope.metadata;
        metadata.labels.clone_from(&wanted.metadata.labels);
        metadata
            .annotations
            .clone_from(&wanted.metadata.annotations);
        if finalizers == Finalizers::Replace {
            metadata.finalizers.clone_from(&wanted.metadata.finalizers);
        }
        if new.body_digest != self.body_digest {
            metadata.generation.0 += 1;
        }
        new.stored.envelope.spec = wanted.spec.clone();
        new.written_digest = self.put.facts.spec_digest;
        new.body_digest = self.body_digest;
        new.indexes.clone_from(&self.indexes);
        Some(new)
    }
}

/// Whether the last write of the object came with the same request.
fn repeats(old: &Record, cause: &Cause) -> bool {
    cause.request_id.is_some() && old.request_id == cause.request_id
}

/// Unique because revisions are, and the same in a replay: no randomness is needed.
fn uid(txn: &Txn, key: &ObjectKey) -> Uid {
    let next = txn.counters.revision + 1;
    let text = format!("{}\n{}\n{next}\n{key}", txn.hub, txn.counters.incarnation);
    let digest = Digest::of(text.as_bytes());
    let bytes = digest.as_bytes()[..16]
        .try_into()
        .expect("a digest has 32 bytes");
    Uid(uuid::Builder::from_custom_bytes(bytes)
        .into_uuid()
        .to_string())
}

/// Times of objects have whole seconds, as in Kubernetes.
fn seconds(at: Timestamp) -> Timestamp {
    at.round(Unit::Second).unwrap_or(at)
}

fn deleted(old: Option<&Record>, delete: &Delete, cause: &Cause) -> Result<Option<Record>, Error> {
    let old = old.ok_or_else(|| Error::NotFound(delete.key.clone()))?;
    check_revision(old, &delete.key, delete.revision)?;
    if old.stored.envelope.metadata.is_deleting() {
        return Ok(None);
    }
    let mut new = old.clone();
    new.stored.envelope.metadata.deletion_timestamp = Some(seconds(cause.at));
    Ok(Some(new))
}

fn with_status(old: Option<&Record>, write: &StatusWrite) -> Result<Option<Record>, Error> {
    let old = old.ok_or_else(|| Error::NotFound(write.key.clone()))?;
    check_revision(old, &write.key, write.revision)?;
    if old.stored.envelope.status == write.status
        && old.stored.exports_digest == write.exports_digest
    {
        return Ok(None);
    }
    let mut new = old.clone();
    new.stored.envelope.status = write.status.clone();
    new.stored.exports_digest = write.exports_digest;
    Ok(Some(new))
}

fn with_finalizer(
    old: Option<&Record>,
    key: &ObjectKey,
    change: &FinalizerChange,
) -> Result<Option<Record>, Error> {
    let old = old.ok_or_else(|| Error::NotFound(key.clone()))?;
    let present = |name: &String| old.stored.envelope.metadata.finalizers.contains(name);
    let mut new = old.clone();
    let finalizers = &mut new.stored.envelope.metadata.finalizers;
    match change {
        FinalizerChange::Add(name) if !present(name) => finalizers.push(name.clone()),
        FinalizerChange::Remove(name) if present(name) => finalizers.retain(|own| own != name),
        FinalizerChange::Add(_) | FinalizerChange::Remove(_) => return Ok(None),
    }
    Ok(Some(new))
}

fn check_revision(old: &Record, key: &ObjectKey, expected: Option<Revision>) -> Result<(), Error> {
    let found = old
        .stored
        .envelope
        .metadata
        .resource_version
        .unwrap_or_default();
    match expected {
        Some(expected) if expected != found => Err(Error::Moved {
            key: key.clone(),
            expected,
            found,
        }),
        _ => Ok(()),
    }
}
