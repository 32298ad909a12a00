use std::{collections::HashMap, sync::Arc};

use proptest::prelude::*;

use cluster::ApiKind;
use model::{Digest, Health};

use super::*;
use crate::live::Live;

const UNIT: &str = "releasebinding.default.a-development";

fn unit() -> UnitId {
    UNIT.parse().unwrap()
}

fn object(name: &str) -> ObjectId {
    let kind = if name.starts_with("ns") {
        ApiKind::new("", "v1", "Namespace")
    } else {
        ApiKind::new("apps", "v1", "Deployment")
    };
    ObjectId {
        kind: Arc::new(kind),
        namespace: None,
        name: name.into(),
    }
}

fn item(name: &str, text: &str, policy: Policy) -> Item {
    let object = object(name);
    Item {
        id: name.into(),
        stage: Stage::of(&object.kind),
        object,
        policy,
        report_status: false,
        shared: false,
        digest: Digest::of(text.as_bytes()),
    }
}

fn live(uid: &str, owned: u64, owner: Option<&str>) -> Sight {
    Sight::Present(Arc::new(Live {
        uid: uid.into(),
        version: "1".into(),
        owned,
        unit: owner.map(Into::into),
        deleting: None,
        autoscaled: false,
        other_manager: None,
        health: Health::Healthy,
        message: "".into(),
        status: None,
        ended: false,
    }))
}

fn entry(name: &str, uid: &str, text: &str, owned: u64) -> Entry {
    Entry {
        uid: uid.into(),
        written: (!text.is_empty()).then(|| Digest::of(text.as_bytes())),
        owned,
        ..Entry::begun(object(name), Policy::Managed)
    }
}

/// A situation in a few words.
#[derive(Debug, Clone)]
struct Case {
    items: Vec<Item>,
    inventory: Inventory,
    sights: HashMap<String, Sight>,
    tombstone: Option<Tombstone>,
    budget: usize,
    held: Option<String>,
}

impl Case {
    fn new(items: &[Item], entries: &[Entry], sights: &[(&str, Sight)]) -> Self {
        let mut inventory = Inventory::default();
        entries
            .iter()
            .for_each(|entry| inventory.put(entry.clone()));
        let sights = sights
            .iter()
            .map(|(name, sight)| ((*name).to_owned(), sight.clone()))
            .collect();
        Self {
            items: items.to_vec(),
            inventory,
            sights,
            tombstone: None,
            budget: 10,
            held: None,
        }
    }

    fn plan(&self) -> Plan {
        let sight = |id: &ObjectId| self.sights.get(&id.name).cloned().unwrap_or(Sight::Absent);
        plan(&Situation {
            unit: &unit(),
            target: self
                .tombstone
                .map_or(Target::Bundle(Digest::of(b"")), Target::Tombstone),
            items: &self.items,
            inventory: &self.inventory,
            sight: &sight,
            hold: &|_, _| None,
            held: self.held.clone(),
            budget: self.budget,
        })
    }
}

fn written(plan: &Plan) -> Vec<(String, Action)> {
    let steps = plan.stages.iter().flat_map(|(_, steps)| steps);
    steps
        .map(|step| (step.object.name.clone(), step.action.clone()))
        .collect()
}

fn deleted(plan: &Plan) -> Vec<String> {
    plan.prune
        .iter()
        .flatten()
        .map(|step| step.object.name.clone())
        .collect()
}

fn apply(force: Force, reason: Reason) -> Action {
    Action::Apply {
        force,
        reason,
        autoscaled: false,
    }
}

