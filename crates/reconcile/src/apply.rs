//! Step 11: carries a plan out. First the record, then the stages, then what is pruned; each may end it.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use serde_json::{Value, json};

use cluster::{Deleted, Error, Force, ObjectId, Precondition, Record};
use model::{Bundle, label};

use crate::{
    kube::Kube,
    live::Live,
    plan::{Action, Plan, Step},
    stage::Stage,
    target::{self, Work},
};

/// How many objects of one stage are written at the same time.
const PARALLEL: usize = 8;
/// How often and how long a new kind is waited for.
const SERVED_PERIOD: Duration = Duration::from_millis(100);
const SERVED_TRIES: usize = 100;
/// How often a deletion is tried whose object changes meanwhile.
const DELETE_TRIES: usize = 4;

/// A plan, and what it takes to carry it out.
#[derive(Debug)]
pub struct Job {
    /// The work that the plan is for.
    pub work: Work,
    /// The bundle, if it is still at hand uncompressed.
    pub bundle: Option<Arc<Bundle>>,
    /// What to do.
    pub plan: Plan,
    /// The record that must be written before anything else is.
    pub record: Option<Record>,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The object is there as it was wanted.
    Written(Box<Live>),
    /// The object is being deleted, or was let go.
    Leaving,
    /// The object was gone already.
    Gone,
    /// It did not work.
    Failed(Error),
    /// It was not tried, because of what failed before it.
    Skipped,
}

/// What became of a job.
#[derive(Debug)]
pub struct Applied {
    /// Version of the record, if one was to be written.
    pub record: Option<Result<String, Error>>,
    /// What became of each step.
    pub outcomes: Vec<(Step, Outcome)>,
}

/// Carries a job out. Nothing is written unless the record was.
pub async fn run(kube: &impl Kube, job: Job) -> Applied {
    let mut applied = Applied {
        record: None,
        outcomes: Vec::with_capacity(job.plan.len()),
    };
    if let Some(record) = &job.record {
        let written = kube.put_record(record).await;
        let failed = written.is_err();
        applied.record = Some(written);
        if failed {
            return applied;
        }
    }
    let mut go_on = true;
    if !job.plan.stages.is_empty() {
        let manifests = Manifests::of(&job);
        for (stage, steps) in &job.plan.stages {
            go_on = run_steps(kube, steps, &manifests, go_on, &mut applied.outcomes).await
                || go_on && *stage > Stage::Supplies && !has_outage(&applied.outcomes);
            if *stage == Stage::Foundations && go_on {
                go_on = wait_served(kube, steps).await;
            }
        }
    }
    let all = applied
        .outcomes
        .iter()
        .all(|(_, outcome)| matches!(outcome, Outcome::Written(_)));
    for steps in &job.plan.prune {
        run_steps(
            kube,
            steps,
            &Manifests::default(),
            all,
            &mut applied.outcomes,
        )
        .await;
    }
    applied
}

fn has_outage(outcomes: &[(Step, Outcome)]) -> bool {
    outcomes
        .iter()
        .any(|(_, outcome)| matches!(outcome, Outcome::Failed(error) if error.is_outage()))
}

/// Runs steps side by side; true if all of them succeeded.
async fn run_steps(
    kube: &impl Kube,
    steps: &[Step],
    manifests: &Manifests,
    wanted: bool,
    outcomes: &mut Vec<(Step, Outcome)>,
) -> bool {
    if !wanted {
        outcomes.extend(steps.iter().map(|step| (step.clone(), Outcome::Skipped)));
        return false;
    }
    let before = outcomes.len();
    let work: Vec<_> = steps
        .iter()
        .map(|step| one(kube, step, manifests))
        .collect();
    outcomes.extend(
        futures::stream::iter(work)
            .buffer_unordered(PARALLEL)
            .collect::<Vec<_>>()
            .await,
    );
    outcomes[before..]
        .iter()
        .all(|(_, outcome)| !matches!(outcome, Outcome::Failed(_) | Outcome::Skipped))
}

async fn one(kube: &impl Kube, step: &Step, manifests: &Manifests) -> (Step, Outcome) {
    let outcome = carry_out(kube, step, manifests).await;
    (step.clone(), outcome)
}

async fn carry_out(kube: &impl Kube, step: &Step, manifests: &Manifests) -> Outcome {
    let written = |result: Result<Value, Error>| match result {
        Ok(object) => Outcome::Written(Box::new(Live::of(&object))),
        Err(error) => Outcome::Failed(error),
    };
    match &step.action {
        Action::Apply {
            force, autoscaled, ..
        } => match manifests.find(&step.object, *autoscaled) {
            Ok(manifest) => written(apply_one(kube, &manifest, *force).await),
            Err(error) => Outcome::Failed(error),
        },
        Action::Create => match manifests.find(&step.object, false) {
            Ok(manifest) => written(create_one(kube, &step.object, &manifest).await),
            Err(error) => Outcome::Failed(error),
        },
        Action::Delete(precondition) => delete_one(kube, &step.object, precondition.clone()).await,
        Action::Release => match kube.merge(&step.object, &without_owner()).await {
            Ok(_) => Outcome::Leaving,
            Err(Error::NotFound { .. } | Error::UnknownApi(_)) => Outcome::Gone,
            Err(error) => Outcome::Failed(error),
        },
    }
}

