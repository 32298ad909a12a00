//! What the agent keeps of the live objects: a few words each, made when an event arrives.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use serde_json::{Value, json};

use cluster::{ApiKind, Event, ObjectId};
use model::{Health, label};

use crate::{health, owned, target};

/// Largest live status that is kept, in bytes of JSON.
const LARGEST_STATUS: usize = 16 * 1024;

/// A live object, reduced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// Its life.
    pub uid: Box<str>,
    /// Its version, as the server writes it.
    pub version: Box<str>,
    /// Hash of the fields that we own.
    pub owned: u64,
    /// The unit that it says it belongs to; its label where that is all it has.
    pub unit: Option<Box<str>>,
    /// What its deletion waits for, if it is being deleted.
    pub deleting: Option<Box<str>>,
    /// Whether an autoscaler decides about its replicas.
    pub autoscaled: bool,
    /// Who else has written its fields last.
    pub other_manager: Option<Box<str>>,
    /// How it fares.
    pub health: Health,
    /// Why.
    pub message: Box<str>,
    /// Its status, as JSON.
    pub status: Option<Box<str>>,
    /// Whether it has run to its end.
    pub ended: bool,
}

impl Live {
    /// What is kept of an object.
    #[must_use]
    pub fn of(object: &Value) -> Self {
        let metadata = |name: &str| object["metadata"][name].as_str().unwrap_or_default();
        let verdict = health::of(object);
        let unit = target::owner(object).or(object["metadata"]["labels"][label::UNIT].as_str());
        let deleting = object["metadata"]
            .get("deletionTimestamp")
            .map(|_| health::deletion(object).into());
        Self {
            uid: metadata("uid").into(),
            version: metadata("resourceVersion").into(),
            owned: owned::hash(object),
            unit: unit.map(Into::into),
            deleting,
            autoscaled: owned::is_autoscaled(object),
            other_manager: owned::other_manager(object).map(Into::into),
            health: verdict.health,
            message: verdict.message.into(),
            status: status(object),
            ended: health::has_ended(object),
        }
    }

    /// Whether `self` is a later state of the same life than `other`. Versions of one object grow; where the server
    /// writes them as no number, the order of arrival counts.
    fn is_older(&self, other: &Self) -> bool {
        let number = |live: &Self| live.version.parse::<u64>().ok();
        self.uid == other.uid
            && matches!((number(self), number(other)), (Some(mine), Some(theirs)) if mine < theirs)
    }
}

/// The status that is reported: that of a workflow without what only its controller needs, any other as it is.
fn status(object: &Value) -> Option<Box<str>> {
    let status = object
        .get("status")
        .filter(|it| it.as_object().is_some_and(|it| !it.is_empty()))?;
    if object["kind"] == "Workflow"
        && object["apiVersion"]
            .as_str()
            .is_some_and(|it| it.starts_with("argoproj.io/"))
    {
        return Some(workflow_status(status).into());
    }
    let text = status.to_string();
    (text.len() <= LARGEST_STATUS).then(|| text.into())
}

fn workflow_status(status: &Value) -> String {
    let mut reduced = json!({});
    for name in ["phase", "startedAt", "finishedAt", "message", "progress"] {
        if let Some(value) = status.get(name).filter(|it| !it.is_null()) {
            reduced[name] = value.clone();
        }
    }
    let pods = status
        .get("nodes")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let mut size = reduced.to_string().len();
    let mut nodes = serde_json::Map::new();
    for (id, node) in pods.filter(|(_, node)| node["type"] == "Pod") {
        let mut kept = json!({});
        for name in [
            "id",
            "type",
            "name",
            "displayName",
            "phase",
            "startedAt",
            "finishedAt",
            "message",
        ] {
            if let Some(value) = node.get(name).filter(|it| !it.is_null()) {
                kept[name] = value.clone();
            }
        }
        size += kept.to_string().len() + id.len() + 4;
        if size > LARGEST_STATUS {
            reduced["truncated"] = true.into();
            break;
        }
        nodes.insert(id.clone(), kept);
    }
    reduced["nodes"] = nodes.into();
    reduced.to_string()
}

/// What is known of an object that the agent looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// Its kind is not listed yet, so nobody can say.
    Unseen,
    /// It is not there, or the cluster does not serve its kind.
    Absent,
    /// It is there.
    Present(Arc<Live>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listing {
    /// The first list is under way, or has not begun.
    Unseen,
    /// It is known what there is.
    Listed,
    /// The cluster does not serve the kind.
    NotServed,
}

#[derive(Debug)]
struct OfKind {
    listing: Listing,
    objects: HashMap<ObjectId, Arc<Live>>,
    /// Those that were not named since a new list began.
    unnamed: Option<HashSet<ObjectId>>,
}

impl Default for OfKind {
    fn default() -> Self {
        Self {
            listing: Listing::Unseen,
            objects: HashMap::new(),
            unnamed: None,
        }
    }
}

/// Every live object that carries an owner label, of the kinds that are watched.
#[derive(Debug, Default)]
pub struct Cache(HashMap<Arc<ApiKind>, OfKind>);

/// What an event touches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Touched {
    /// Objects that have changed, come or gone, with the unit that they belong or belonged to.
    pub objects: Vec<(ObjectId, Option<Box<str>>)>,
    /// A kind of which it is now known what there is, or that it is not served.
    pub settled: Option<Arc<ApiKind>>,
}

