//! Whether the objects of a component are ready, by the workload type of its component type.
//!
//! Pure: health in, verdict with reason and message out (reference 2.3). Used by the aggregate step.
//! The primary workload decides; supporting and operational objects can only spoil a healthy one;
//! objects without a status of their own are ignored.

use model::{Health, ObjectReport};

/// The verdict over the objects of a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// Whether the component can be used, or stands still on purpose.
    pub ready: bool,
    /// Reason of the condition `ResourcesReady`.
    pub reason: &'static str,
    /// Message of that condition.
    pub message: String,
}

/// The part that an object plays for a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// The workload itself.
    Primary,
    /// What the workload cannot do without: Service, PersistentVolumeClaim.
    Supporting,
    /// Everything else, kinds that nobody knows included.
    Operational,
    /// Configuration and rights, which are there or not.
    Ignored,
}

/// The verdict over `objects` of a component whose type has this workload type (`deployment`,
/// `statefulset`, `cronjob`, `job`; anything else counts every object alike).
#[must_use]
pub fn evaluate(workload_type: &str, objects: &[ObjectReport]) -> Readiness {
    match workload_type {
        "deployment" => long_running("Deployment", workload_type, objects),
        "statefulset" => long_running("StatefulSet", workload_type, objects),
        "cronjob" => cron_job(objects),
        "job" => job(objects),
        _ => every_object(objects),
    }
}

/// The part that an object of this group and kind plays for a component of this workload type.
#[must_use]
pub fn categorize(workload_type: &str, group: &str, kind: &str) -> Category {
    if primary_of(workload_type) == Some((group, kind)) {
        return Category::Primary;
    }
    match (group, kind) {
        ("", "Service" | "PersistentVolumeClaim") => Category::Supporting,
        ("", "ConfigMap" | "Secret" | "ServiceAccount")
        | ("policy", "NetworkPolicy")
        | (
            "rbac.authorization.k8s.io",
            "Role" | "RoleBinding" | "ClusterRole" | "ClusterRoleBinding",
        ) => Category::Ignored,
        _ => Category::Operational,
    }
}

/// Group and kind of the workload of a workload type.
#[must_use]
pub fn primary_of(workload_type: &str) -> Option<(&'static str, &'static str)> {
    match workload_type {
        "deployment" => Some(("apps", "Deployment")),
        "statefulset" => Some(("apps", "StatefulSet")),
        "cronjob" => Some(("batch", "CronJob")),
        "job" => Some(("batch", "Job")),
        _ => None,
    }
}

fn verdict(ready: bool, reason: &'static str, message: impl Into<String>) -> Readiness {
    Readiness {
        ready,
        reason,
        message: message.into(),
    }
}

fn find_primary<'a>(workload_type: &str, objects: &'a [ObjectReport]) -> Option<&'a ObjectReport> {
    objects
        .iter()
        .find(|object| categorize(workload_type, &object.group, &object.kind) == Category::Primary)
}

fn long_running(kind: &str, workload_type: &str, objects: &[ObjectReport]) -> Readiness {
    let Some(primary) = find_primary(workload_type, objects) else {
        return verdict(
            false,
            "ResourcesProgressing",
            format!("Primary workload {kind} not found"),
        );
    };
    let name = &primary.name;
    match primary.health {
        Health::Degraded => verdict(
            false,
            "ResourcesDegraded",
            format!("Primary workload {kind}/{name} is degraded"),
        ),
        Health::Progressing => verdict(
            false,
            "ResourcesProgressing",
            format!("Primary workload {kind}/{name} is progressing"),
        ),
        Health::Unknown => verdict(
            false,
            "ResourcesUnknown",
            format!("Primary workload {kind}/{name} status unknown"),
        ),
        Health::Suspended => verdict(
            true,
            "ReadyWithSuspendedResources",
            format!("Primary workload {kind} is suspended (scaled to 0)"),
        ),
        Health::Healthy => spoiled_by_others(workload_type, objects).unwrap_or_else(|| {
            verdict(
                true,
                "Ready",
                format!("Primary workload {kind} and all supporting resources are ready"),
            )
        }),
    }
}

fn spoiled_by_others(workload_type: &str, objects: &[ObjectReport]) -> Option<Readiness> {
    [
        (Category::Supporting, "Supporting"),
        (Category::Operational, "Operational"),
    ]
    .iter()
    .find_map(|(category, word)| {
        let object = objects.iter().find(|object| {
            object.health == Health::Degraded
                && categorize(workload_type, &object.group, &object.kind) == *category
        })?;
        let message = format!(
            "{word} resource {}/{} is degraded",
            object.kind, object.name
        );
        Some(verdict(false, "ResourcesDegraded", message))
    })
}

fn cron_job(objects: &[ObjectReport]) -> Readiness {
    let Some(primary) = find_primary("cronjob", objects) else {
        return verdict(false, "ResourcesProgressing", "Primary CronJob not found");
    };
    let name = &primary.name;
    match primary.health {
        Health::Suspended => verdict(
            true,
            "CronJobSuspended",
            format!("CronJob {name} is suspended"),
        ),
        Health::Progressing => verdict(
            true,
            "CronJobScheduled",
            format!("CronJob {name} is scheduled, job execution running"),
        ),
        Health::Healthy => verdict(
            true,
            "CronJobScheduled",
            format!("CronJob {name} is scheduled and ready"),
        ),
        Health::Degraded => verdict(
            false,
            "ResourcesDegraded",
            format!("CronJob {name} is degraded"),
        ),
        Health::Unknown => verdict(
            false,
            "ResourcesUnknown",
            format!("CronJob {name} status unknown"),
        ),
    }
}

fn job(objects: &[ObjectReport]) -> Readiness {
    let Some(primary) = find_primary("job", objects) else {
        return verdict(false, "ResourcesProgressing", "Primary Job not found");
    };
    let name = &primary.name;
    match primary.health {
        Health::Healthy => verdict(
            true,
            "JobCompleted",
            format!("Job {name} completed successfully"),
        ),
        Health::Progressing => verdict(false, "JobRunning", format!("Job {name} is running")),
        Health::Suspended => verdict(false, "JobRunning", format!("Job {name} is suspended")),
        Health::Degraded => verdict(false, "JobFailed", format!("Job {name} failed")),
        Health::Unknown => verdict(
            false,
            "ResourcesUnknown",
            format!("Job {name} status unknown"),
        ),
    }
}

fn every_object(objects: &[ObjectReport]) -> Readiness {
    let total = objects.len();
    let count = |health| {
        objects
            .iter()
            .filter(|object| object.health == health)
            .count()
    };
    let unready = [
        (Health::Degraded, "ResourcesDegraded", "degraded"),
        (Health::Progressing, "ResourcesProgressing", "progressing"),
        (Health::Unknown, "ResourcesUnknown", "unknown"),
    ];
    for (health, reason, word) in unready {
        let affected = count(health);
        if affected > 0 {
            return verdict(
                false,
                reason,
                format!("{affected}/{total} resources {word}"),
            );
        }
    }
    match count(Health::Suspended) {
        0 => verdict(true, "Ready", format!("All {total} resources ready")),
        suspended => verdict(
            true,
            "ReadyWithSuspendedResources",
            format!("All {total} resources ready ({suspended} suspended)"),
        ),
    }
}
