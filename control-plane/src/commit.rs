//! Step 7: carries out a decision in one transaction, if nothing that it read has moved.
//!
//! Loads what the decision asks for, decides again until it has read all, and hands effects and read
//! set to the store. Conflicts and missing reads only repeat the pure step.

mod load;

use compile::Compiler;
use model::{
    BundleText, Condition, ConditionStatus, Conditions, Diagnostics, Digest, Kind, KindVisitor,
    ObjectKey, RawJson, Target, canonical,
};
use store::{
    Blob, Cause, Committed, Decision, Expect, FinalizerChange, HeadChange, Put, StatusChange,
    Store, Wake,
};

use crate::{
    admit,
    decide::decide,
    effects::{Effects, UnitTarget},
    world::{Halt, Loaded, World},
};

/// How often a decision may ask for more before it is taken to run in circles.
const MAX_ROUNDS: usize = 32;
/// How often a decision is made again because something moved, before others get their turn.
const MAX_CONFLICTS: usize = 8;
/// Decisions in a row, each caused by the one before, after which an object counts as oscillating.
const MAX_HOPS: u32 = 64;

/// A decision could not be made or carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The decision stopped.
    #[error("the decision stopped")]
    Halt(#[source] Halt),
    /// The decision reads without end, which is a fault of its code.
    #[error("the decision still asks for more after {MAX_ROUNDS} rounds")]
    Endless,
    /// The decision wants an object that is not valid.
    #[error("{key} is not valid: {diagnostics}")]
    Refused {
        /// The object.
        key: ObjectKey,
        /// What is wrong with it.
        diagnostics: Diagnostics,
    },
    /// The store failed, or what was read moved too often.
    #[error("the decision could not be committed")]
    Store(#[source] store::Error),
}

/// Makes decisions and carries them out.
#[derive(Debug, Clone)]
pub struct Committer {
    store: Store,
    compiler: Compiler,
    clock: kit::Clock,
}

impl Committer {
    /// A committer over a store.
    #[must_use]
    pub const fn new(store: Store, compiler: Compiler, clock: kit::Clock) -> Self {
        Self {
            store,
            compiler,
            clock,
        }
    }

    /// Decides about the woken object and commits.
    ///
    /// # Errors
    /// [`Error`]; the wake stays and is claimed again later.
    pub async fn run(&self, wake: &Wake) -> Result<Committed, Error> {
        if wake.token.hops() > MAX_HOPS {
            return self.stop_oscillating(wake).await;
        }
        let mut conflicts = 0;
        loop {
            let decision = self.decide(wake).await?;
            match self.store.commit(decision).await {
                Ok(committed) => return Ok(committed),
                Err(error) if error.is_conflict() && conflicts < MAX_CONFLICTS => conflicts += 1,
                Err(error) => return Err(Error::Store(error)),
            }
        }
    }

    async fn decide(&self, wake: &Wake) -> Result<Decision, Error> {
        let (effects, reads) = read_until_done(&self.store, self.clock.now(), |world| {
            decide(&wake.object, world, &self.compiler)
        })
        .await?;
        let mut decision = self.to_decision(wake, effects).await?;
        decision.reads = reads;
        Ok(decision)
    }

    async fn to_decision(&self, wake: &Wake, effects: Effects) -> Result<Decision, Error> {
        let cause = Cause {
            actor: "system:decide".to_owned(),
            at: self.clock.now(),
            trace: kit::trace::current().or_else(|| wake.trace.clone()),
            request_id: None,
        };
        let owner = wake.object.clone();
        let mut decision = Decision::new(owner.clone(), cause);
        decision.wake = Some(wake.token);
        decision.deletes = effects.deletes;
        decision.wake_at = effects.wake_at;
        for envelope in effects.puts {
            let old = self.store.find(&envelope.key).await.map_err(Error::Store)?;
            let key = envelope.key.clone();
            let checked = admit::admit(envelope, old.as_deref())
                .map_err(|diagnostics| Error::Refused { key, diagnostics })?;
            decision.puts.push(Put::new(checked, Expect::Upsert));
        }
        decision.status = effects.status.map(|status| StatusChange {
            exports_digest: owner.kind.visit(Exports(&status)),
            status,
        });
        if effects.finished
            && let Some(finalizer) = owner.kind.visit(admit::Finalizer)
        {
            decision
                .finalizers
                .push(FinalizerChange::Remove(finalizer.to_owned()));
        }
        for effect in effects.units {
            let (unit, plane) = (effect.unit, effect.plane);
            let target = match effect.target {
                UnitTarget::Bundle(bundle) => {
                    Target::Bundle(self.add_bundle(&bundle, &mut decision).await?)
                }
                UnitTarget::Tombstone(tombstone) => Target::Tombstone(tombstone),
                UnitTarget::Forget => {
                    decision.heads.push(HeadChange::Forget { unit, plane });
                    continue;
                }
            };
            let compiler_epoch = compile::EPOCH;
            decision.heads.push(HeadChange::Set {
                unit,
                plane,
                target,
                compiler_epoch,
            });
        }
        Ok(decision)
    }

    /// Adds a bundle to the decision, unless it is stored already; gives its digest.
    async fn add_bundle(
        &self,
        bundle: &BundleText,
        decision: &mut Decision,
    ) -> Result<Digest, Error> {
        let digest = bundle.digest();
        if !self.store.has_bundle(&digest).await.map_err(Error::Store)? {
            decision.bundles.push(Blob::compress(bundle));
        }
        Ok(digest)
    }

    /// Ends a chain of decisions that cause each other, and says so on the object.
    async fn stop_oscillating(&self, wake: &Wake) -> Result<Committed, Error> {
        tracing::error!(object = %wake.object, "decisions about the object chase each other");
        let cause = Cause {
            actor: "system:decide".to_owned(),
            at: self.clock.now(),
            ..Cause::default()
        };
        let mut decision = Decision::new(wake.object.clone(), cause);
        decision.wake = Some(wake.token);
        if let Some(found) = self.store.find(&wake.object).await.map_err(Error::Store)? {
            let status = oscillating(&found.envelope.status, self.clock.now());
            let exports_digest = wake.object.kind.visit(Exports(&status));
            decision.status = Some(StatusChange {
                status,
                exports_digest,
            });
        }
        self.store.commit(decision).await.map_err(Error::Store)
    }
}

/// Runs pure code over the store: again and again, until all that it asks for is loaded.
///
/// # Errors
/// When the store fails, or the code stops for good.
pub(crate) async fn read_until_done<T>(
    store: &Store,
    now: jiff::Timestamp,
    pure: impl Fn(&World<'_>) -> Result<T, Halt>,
) -> Result<(T, Vec<store::Read>), Error> {
    let mut loaded = Loaded::default();
    for _ in 0..MAX_ROUNDS {
        let missing = {
            let world = World::new(now, &loaded);
            match pure(&world) {
                Ok(done) => return Ok((done, world.into_reads())),
                Err(Halt::Unread) => world.missing(),
                Err(halt @ Halt::Corrupt { .. }) => return Err(Error::Halt(halt)),
            }
        };
        load::load(store, missing, &mut loaded)
            .await
            .map_err(Error::Store)?;
    }
    Err(Error::Endless)
}

/// The status with the condition that stops a chain.
fn oscillating(status: &RawJson, now: jiff::Timestamp) -> RawJson {
    let mut status = status.to_value();
    let mut status = status
        .as_object_mut()
        .map(std::mem::take)
        .unwrap_or_default();
    let conditions = status.get("conditions").cloned().unwrap_or_default();
    let mut conditions: Conditions = serde_json::from_value(conditions).unwrap_or_default();
    conditions.set(Condition {
        condition_type: "Oscillating".to_owned(),
        status: ConditionStatus::True,
        reason: "DecisionsChaseEachOther".to_owned(),
        message:
            "Decisions about this object cause each other without end; the platform has stopped. \
                  Change the object to start again, and report this"
                .to_owned(),
        last_transition_time: now,
        observed_generation: 0,
    });
    status.insert(
        "conditions".to_owned(),
        serde_json::to_value(conditions).expect("conditions have string keys"),
    );
    RawJson::of(&status)
}

/// Digest of what others may depend on in a status.
pub(crate) struct Exports<'a>(pub(crate) &'a RawJson);

impl KindVisitor for Exports<'_> {
    type Output = Digest;

    fn visit<K: Kind>(self) -> Digest {
        let status = self.0.decode::<K::Status>().unwrap_or_default();
        canonical::digest(&K::exports(&status))
    }
}