impl Cache {
    /// What is known of an object.
    #[must_use]
    pub fn sight(&self, id: &ObjectId) -> Sight {
        let Some(of_kind) = self.0.get(&id.kind) else {
            return Sight::Unseen;
        };
        match (of_kind.objects.get(id), of_kind.listing) {
            (Some(live), _) => Sight::Present(live.clone()),
            (None, Listing::Unseen) => Sight::Unseen,
            (None, Listing::Listed | Listing::NotServed) => Sight::Absent,
        }
    }

    /// The objects that say they belong to a unit.
    pub fn owned_by<'a>(
        &'a self,
        unit: &'a str,
    ) -> impl Iterator<Item = (&'a ObjectId, &'a Arc<Live>)> {
        let all = self.0.values().flat_map(|of_kind| &of_kind.objects);
        all.filter(move |(_, live)| live.unit.as_deref() == Some(unit))
    }

    /// Whether it is known of a kind what there is.
    #[must_use]
    pub fn is_settled(&self, kind: &ApiKind) -> bool {
        self.0
            .get(kind)
            .is_some_and(|it| it.listing != Listing::Unseen)
    }

    /// How many objects are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.values().map(|it| it.objects.len()).sum()
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets kinds that are not watched any more.
    pub fn keep_kinds(&mut self, kinds: &[Arc<ApiKind>]) {
        self.0.retain(|kind, _| kinds.contains(kind));
    }

    /// Takes in an object that the agent has just written or read, unless a later state is known.
    pub fn put(&mut self, id: ObjectId, live: Live) {
        let of_kind = self.0.entry(id.kind.clone()).or_default();
        if of_kind
            .objects
            .get(&id)
            .is_none_or(|known| !live.is_older(known))
        {
            of_kind.objects.insert(id, Arc::new(live));
        }
    }

    /// Takes in what a watch says, and gives what it touches.
    pub fn take(&mut self, event: Event<Live>) -> Touched {
        match event {
            Event::Listing(kind) => {
                let of_kind = self.0.entry(kind).or_default();
                of_kind.unnamed = Some(of_kind.objects.keys().cloned().collect());
                Touched::default()
            }
            Event::Put(id, live) => self.take_put(id, live),
            Event::Gone { id, uid } => {
                let Some(of_kind) = self.0.get_mut(&id.kind) else {
                    return Touched::default();
                };
                if of_kind
                    .objects
                    .get(&id)
                    .is_none_or(|live| *live.uid != *uid)
                {
                    return Touched::default();
                }
                let gone = of_kind.objects.remove(&id);
                let unit = gone.and_then(|live| live.unit.clone());
                Touched {
                    objects: vec![(id, unit)],
                    settled: None,
                }
            }
            Event::Listed(kind) => self.take_listed(kind),
            Event::Failed(kind, error) => {
                if !matches!(error, cluster::Error::UnknownApi(_)) {
                    return Touched::default();
                }
                let of_kind = self.0.entry(kind.clone()).or_default();
                let news = std::mem::replace(&mut of_kind.listing, Listing::NotServed)
                    != Listing::NotServed;
                let gone = of_kind
                    .objects
                    .drain()
                    .map(|(id, live)| (id, live.unit.clone()))
                    .collect();
                Touched {
                    objects: gone,
                    settled: news.then_some(kind),
                }
            }
        }
    }

    fn take_put(&mut self, id: ObjectId, live: Live) -> Touched {
        let of_kind = self.0.entry(id.kind.clone()).or_default();
        if let Some(unnamed) = &mut of_kind.unnamed {
            unnamed.remove(&id);
        }
        let known = of_kind.objects.get(&id);
        if known.is_some_and(|known| **known == live || live.is_older(known)) {
            return Touched::default();
        }
        let unit = live
            .unit
            .clone()
            .or_else(|| known.and_then(|known| known.unit.clone()));
        of_kind.objects.insert(id.clone(), Arc::new(live));
        Touched {
            objects: vec![(id, unit)],
            settled: None,
        }
    }

    fn take_listed(&mut self, kind: Arc<ApiKind>) -> Touched {
        let of_kind = self.0.entry(kind.clone()).or_default();
        let unnamed = of_kind.unnamed.take().unwrap_or_default();
        let gone = unnamed.into_iter().filter_map(|id| {
            let live = of_kind.objects.remove(&id)?;
            Some((id, live.unit.clone()))
        });
        let objects = gone.collect();
        let news = std::mem::replace(&mut of_kind.listing, Listing::Listed) != Listing::Listed;
        Touched {
            objects,
            settled: news.then_some(kind),
        }
    }
}

#[cfg(test)]
mod tests;
