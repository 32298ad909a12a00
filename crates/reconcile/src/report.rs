//! Step 12, pure: what is said about a unit. The whole of it, each time.

use std::collections::HashMap;

use jiff::Timestamp;

use cluster::ObjectId;
use model::{
    Digest, Head, Health, ObjectReport, PlaneName, StatusReport, Target, Tombstone, UnitPhase,
};

use crate::{inventory::Inventory, live::Sight, plan::Wait, target::Item};

/// What went wrong with an object when it was last written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What, in the cluster's words.
    pub message: String,
    /// Whether the same attempt may succeed later by itself.
    pub passing: bool,
}

/// What is known of a unit.
pub struct Facts<'a> {
    /// The plane that reports.
    pub plane: &'a PlaneName,
    /// The head that the agent works on.
    pub head: &'a Head,
    /// Why the bundle of the head cannot be taken at all.
    pub refused: Option<&'a str>,
    /// The objects of the bundle.
    pub items: &'a [Item],
    /// What was written.
    pub inventory: &'a Inventory,
    /// What is known of an object.
    pub sight: &'a dyn Fn(&ObjectId) -> Sight,
    /// What went wrong.
    pub faults: &'a HashMap<ObjectId, Fault>,
    /// What is left alone for now.
    pub waits: &'a [Wait],
    /// Whether anything is left to be done.
    pub idle: bool,
    /// What is wrong with the cluster as a whole.
    pub outage: Option<&'a str>,
}

/// When each object was first seen as it is.
#[derive(Debug, Default)]
pub struct Seen(HashMap<ObjectId, (Digest, Timestamp)>);

/// How far the agent is with a unit, and why not further.
#[must_use]
pub fn phase(facts: &Facts<'_>) -> (UnitPhase, String) {
    if let Some(reason) = facts.refused {
        return (UnitPhase::Failed, reason.to_owned());
    }
    if let Target::Tombstone(tombstone) = facts.head.target {
        return match facts.inventory.is_empty() && facts.idle {
            true => (UnitPhase::Deleted, String::new()),
            false => (UnitPhase::Deleting, why_not_gone(facts, tombstone)),
        };
    }
    let named = |wait: &&Wait| facts.items.iter().any(|item| item.object == wait.object);
    let blocked = facts.waits.iter().filter(named).find(|wait| wait.blocked);
    let mut faults: Vec<_> = facts.faults.iter().collect();
    faults.sort_by_key(|(object, fault)| (fault.passing, *object));
    if let Some((_, fault)) = faults.iter().find(|(_, fault)| !fault.passing) {
        return (UnitPhase::Failed, fault.message.clone());
    }
    if let Some(wait) = blocked {
        return (UnitPhase::Failed, about(wait));
    }
    if let Some(lost) = facts.inventory.iter().find(|entry| entry.lost) {
        return (
            UnitPhase::Failed,
            format!("{} has vanished and is not made again", lost.object),
        );
    }
    if let Some((_, fault)) = faults.first() {
        return (UnitPhase::Applying, fault.message.clone());
    }
    if let Some(wait) = facts.waits.iter().find(named) {
        return (UnitPhase::Applying, about(wait));
    }
    match (facts.idle, facts.outage) {
        (true, _) => (UnitPhase::Applied, String::new()),
        (false, outage) => (UnitPhase::Applying, outage.unwrap_or_default().to_owned()),
    }
}

fn why_not_gone(facts: &Facts<'_>, tombstone: Tombstone) -> String {
    let fault = facts
        .faults
        .values()
        .next()
        .map(|fault| fault.message.clone());
    let verb = match tombstone {
        Tombstone::Delete => "deleted",
        Tombstone::Release => "let go",
    };
    let left = || format!("{} objects are still to be {verb}", facts.inventory.len());
    fault
        .or_else(|| facts.waits.first().map(about))
        .or(facts.outage.map(str::to_owned))
        .unwrap_or_else(left)
}

fn about(wait: &Wait) -> String {
    format!("{}: {}", wait.object, wait.message)
}

