//! ProjectReleaseBinding: renders a project release into its cell (reference 2.9).

use std::sync::Arc;

use compile::{Compiler, assemble, project};
use model::{
    ConditionStatus, Health, StatusReport, UnitId, UnitPhase,
    kinds::{ProjectReleaseBinding, project_release_binding::ProjectReleaseBindingStatus},
};

use super::{
    Decide,
    conditions::{Because, Setter},
    plane::link_of,
    unit,
};
use crate::{
    effects::Effects,
    world::{Halt, Object, World},
};

impl Decide for ProjectReleaseBinding {
    fn decide(
        object: &Object<Self>,
        world: &World<'_>,
        compiler: &Compiler,
    ) -> Result<Effects, Halt> {
        let unit = super::unit_of(object.key());
        let mut effects = Effects::default();
        let mut status = object.status.clone();
        status.observed_generation = object.generation();
        if object.is_deleting() {
            effects.finished = unit::remove(&unit, world, &mut effects)?;
            let because = Because::new("Finalizing", "The cell is being removed from its cluster");
            Setter::new(object, world, &mut status.conditions).hold("Finalizing", because);
            effects.set_status(&status);
            return Ok(effects);
        }
        match render(object, &unit, world, compiler)? {
            Err(because) => set_not_synced(object, world, &mut status, because),
            Ok((compiled, plane)) => {
                let bundle = compiled.bundle.clone();
                let report = unit::place(&unit, &plane, bundle, world, &mut effects)?;
                status.namespace = Some(compiled.namespace.clone());
                set_synced(object, world, &mut status, report);
            }
        }
        effects.set_status(&status);
        Ok(effects)
    }
}

type Rendered = (Arc<project::Compiled>, model::PlaneName);

fn render(
    object: &Object<ProjectReleaseBinding>,
    unit: &UnitId,
    world: &World<'_>,
    compiler: &Compiler,
) -> Result<Result<Rendered, Because>, Halt> {
    let parts = match assemble::cell(object, world)? {
        Ok(parts) => parts,
        Err(refused) => return Ok(Err(refused.into())),
    };
    let plane = link_of(&parts.data_plane.0);
    let snapshot = parts.snapshot(object, unit.clone());
    Ok(match compiler.project(&snapshot) {
        Ok(compiled) => Ok((compiled, plane)),
        Err(refused) => Err(Because::new(refused.reason(), refused.to_string())),
    })
}

fn set_not_synced(
    object: &Object<ProjectReleaseBinding>,
    world: &World<'_>,
    status: &mut ProjectReleaseBindingStatus,
    because: Because,
) {
    let mut conditions = Setter::new(object, world, &mut status.conditions);
    for condition in ["NamespaceReady", "ResourcesReady"] {
        let message = format!("{condition} cannot be evaluated until Synced=True");
        conditions.set(
            condition,
            ConditionStatus::Unknown,
            "SyncedNotReady",
            message,
        );
    }
    conditions.fail("Synced", because.clone());
    conditions.fail("Ready", because);
}

/// Conditions of a cell whose bundle is on its way or there.
fn set_synced(
    object: &Object<ProjectReleaseBinding>,
    world: &World<'_>,
    status: &mut ProjectReleaseBindingStatus,
    report: Option<&StatusReport>,
) {
    let namespace = status.namespace.clone().unwrap_or_default();
    let name = model::name::generate(
        &[
            &format!("p_{}", object.spec.owner.project_name),
            &object.spec.environment,
        ],
        model::name::MAX_NAME,
    );
    let mut conditions = Setter::new(object, world, &mut status.conditions);
    let message = format!("RenderedRelease {name:?} is up to date");
    conditions.hold("Synced", Because::new("ReleaseSynced", message));
    let namespace_ready = namespace_health(&namespace, report);
    let resources_ready = resources_health(&namespace, report);
    let mut failing = None;
    for (condition, verdict) in [
        ("NamespaceReady", namespace_ready),
        ("ResourcesReady", resources_ready),
    ] {
        match verdict {
            Ok(because) => conditions.hold(condition, because),
            Err(because) => {
                failing.get_or_insert_with(|| because.clone());
                conditions.fail(condition, because);
            }
        }
    }
    match failing {
        None => conditions.hold(
            "Ready",
            Because::new("Ready", "ProjectReleaseBinding is ready"),
        ),
        Some(because) => conditions.fail("Ready", because),
    }
}

fn namespace_health(namespace: &str, report: Option<&StatusReport>) -> Result<Because, Because> {
    let object = report.and_then(|report| {
        report
            .objects
            .iter()
            .find(|object| object.kind == "Namespace" && object.name == namespace)
    });
    match object.map(|object| (object.health, object.message.as_str())) {
        Some((Health::Healthy, _)) => Ok(Because::new(
            "NamespaceReady",
            format!("Namespace {namespace:?} is ready"),
        )),
        Some((Health::Degraded, message)) => Err(Because::new(
            "NamespaceDegraded",
            format!("Namespace {namespace:?}: {message}"),
        )),
        Some((Health::Suspended | Health::Progressing | Health::Unknown, _)) | None => {
            Err(Because::new(
                "NamespaceProgressing",
                format!("Namespace {namespace:?} is not there yet"),
            ))
        }
    }
}

fn resources_health(namespace: &str, report: Option<&StatusReport>) -> Result<Because, Because> {
    let Some(report) = report else {
        return Err(Because::new(
            "ResourcesProgressing",
            "The data plane has not reported yet",
        ));
    };
    if report.phase == UnitPhase::Failed {
        return Err(Because::new("ResourceApplyFailed", report.message.clone()));
    }
    let others = report
        .objects
        .iter()
        .filter(|o| o.kind != "Namespace" || o.name != namespace);
    let mut count = 0;
    for object in others {
        count += 1;
        let what = format!("{}/{}", object.kind, object.name);
        match object.health {
            Health::Healthy | Health::Suspended | Health::Unknown => {}
            Health::Progressing => {
                return Err(Because::new(
                    "ResourcesProgressing",
                    format!("{what} is progressing"),
                ));
            }
            Health::Degraded => {
                let message = format!("{what} is degraded: {}", object.message);
                return Err(Because::new("ResourcesDegraded", message));
            }
        }
    }
    Ok(Because::new(
        "ResourcesReady",
        format!("All {count} resource(s) ready"),
    ))
}
