//! What is to be done about an object that the bundle names.

use cluster::Force;
use model::{Policy, label};

use super::{Action, Draft, Reason, Situation, is_ours};
use crate::{
    inventory::{Ending, Entry},
    live::{Live, Sight},
    target::Item,
};

pub(super) fn item(situation: &Situation<'_>, item: &Item, draft: &mut Draft) {
    match item.policy {
        _ if item.shared => shared(situation, item, draft),
        Policy::Managed | Policy::Keep => managed(situation, item, draft),
        Policy::Once => once(situation, item, draft),
    }
}

fn managed(situation: &Situation<'_>, item: &Item, draft: &mut Draft) {
    let entry = situation.inventory.find(&item.object);
    let written = entry.is_some_and(|entry| entry.written.is_some());
    if let (Some(reason), false) = (&situation.held, written) {
        return draft.wait(&item.object, reason.clone());
    }
    let (reason, force, autoscaled) = match (situation.sight)(&item.object) {
        Sight::Unseen => match entry {
            // It was written as the bundle says; whether it still is so will be known soon.
            Some(entry) if entry.written == Some(item.digest) => {
                return draft.wait(&item.object, "the cluster has not said yet what there is");
            }
            Some(_) => (Reason::Changed, Force::Yes, false),
            None => (Reason::New, Force::No, false),
        },
        Sight::Absent => match written {
            true => (Reason::Vanished, Force::No, false),
            false => (Reason::New, Force::No, false),
        },
        Sight::Present(live) => match compare(situation, item, entry, &live) {
            Compared::Same => {
                draft.begin(&item.object, item.policy);
                return;
            }
            Compared::Waits(message) => return draft.wait(&item.object, message),
            Compared::Foreign(message) => return draft.block(&item.object, message),
            Compared::Differs(reason, force) => (reason, force, live.autoscaled),
        },
    };
    if let Some(message) = (situation.hold)(&item.object, reason) {
        return draft.wait(&item.object, message);
    }
    draft.begin(&item.object, item.policy);
    draft.write(
        item.stage,
        &item.object,
        Action::Apply {
            force,
            reason,
            autoscaled,
        },
    );
}

enum Compared {
    Same,
    Differs(Reason, Force),
    Waits(String),
    Foreign(String),
}

fn compare(situation: &Situation<'_>, item: &Item, entry: Option<&Entry>, live: &Live) -> Compared {
    if let Some(owner) = live.unit.as_deref()
        && !is_ours(situation.unit, Some(owner))
        && owner != situation.unit.label_value()
    {
        let owner = if owner.contains('.') {
            owner
        } else {
            "another unit"
        };
        return Compared::Foreign(format!("it belongs to {owner}"));
    }
    if let Some(deleting) = &live.deleting {
        return Compared::Waits(deleting.to_string());
    }
    let ours = live.unit.is_some();
    let Some(entry) = entry.filter(|entry| entry.uid == *live.uid) else {
        // Another life, or one that is not remembered: ours if it says so, else only where nobody objects.
        let force = if ours { Force::Yes } else { Force::No };
        return Compared::Differs(Reason::Adopted, force);
    };
    if entry.written != Some(item.digest) {
        return Compared::Differs(Reason::Changed, Force::Yes);
    }
    if entry.owned != live.owned || !ours {
        return Compared::Differs(Reason::Drifted, Force::Yes);
    }
    Compared::Same
}

/// An object that units share: the first to come makes it, and whoever changes it then is left alone.
///
/// It carries no owner label, so nobody watches it.
fn shared(situation: &Situation<'_>, item: &Item, draft: &mut Draft) {
    let entry = situation.inventory.find(&item.object);
    if entry.is_some_and(|entry| entry.written.is_some()) {
        return draft.begin(&item.object, item.policy);
    }
    let held = situation.held.clone();
    if let Some(message) = held.or_else(|| (situation.hold)(&item.object, Reason::New)) {
        return draft.wait(&item.object, message);
    }
    draft.begin(&item.object, item.policy);
    draft.write(item.stage, &item.object, Action::Create);
}

/// An object that is made once: never again, whatever became of it.
fn once(situation: &Situation<'_>, item: &Item, draft: &mut Draft) {
    let sight = (situation.sight)(&item.object);
    match (situation.inventory.find(&item.object), sight) {
        (None, Sight::Absent) => match situation
            .held
            .clone()
            .or_else(|| (situation.hold)(&item.object, Reason::New))
        {
            Some(reason) => draft.wait(&item.object, reason),
            None => {
                draft.begin(&item.object, item.policy);
                draft.write(item.stage, &item.object, Action::Create);
            }
        },
        (_, Sight::Unseen) => {
            draft.wait(&item.object, "the cluster has not said yet what there is")
        }
        (None, Sight::Present(live)) if is_ours(situation.unit, live.unit.as_deref()) => {
            draft.begin(&item.object, item.policy);
            remember(draft, item, &live);
        }
        (None, Sight::Present(_)) => {
            draft.block(
                &item.object,
                format!(
                    "an object of this name exists without the label {}",
                    label::UNIT
                ),
            );
        }
        (Some(entry), Sight::Present(live))
            if entry.uid == *live.uid
                || entry.uid.is_empty() && is_ours(situation.unit, live.unit.as_deref()) =>
        {
            if !entry.lost {
                remember(draft, item, &live);
            }
        }
        (Some(entry), Sight::Present(_) | Sight::Absent) if entry.ending.is_some() => {}
        (Some(_), Sight::Present(_) | Sight::Absent) => {
            if let Some(entry) = draft.inventory.find_mut(&item.object) {
                entry.lost = true;
            }
        }
    }
}

fn remember(draft: &mut Draft, item: &Item, live: &Live) {
    if let Some(entry) = draft.inventory.find_mut(&item.object) {
        entry.uid = live.uid.to_string();
        entry.written = Some(item.digest);
        if live.ended && entry.ending.is_none() {
            entry.ending = Some(Ending {
                health: live.health,
                message: live.message.to_string(),
                status: live.status.as_deref().map(str::to_owned),
            });
        }
    }
}
