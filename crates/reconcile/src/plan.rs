//! Step 10, pure: from what a unit should be, what the agent has written for it and what is there, to what is to be done.
//!
//! The plan says everything the executor may do: it never decides. An object is deleted only if it is in the inventory,
//! not in the bundle, the very life that was written, labelled as the unit's, and not to be kept.

mod prune;
mod want;

use cluster::{Force, ObjectId, Precondition};
use model::{Policy, Target, Tombstone, UnitId};

use crate::{
    inventory::{Entry, Inventory},
    live::Sight,
    stage::Stage,
    target::Item,
};

/// What a plan is made from.
pub struct Situation<'a> {
    /// The unit.
    pub unit: &'a UnitId,
    /// What its head says.
    pub target: Target,
    /// The objects of its bundle; none for a tombstone.
    pub items: &'a [Item],
    /// What the agent has written for it.
    pub inventory: &'a Inventory,
    /// What is known of an object.
    pub sight: &'a dyn Fn(&ObjectId) -> Sight,
    /// Why an object is left alone for now although it should be written for this reason: someone keeps changing it, or
    /// the cluster has just refused it.
    pub hold: &'a dyn Fn(&ObjectId, Reason) -> Option<String>,
    /// Why objects must not be made yet that were never made: a unit that comes first is not there.
    pub held: Option<String>,
    /// How many objects that the bundle no longer names may be deleted now.
    pub budget: usize,
}

/// Why an object is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// It is not there and was never written.
    New,
    /// It was written and is gone.
    Vanished,
    /// The bundle says something else now.
    Changed,
    /// Somebody has changed it.
    Drifted,
    /// It is there although the agent does not remember it.
    Adopted,
    /// It is there and no longer wanted.
    Unwanted,
}

impl Reason {
    /// Whether it repairs what others did, rather than following the bundle.
    #[must_use]
    pub const fn is_heal(self) -> bool {
        matches!(self, Self::Vanished | Self::Drifted)
    }
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Apply the object of the bundle.
    Apply {
        /// Whether other managers' fields are taken over.
        force: Force,
        /// Why.
        reason: Reason,
        /// Whether an autoscaler decides about the replicas.
        autoscaled: bool,
    },
    /// Make the object of the bundle, once and for all. One with the same owner, or with none as itself, is left as it is.
    Create,
    /// Delete an object that the bundle no longer names.
    Delete(Precondition),
    /// Take the owner label off an object that is let go.
    Release,
}

/// An object and what to do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The object.
    pub object: ObjectId,
    /// What to do.
    pub action: Action,
}

/// An object that is not as it should be, and nothing is done about it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// The object.
    pub object: ObjectId,
    /// What for.
    pub message: String,
    /// Whether it will not pass by itself.
    pub blocked: bool,
}

/// What to do for one unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Objects to write: stage by stage, those of one stage in any order.
    pub stages: Vec<(Stage, Vec<Step>)>,
    /// Objects to delete or release once all of the above have succeeded, those that others need last.
    pub prune: Vec<Vec<Step>>,
    /// Objects that are left alone for now.
    pub waits: Vec<Wait>,
    /// The inventory as it must be recorded before anything is done.
    pub inventory: Inventory,
}

impl Plan {
    /// Whether nothing is to be done.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.stages.is_empty() && self.prune.is_empty()
    }

    /// How many steps there are.
    #[must_use]
    pub fn len(&self) -> usize {
        let written: usize = self.stages.iter().map(|(_, steps)| steps.len()).sum();
        let pruned: usize = self.prune.iter().map(Vec::len).sum();
        written + pruned
    }

    /// Whether there is no step.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What is to be done for a unit.
#[must_use]
pub fn plan(situation: &Situation<'_>) -> Plan {
    let mut draft = Draft {
        inventory: situation.inventory.clone(),
        ..Draft::default()
    };
    for item in situation.items {
        want::item(situation, item, &mut draft);
    }
    match situation.target {
        Target::Bundle(_) => prune::leftovers(situation, &mut draft),
        Target::Tombstone(tombstone) => prune::everything(situation, tombstone, &mut draft),
    }
    let plan = draft.into_plan();
    debug_assert!(
        plan.prune.iter().flatten().all(|step| !situation
            .items
            .iter()
            .any(|it| it.object.is_same(&step.object))),
        "nothing that the bundle names is ever pruned"
    );
    plan
}

/// A plan in the making.
#[derive(Default)]
struct Draft {
    writes: Vec<(Stage, Step)>,
    prunes: Vec<(Stage, Step)>,
    waits: Vec<Wait>,
    inventory: Inventory,
}

impl Draft {
    fn write(&mut self, stage: Stage, object: &ObjectId, action: Action) {
        self.writes.push((
            stage,
            Step {
                object: object.clone(),
                action,
            },
        ));
    }

    fn prune(&mut self, object: &ObjectId, action: Action) {
        self.prunes.push((
            Stage::of(&object.kind),
            Step {
                object: object.clone(),
                action,
            },
        ));
    }

    fn wait(&mut self, object: &ObjectId, message: impl Into<String>) {
        self.waits.push(Wait {
            object: object.clone(),
            message: message.into(),
            blocked: false,
        });
    }

    fn block(&mut self, object: &ObjectId, message: impl Into<String>) {
        self.waits.push(Wait {
            object: object.clone(),
            message: message.into(),
            blocked: true,
        });
    }

    /// Remembers an object before it is written.
    fn begin(&mut self, object: &ObjectId, policy: Policy) {
        match self.inventory.find_mut(object) {
            Some(entry) => {
                entry.policy = policy;
                entry.object = object.clone();
            }
            None => self.inventory.put(Entry::begun(object.clone(), policy)),
        }
    }

    fn into_plan(self) -> Plan {
        let group = |steps: Vec<(Stage, Step)>| {
            let stages = Stage::ALL.iter().map(move |stage| {
                let chosen = steps
                    .iter()
                    .filter(|(it, _)| it == stage)
                    .map(|(_, step)| step.clone());
                (*stage, chosen.collect::<Vec<_>>())
            });
            stages
                .filter(|(_, steps)| !steps.is_empty())
                .collect::<Vec<_>>()
        };
        let prune = group(self.prunes)
            .into_iter()
            .rev()
            .map(|(_, steps)| steps)
            .collect();
        Plan {
            stages: group(self.writes),
            prune,
            waits: self.waits,
            inventory: self.inventory,
        }
    }
}

/// Whether a live object is the unit's, as far as its labels say.
fn is_ours(unit: &UnitId, owner: Option<&str>) -> bool {
    owner == Some(unit.as_str())
}

/// Whether a tombstone wants the objects gone.
const fn deletes(tombstone: Tombstone) -> bool {
    matches!(tombstone, Tombstone::Delete)
}

#[cfg(test)]
mod tests;
