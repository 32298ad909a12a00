//! WorkflowRun: runs a workflow once on its plane and follows it (reference 2.12).

mod argo;
mod render;

use jiff::{SignedDuration, Timestamp};

use compile::Compiler;
use model::{
    ConditionStatus, StatusReport, UnitPhase,
    kinds::{WorkflowRun, workflow_run::WorkflowRunStatus},
};

use super::{
    Decide,
    conditions::{Because, Setter},
    unit,
};
use crate::{
    effects::Effects,
    world::{Halt, Object, World},
};

impl Decide for WorkflowRun {
    fn decide(
        object: &Object<Self>,
        world: &World<'_>,
        compiler: &Compiler,
    ) -> Result<Effects, Halt> {
        let unit = super::unit_of(object.key());
        let mut effects = Effects::default();
        if object.is_deleting() {
            effects.finished = unit::remove(&unit, world, &mut effects)?;
            return Ok(effects);
        }
        let mut status = object.status.clone();
        if status.completed_at.is_some() {
            // A run that ended is never rendered again, whatever becomes of its workflow.
            expire(object, &status, world, &mut effects);
            return Ok(effects);
        }
        match render::render(object, &unit, world, compiler)? {
            Err(render::Refused::Wait(because)) => {
                let mut conditions = Setter::new(object, world, &mut status.conditions);
                let message = "Workflow has not completed yet";
                conditions.fail(
                    "WorkflowCompleted",
                    Because::new("WorkflowPending", message),
                );
                conditions.fail("WorkflowRunning", because);
            }
            Err(render::Refused::Final(because)) => {
                complete(object, world, &mut status, Err(because));
                status.completed_at = Some(world.now());
            }
            Ok((compiled, plane)) => {
                let bundle = compiled.bundle.clone();
                let report = unit::place(&unit, &plane, bundle, world, &mut effects)?;
                status.run_reference = Some(compiled.run.clone());
                status.resources = compiled.resources.clone();
                follow(object, world, &mut status, report, &compiled.run_id);
            }
        }
        expire(object, &status, world, &mut effects);
        effects.set_status(&status);
        Ok(effects)
    }
}

/// Takes over what the plane says about the run.
fn follow(
    object: &Object<WorkflowRun>,
    world: &World<'_>,
    status: &mut WorkflowRunStatus,
    report: Option<&StatusReport>,
    run_id: &str,
) {
    let run = report.and_then(|report| report.objects.iter().find(|object| object.id == run_id));
    if let Some(report) = report.filter(|report| report.phase == UnitPhase::Failed) {
        let lost = run.is_some_and(|run| run.failed);
        if lost {
            let message = "Workflow is not found in the cluster";
            complete(
                object,
                world,
                status,
                Err(Because::new("WorkflowFailed", message)),
            );
            status.completed_at = Some(world.now());
        } else {
            let mut conditions = Setter::new(object, world, &mut status.conditions);
            let because = Because::new("WorkflowPending", report.message.clone());
            conditions.fail("WorkflowRunning", because);
        }
        return;
    }
    let progress = argo::progress(run.and_then(|run| run.status.as_ref()));
    status.tasks = progress.tasks;
    status.started_at = status.started_at.or(progress.started_at);
    match progress.phase {
        argo::Phase::Pending | argo::Phase::Running => {
            let running = progress.phase == argo::Phase::Running;
            let mut conditions = Setter::new(object, world, &mut status.conditions);
            let message = "Workflow has not completed yet";
            let reason = if running {
                "WorkflowRunning"
            } else {
                "WorkflowPending"
            };
            conditions.fail("WorkflowCompleted", Because::new(reason, message));
            if running {
                conditions.hold(
                    "WorkflowRunning",
                    Because::new(reason, "Workflow is running"),
                );
            } else {
                conditions.fail(
                    "WorkflowRunning",
                    Because::new(reason, "Workflow has not started yet"),
                );
            }
        }
        argo::Phase::Succeeded => {
            let because = Because::new("WorkflowSucceeded", "Workflow has completed successfully");
            complete(object, world, status, Ok(because));
            status.completed_at = progress.finished_at.or(Some(world.now()));
        }
        argo::Phase::Failed => {
            let message = match progress.message.as_str() {
                "" => "Workflow has failed".to_owned(),
                message => format!("Workflow has failed: {message}"),
            };
            complete(
                object,
                world,
                status,
                Err(Because::new("WorkflowFailed", message)),
            );
            status.completed_at = progress.finished_at.or(Some(world.now()));
        }
    }
}

/// Sets the conditions of a run that ended.
fn complete(
    object: &Object<WorkflowRun>,
    world: &World<'_>,
    status: &mut WorkflowRunStatus,
    outcome: Result<Because, Because>,
) {
    let mut conditions = Setter::new(object, world, &mut status.conditions);
    let (because, succeeded) = match outcome {
        Ok(because) => (because, true),
        Err(because) => (because, false),
    };
    conditions.hold("WorkflowCompleted", because.clone());
    let running = Because::new("WorkflowRunning", because.message.clone());
    conditions.fail("WorkflowRunning", running);
    let condition = if succeeded {
        "WorkflowSucceeded"
    } else {
        "WorkflowFailed"
    };
    conditions.set(
        condition,
        ConditionStatus::True,
        because.reason,
        because.message,
    );
}

/// Deletes a run that ended longer ago than its time to live, or asks to be woken then.
fn expire(
    object: &Object<WorkflowRun>,
    status: &WorkflowRunStatus,
    world: &World<'_>,
    effects: &mut Effects,
) {
    let Some(ttl) = object
        .spec
        .ttl_after_completion
        .as_deref()
        .and_then(parse_ttl)
    else {
        return;
    };
    let Some(end) = status
        .completed_at
        .and_then(|at: Timestamp| at.checked_add(ttl).ok())
    else {
        return;
    };
    if end <= world.now() {
        effects.deletes.push(object.key().clone());
    } else {
        effects.wake_at = Some(end);
    }
}

/// A time to live as `1d2h30m10s`; `None` when empty or out of range.
fn parse_ttl(text: &str) -> Option<SignedDuration> {
    let (mut total, mut number) = (0_i64, 0_i64);
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            number = number.checked_mul(10)?.checked_add(i64::from(digit))?;
            continue;
        }
        let seconds = match c {
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(seconds)?)?;
        number = 0;
    }
    (total > 0).then(|| SignedDuration::from_secs(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_live_is_the_sum_of_its_parts() {
        assert_eq!(
            parse_ttl("1d2h3m4s"),
            Some(SignedDuration::from_secs(93_784))
        );
        assert_eq!(parse_ttl("90s"), Some(SignedDuration::from_secs(90)));
        assert_eq!(parse_ttl(""), None);
        assert_eq!(parse_ttl("99999999999999999999d"), None);
    }
}