#[test]
fn an_object_is_written_for_a_reason_only() {
    let check = |entries: &[Entry], sight: Sight, expected: Option<Action>| {
        let case = Case::new(
            &[item("a", "new", Policy::Managed)],
            entries,
            &[("a", sight)],
        );
        let steps = written(&case.plan());
        assert_eq!(steps.first().map(|(_, action)| action.clone()), expected);
    };
    let ours = |uid: &str, owned: u64| live(uid, owned, Some(UNIT));
    check(&[], Sight::Absent, Some(apply(Force::No, Reason::New)));
    check(&[], Sight::Unseen, Some(apply(Force::No, Reason::New)));
    check(&[], ours("u", 1), Some(apply(Force::Yes, Reason::Adopted)));
    check(
        &[],
        live("u", 1, None),
        Some(apply(Force::No, Reason::Adopted)),
    );
    check(&[], live("u", 1, Some("component.x.y")), None);
    check(&[entry("a", "u", "new", 1)], ours("u", 1), None);
    check(&[entry("a", "u", "new", 1)], Sight::Unseen, None);
    check(
        &[entry("a", "u", "old", 1)],
        ours("u", 1),
        Some(apply(Force::Yes, Reason::Changed)),
    );
    check(
        &[entry("a", "u", "old", 1)],
        Sight::Unseen,
        Some(apply(Force::Yes, Reason::Changed)),
    );
    check(
        &[entry("a", "u", "new", 1)],
        ours("u", 2),
        Some(apply(Force::Yes, Reason::Drifted)),
    );
    check(
        &[entry("a", "u", "new", 1)],
        Sight::Absent,
        Some(apply(Force::No, Reason::Vanished)),
    );
    check(
        &[entry("a", "u", "new", 1)],
        ours("v", 1),
        Some(apply(Force::Yes, Reason::Adopted)),
    );
}

#[test]
fn what_others_need_is_written_first_and_deleted_last() {
    let items = [
        item("a", "x", Policy::Managed),
        item("ns", "x", Policy::Managed),
    ];
    let plan = Case::new(&items, &[], &[]).plan();
    assert_eq!(
        plan.stages
            .iter()
            .map(|(stage, _)| *stage)
            .collect::<Vec<_>>(),
        [Stage::Foundations, Stage::Workloads]
    );
    assert_eq!(
        plan.inventory.len(),
        2,
        "what is about to be written is remembered before"
    );
    let entries = [entry("ns", "u", "x", 1), entry("a", "v", "x", 1)];
    let sights = [
        ("ns", live("u", 1, Some(UNIT))),
        ("a", live("v", 1, Some(UNIT))),
    ];
    let mut case = Case::new(&[], &entries, &sights);
    case.tombstone = Some(Tombstone::Delete);
    case.budget = 0;
    assert_eq!(deleted(&case.plan()), ["a", "ns"]);
}

#[test]
fn a_deletion_needs_identity() {
    let check = |entry: Entry, sight: Sight, expected: &[&str], left: usize| {
        let case = Case::new(&[], &[entry], &[("a", sight)]);
        let plan = case.plan();
        assert_eq!(deleted(&plan), expected);
        assert_eq!(plan.inventory.len(), left);
    };
    let known = || entry("a", "u", "x", 1);
    check(known(), live("u", 9, Some(UNIT)), &["a"], 1);
    check(known(), live("another life", 1, Some(UNIT)), &[], 0);
    check(known(), live("u", 1, Some("component.x.y")), &[], 0);
    check(known(), live("u", 1, None), &[], 0);
    check(known(), Sight::Absent, &[], 0);
    check(known(), Sight::Unseen, &[], 1);
    check(
        Entry {
            policy: Policy::Keep,
            ..known()
        },
        live("u", 1, Some(UNIT)),
        &[],
        0,
    );
    check(entry("a", "", "", 0), live("u", 1, Some(UNIT)), &["a"], 1);
}

#[test]
fn nothing_is_pruned_while_a_replacement_waits_or_the_budget_is_used_up() {
    let entries = [entry("old", "u", "x", 1), entry("older", "v", "x", 1)];
    let sights = [
        ("old", live("u", 1, Some(UNIT))),
        ("older", live("v", 1, Some(UNIT))),
    ];
    let mut case = Case::new(&[item("a", "x", Policy::Managed)], &entries, &sights);
    case.budget = 1;
    assert_eq!(deleted(&case.plan()), ["old"]);
    case.held = Some("waits for the cell".into());
    let plan = case.plan();
    assert_eq!((written(&plan).len(), deleted(&plan).len()), (0, 0));
    assert_eq!(plan.waits.len(), 3);
}

#[test]
fn a_namespace_that_the_cluster_needs_is_let_go() {
    let mut known = entry("ns", "u", "x", 1);
    known.object.name = "kube-system".into();
    let mut case = Case::new(&[], &[known], &[("kube-system", live("u", 1, Some(UNIT)))]);
    case.tombstone = Some(Tombstone::Delete);
    assert!(case.plan().is_idle());
}

