//! What is to be done about objects that the agent has written and the bundle does not name.

use cluster::Precondition;
use model::{Policy, Tombstone};

use super::{Action, Draft, Reason, Situation, deletes, is_ours};
use crate::{inventory::Entry, live::Sight};

/// Namespaces that are never deleted, whoever asks: a cluster does not work without them.
const PROTECTED: [&str; 5] = [
    "default",
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "quintet-system",
];

/// Objects of an earlier bundle of a unit that lives on. Nothing is deleted while a replacement is not there.
pub(super) fn leftovers(situation: &Situation<'_>, draft: &mut Draft) {
    let named = |entry: &&Entry| {
        !situation
            .items
            .iter()
            .any(|item| item.object.is_same(&entry.object))
    };
    let leftovers: Vec<&Entry> = situation.inventory.iter().filter(named).collect();
    let replaced = draft.waits.is_empty();
    let mut budget = situation.budget;
    for entry in leftovers {
        match fate(situation, entry) {
            Fate::Forget => draft.inventory.remove(&entry.object),
            Fate::Unknown => {
                draft.wait(&entry.object, "the cluster has not said yet what there is")
            }
            Fate::Going(message) => draft.wait(&entry.object, message),
            Fate::Delete(_) if !replaced => {
                draft.wait(
                    &entry.object,
                    "is deleted once the objects that replace it are there",
                );
            }
            Fate::Delete(_) if budget == 0 => {
                draft.wait(
                    &entry.object,
                    "waits to be deleted: the budget of deletions is used up for now",
                );
            }
            Fate::Delete(precondition) => {
                budget -= 1;
                draft.prune(&entry.object, Action::Delete(precondition));
            }
        }
    }
}

/// All objects of a unit that is gone.
pub(super) fn everything(situation: &Situation<'_>, tombstone: Tombstone, draft: &mut Draft) {
    for entry in situation.inventory.iter() {
        match fate(situation, entry) {
            Fate::Forget => draft.inventory.remove(&entry.object),
            Fate::Unknown => {
                draft.wait(&entry.object, "the cluster has not said yet what there is")
            }
            Fate::Going(message) if deletes(tombstone) || is_held(situation, entry) => {
                draft.wait(&entry.object, message);
            }
            Fate::Delete(precondition) if deletes(tombstone) => {
                draft.prune(&entry.object, Action::Delete(precondition));
            }
            Fate::Going(_) | Fate::Delete(_) => draft.prune(&entry.object, Action::Release),
        }
    }
}

fn is_held(situation: &Situation<'_>, entry: &Entry) -> bool {
    (situation.hold)(&entry.object, Reason::Unwanted).is_some()
}

enum Fate {
    /// It is gone, not ours, or to be kept.
    Forget,
    /// Nobody can say yet.
    Unknown,
    /// It is being deleted already, or that has just failed.
    Going(String),
    /// It may be deleted.
    Delete(Precondition),
}

fn fate(situation: &Situation<'_>, entry: &Entry) -> Fate {
    let live = match (situation.sight)(&entry.object) {
        Sight::Unseen => return Fate::Unknown,
        Sight::Absent => return Fate::Forget,
        Sight::Present(live) => live,
    };
    let same_life = entry.uid.is_empty() || entry.uid == *live.uid;
    let is_namespace = entry.object.kind.group.is_empty() && entry.object.kind.kind == "Namespace";
    let protected = is_namespace && PROTECTED.contains(&entry.object.name.as_str());
    let kept = entry.policy == Policy::Keep || protected;
    if !same_life || kept || !is_ours(situation.unit, live.unit.as_deref()) {
        return Fate::Forget;
    }
    let held = || (situation.hold)(&entry.object, Reason::Unwanted);
    match live.deleting.as_deref().map(str::to_owned).or_else(held) {
        Some(message) => Fate::Going(message),
        None => Fate::Delete(Precondition {
            uid: live.uid.to_string(),
            resource_version: live.version.to_string(),
        }),
    }
}