/// The report of a unit. Epoch and sequence are the link's to set.
#[must_use]
pub fn report(facts: &Facts<'_>, seen: &mut Seen, now: Timestamp) -> StatusReport {
    let (phase, message) = phase(facts);
    let mut objects: Vec<ObjectReport> = facts
        .items
        .iter()
        .map(|item| object(facts, &item.id, &item.object, item.report_status))
        .collect();
    if matches!(facts.head.target, Target::Tombstone(_)) {
        // A tombstone names nothing: what is left of the unit is listed instead.
        let left = facts.inventory.iter().map(|entry| {
            let id = format!("{}-{}", entry.object.kind.kind, entry.object.name).to_lowercase();
            object(facts, &id, &entry.object, false)
        });
        objects = left.collect();
    }
    seen.0.retain(|id, _| {
        objects
            .iter()
            .any(|object| object.name == id.name && object.kind == id.kind.kind)
    });
    for object in &mut objects {
        seen.date(object, now);
    }
    StatusReport {
        unit: facts.head.unit.clone(),
        plane: facts.plane.clone(),
        epoch: 0,
        sequence: 0,
        revision: facts.head.revision,
        target: facts.head.target,
        phase,
        message,
        objects,
    }
}

fn object(facts: &Facts<'_>, id: &str, object: &ObjectId, with_status: bool) -> ObjectReport {
    let fault = facts.faults.get(object);
    let wait = facts.waits.iter().find(|wait| wait.object == *object);
    let entry = facts.inventory.find(object);
    let lost = entry.is_some_and(|entry| entry.lost);
    // What units share is not watched: that it was written is all that is known of it.
    let written = entry.is_some_and(|entry| entry.written.is_some());
    let shared = written
        && facts
            .items
            .iter()
            .any(|item| item.shared && item.object == *object);
    let parsed = |status: Option<&str>| {
        let status = status.filter(|_| with_status);
        status.and_then(|status| serde_json::from_str(status).ok())
    };
    let (health, told, status) = match (
        (facts.sight)(object),
        entry.and_then(|it| it.ending.as_ref()),
    ) {
        (Sight::Present(live), _) => (
            live.health,
            live.message.to_string(),
            parsed(live.status.as_deref()),
        ),
        (_, Some(ending)) => (
            ending.health,
            ending.message.clone(),
            parsed(ending.status.as_deref()),
        ),
        _ if shared => (Health::Healthy, String::new(), None),
        _ => (Health::Unknown, "is not there".to_owned(), None),
    };
    let message = match (fault, wait) {
        _ if lost => "has vanished and is not made again".to_owned(),
        (Some(fault), _) => fault.message.clone(),
        (None, Some(wait)) => wait.message.clone(),
        (None, None) => told,
    };
    ObjectReport {
        id: id.to_owned(),
        group: object.kind.group.clone(),
        version: object.kind.version.clone(),
        kind: object.kind.kind.clone(),
        namespace: object.namespace.clone(),
        name: object.name.clone(),
        health: if lost { Health::Degraded } else { health },
        message,
        failed: lost
            || fault.is_some_and(|fault| !fault.passing)
            || wait.is_some_and(|wait| wait.blocked),
        status,
        observed_at: Timestamp::UNIX_EPOCH,
    }
}

impl Seen {
    /// Dates an object: now, unless it was seen just so before.
    fn date(&mut self, object: &mut ObjectReport, now: Timestamp) {
        let kind = cluster::ApiKind::new(
            object.group.clone(),
            object.version.clone(),
            object.kind.clone(),
        );
        let id = ObjectId {
            kind: kind.into(),
            namespace: object.namespace.clone(),
            name: object.name.clone(),
        };
        let form = Digest::of(&serde_json::to_vec(object).expect("a report has string keys"));
        object.observed_at = match self.0.get(&id) {
            Some((known, since)) if *known == form => *since,
            _ => now,
        };
        self.0.insert(id, (form, object.observed_at));
    }
}

/// Digest of what a report says, whenever it says it: an equal one need not be sent.
#[must_use]
pub fn content(report: &StatusReport) -> Digest {
    Digest::of(&serde_json::to_vec(report).expect("a report has string keys"))
}