/// Applies an object; one that turns out to carry our label after all is ours to take back.
async fn apply_one(kube: &impl Kube, manifest: &Value, force: Force) -> Result<Value, Error> {
    let result = kube.apply(manifest, force).await;
    let Err(Error::FieldConflict { .. }) = &result else {
        return result;
    };
    let id = ObjectId::of(manifest)?;
    let live = kube.find(&id).await?;
    let ours = live.is_some_and(|live| {
        target::owner(&live).is_some() && target::owner(&live) == target::owner(manifest)
    });
    if ours {
        kube.apply(manifest, Force::Yes).await
    } else {
        result
    }
}

/// Creates an object. Whether a creation without an answer has happened is looked up.
async fn create_one(kube: &impl Kube, id: &ObjectId, manifest: &Value) -> Result<Value, Error> {
    match kube.create(manifest).await {
        Err(Error::Exists { .. } | Error::Unavailable { .. }) => match kube.find(id).await? {
            Some(live) if target::owner(&live) == target::owner(manifest) => Ok(live),
            Some(_) => Err(Error::Exists {
                what: id.to_string(),
            }),
            None => Err(Error::Unavailable {
                message: format!("{id} could not be created"),
            }),
        },
        result => result,
    }
}

async fn delete_one(kube: &impl Kube, id: &ObjectId, mut precondition: Precondition) -> Outcome {
    for attempt in 1..=DELETE_TRIES {
        match kube.delete(id, &precondition).await {
            Ok(Deleted::Accepted) => return Outcome::Leaving,
            Ok(Deleted::Absent) => return Outcome::Gone,
            Err(Error::Conflict { .. }) if attempt < DELETE_TRIES => {}
            Err(error) => return Outcome::Failed(error),
        }
        // It has changed since it was looked at: is it still the one that may be deleted?
        match kube.find(id).await {
            Ok(None) => return Outcome::Gone,
            Ok(Some(live)) if live["metadata"]["uid"] != precondition.uid.as_str() => {
                return Outcome::Gone;
            }
            Ok(Some(live)) if target::owner(&live).is_none() => return Outcome::Gone,
            Ok(Some(live)) => {
                let version = live["metadata"]["resourceVersion"]
                    .as_str()
                    .unwrap_or_default();
                version.clone_into(&mut precondition.resource_version);
            }
            Err(error) => return Outcome::Failed(error),
        }
    }
    Outcome::Failed(Error::Conflict {
        what: id.to_string(),
        message: "it changes all the time".into(),
    })
}

fn without_owner() -> Value {
    json!({"metadata": {
        "labels": {label::UNIT: null, label::MANAGED_BY: null},
        "annotations": {label::UNIT_ANNOTATION: null},
    }})
}

/// Waits until the cluster serves the kinds whose definitions were just written.
async fn wait_served(kube: &impl Kube, steps: &[Step]) -> bool {
    let definitions = steps
        .iter()
        .filter(|step| step.object.kind.kind == "CustomResourceDefinition");
    for step in definitions {
        let mut served = false;
        for _ in 0..SERVED_TRIES {
            served = match kube.find(&step.object).await {
                Ok(Some(definition)) => {
                    crate::health::of(&definition).health == model::Health::Healthy
                }
                Ok(None) | Err(_) => false,
            };
            if served {
                break;
            }
            tokio::time::sleep(SERVED_PERIOD).await;
        }
        if !served {
            return false;
        }
    }
    true
}

/// The manifests of a bundle, found by object.
#[derive(Default)]
struct Manifests {
    work: Option<Work>,
    bundle: Option<Arc<Bundle>>,
    problem: Option<String>,
}

impl Manifests {
    fn of(job: &Job) -> Self {
        let (bundle, problem) = match &job.bundle {
            Some(bundle) => (Some(bundle.clone()), None),
            None => match job.work.bundle() {
                Ok(bundle) => (bundle.map(Arc::new), None),
                Err(error) => (None, Some(error.to_string())),
            },
        };
        Self {
            work: Some(job.work.clone()),
            bundle,
            problem,
        }
    }

    /// The manifest as it is sent.
    fn find(&self, object: &ObjectId, autoscaled: bool) -> Result<Value, Error> {
        let items = self.work.iter().flat_map(|work| work.items.iter());
        let entries = self.bundle.iter().flat_map(|bundle| &bundle.objects);
        let found = items.zip(entries).find(|(item, _)| item.object == *object);
        let Some((_, entry)) = found else {
            let message = self
                .problem
                .clone()
                .unwrap_or_else(|| "the bundle does not hold it".into());
            return Err(Error::Refused {
                what: object.to_string(),
                message,
            });
        };
        let mut manifest = entry.object.clone();
        if autoscaled && let Some(spec) = manifest.get_mut("spec").and_then(Value::as_object_mut) {
            spec.shift_remove("replicas");
        }
        Ok(manifest)
    }
}