#[test]
fn what_is_made_once_is_never_made_again() {
    let check = |entries: &[Entry], sight: Sight, created: bool, lost: bool| {
        let case = Case::new(&[item("a", "x", Policy::Once)], entries, &[("a", sight)]);
        let plan = case.plan();
        assert_eq!(
            written(&plan),
            if created {
                vec![("a".to_owned(), Action::Create)]
            } else {
                vec![]
            }
        );
        assert_eq!(
            plan.inventory.find(&object("a")).is_some_and(|it| it.lost),
            lost
        );
    };
    check(&[], Sight::Absent, true, false);
    check(&[], Sight::Unseen, false, false);
    check(&[], live("u", 0, Some(UNIT)), false, false);
    check(
        &[entry("a", "", "", 0)],
        live("u", 0, Some(UNIT)),
        false,
        false,
    );
    check(
        &[entry("a", "u", "x", 0)],
        live("u", 9, Some(UNIT)),
        false,
        false,
    );
    check(&[entry("a", "u", "x", 0)], Sight::Absent, false, true);
    check(&[entry("a", "", "", 0)], Sight::Absent, false, true);
    check(
        &[entry("a", "u", "x", 0)],
        live("another life", 0, Some(UNIT)),
        false,
        true,
    );
}

#[test]
fn what_has_ended_is_not_lost_when_it_is_cleared_away() {
    let Sight::Present(running) = live("u", 0, Some(UNIT)) else {
        unreachable!()
    };
    let ended = Live {
        ended: true,
        status: Some("{}".into()),
        ..(*running).clone()
    };
    let case = |entry: Entry, sight: Sight| {
        Case::new(&[item("a", "x", Policy::Once)], &[entry], &[("a", sight)]).plan()
    };
    let plan = case(entry("a", "u", "x", 0), Sight::Present(Arc::new(ended)));
    let known = plan.inventory.find(&object("a")).unwrap().clone();
    assert_eq!(known.ending.as_ref().unwrap().status.as_deref(), Some("{}"));
    let plan = case(known.clone(), Sight::Absent);
    assert_eq!(
        (plan.is_idle(), plan.inventory.find(&object("a"))),
        (true, Some(&known))
    );
}

#[test]
fn what_units_share_is_made_once_and_never_changed_or_deleted() {
    let check = |entries: &[Entry], expected: Option<Action>| {
        let shared = Item {
            shared: true,
            ..item("a", "x", Policy::Keep)
        };
        let plan = Case::new(&[shared], entries, &[("a", Sight::Unseen)]).plan();
        assert_eq!(
            written(&plan).first().map(|(_, action)| action.clone()),
            expected
        );
    };
    check(&[], Some(Action::Create));
    check(&[entry("a", "u", "x", 1)], None);
    check(&[entry("a", "u", "old", 1)], None);
    let left = Entry {
        policy: Policy::Keep,
        ..entry("a", "u", "x", 1)
    };
    let plan = Case::new(&[], &[left], &[("a", live("u", 1, None))]).plan();
    assert!(plan.is_idle() && plan.inventory.is_empty());
}

#[test]
fn a_release_takes_the_labels_off_and_deletes_nothing() {
    let mut case = Case::new(
        &[],
        &[entry("a", "u", "x", 1)],
        &[("a", live("u", 1, Some(UNIT)))],
    );
    case.tombstone = Some(Tombstone::Release);
    let plan = case.plan();
    assert_eq!(plan.prune[0][0].action, Action::Release);
}

#[test]
fn a_contested_object_is_left_alone_for_a_while() {
    let items = [item("a", "x", Policy::Managed)];
    let inventory = Case::new(&[], &[entry("a", "u", "x", 1)], &[]).inventory;
    let plan = plan(&Situation {
        unit: &unit(),
        target: Target::Bundle(Digest::of(b"")),
        items: &items,
        inventory: &inventory,
        sight: &|_| live("u", 2, Some(UNIT)),
        hold: &|_, _| Some("argo changes it again and again".into()),
        held: None,
        budget: 10,
    });
    assert!(plan.is_idle());
    assert_eq!(plan.waits[0].message, "argo changes it again and again");
}

fn any_sight() -> impl Strategy<Value = Sight> {
    prop_oneof![
        Just(Sight::Unseen),
        Just(Sight::Absent),
        (
            "[uv]",
            0..3_u64,
            prop_oneof![Just(None), Just(Some(UNIT)), Just(Some("component.x.y"))]
        )
            .prop_map(|(uid, owned, owner)| live(&uid, owned, owner)),
    ]
}

fn any_case() -> impl Strategy<Value = Case> {
    let policy = prop_oneof![
        Just(Policy::Managed),
        Just(Policy::Once),
        Just(Policy::Keep)
    ];
    let one = ("[ab]", "[xy]", policy.clone());
    let items = prop::collection::btree_map("[a-d]|ns", one, 0..4);
    let entries = prop::collection::vec(("[a-f]|ns", "[uv]?", "[xy]?", 0..3_u64, policy), 0..5);
    let sights = prop::collection::hash_map("[a-f]|ns", any_sight(), 0..6);
    let tombstone = prop_oneof![
        Just(None),
        Just(Some(Tombstone::Delete)),
        Just(Some(Tombstone::Release))
    ];
    (items, entries, sights, tombstone, 0..3_usize).prop_map(
        |(items, entries, sights, tombstone, budget)| {
            let items = if tombstone.is_some() {
                Default::default()
            } else {
                items
            };
            let items: Vec<Item> = items
                .iter()
                .map(|(name, (_, text, policy))| item(name, text, *policy))
                .collect();
            let mut inventory = Inventory::default();
            for (name, uid, text, owned, policy) in entries {
                inventory.put(Entry {
                    policy,
                    ..entry(&name, &uid, &text, owned)
                });
            }
            Case {
                items,
                inventory,
                sights,
                tombstone,
                budget,
                held: None,
            }
        },
    )
}

proptest! {
    #[test]
    fn no_unjust_delete(case in any_case()) {
        let plan = case.plan();
        for step in plan.prune.iter().flatten() {
            let entry = case.inventory.find(&step.object).expect("only what was in the inventory is pruned");
            let Sight::Present(live) = &case.sights[&step.object.name] else { panic!("only what is there") };
            prop_assert!(entry.uid.is_empty() || *entry.uid == *live.uid);
            prop_assert_eq!(live.unit.as_deref(), Some(UNIT));
            prop_assert!(entry.policy != Policy::Keep);
            prop_assert!(!case.items.iter().any(|item| item.object == step.object));
        }
        if case.tombstone.is_none() {
            prop_assert!(deleted(&plan).len() <= case.budget);
        }
    }

    #[test]
    fn whatever_is_written_was_remembered_before(case in any_case()) {
        let plan = case.plan();
        for step in plan.stages.iter().flat_map(|(_, steps)| steps) {
            prop_assert!(plan.inventory.find(&step.object).is_some());
            if step.action == Action::Create {
                prop_assert!(case.inventory.find(&step.object).is_none());
            }
        }
    }

    /// Carrying a plan out on a cluster without faults leaves nothing to do but what waits for something.
    #[test]
    fn a_plan_that_was_carried_out_leaves_nothing_to_do(mut case in any_case()) {
        for sight in case.sights.values_mut() {
            if *sight == Sight::Unseen {
                *sight = Sight::Absent;
            }
        }
        case.budget = 100;
        for _ in 0..3 {
            let plan = case.plan();
            case.inventory = plan.inventory.clone();
            let steps = plan.stages.iter().flat_map(|(_, steps)| steps).chain(plan.prune.iter().flatten());
            for step in steps {
                match step.action {
                    Action::Apply { .. } | Action::Create => {
                        let item = case.items.iter().find(|item| item.object == step.object).unwrap();
                        let entry = case.inventory.find_mut(&step.object).unwrap();
                        (entry.uid, entry.written, entry.owned) = ("w".into(), Some(item.digest), 7);
                        case.sights.insert(step.object.name.clone(), live("w", 7, Some(UNIT)));
                    }
                    Action::Delete(_) => drop(case.sights.insert(step.object.name.clone(), Sight::Absent)),
                    Action::Release => drop(case.sights.insert(step.object.name.clone(), live("w", 7, None))),
                }
            }
        }
        prop_assert!(case.plan().is_idle());
    }
}
