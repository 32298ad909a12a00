use proptest::prelude::*;

use model::{Digest, PlaneName, Tombstone};

use super::*;

const PLANE: &str = "dataplane-one";

fn unit(number: u8) -> UnitId {
    format!("releasebinding.default.unit-{number}")
        .parse()
        .unwrap()
}

fn bundle(text: &str) -> Target {
    Target::Bundle(Digest::of(text.as_bytes()))
}

fn head(
    number: u8,
    (incarnation, counter): (u64, u64),
    target: Target,
    compiler_epoch: u32,
) -> Head {
    let plane: PlaneName = PLANE.parse().unwrap();
    let revision = UnitRevision {
        incarnation,
        counter,
    };
    Head {
        unit: unit(number),
        plane,
        revision,
        target,
        compiler_epoch,
        trace: None,
    }
}

fn any_target() -> impl Strategy<Value = Target> {
    prop_oneof![
        4 => (0..3u8).prop_map(|number| bundle(&number.to_string())),
        1 => Just(Target::Tombstone(Tombstone::Delete)),
        1 => Just(Target::Tombstone(Tombstone::Release)),
    ]
}

fn any_head() -> impl Strategy<Value = Head> {
    (0..4u8, (1..3u64, 1..12u64), any_target(), 0..3u32)
        .prop_map(|(unit, revision, target, epoch)| head(unit, revision, target, epoch))
}

/// A step of a plane's life.
#[derive(Debug, Clone)]
enum Step {
    Take(Head),
    List {
        named: BTreeSet<UnitId>,
        as_of: UnitRevision,
    },
    Settle(UnitId, UnitRevision),
}

fn any_step() -> impl Strategy<Value = Step> {
    let revision = (1..3u64, 1..12u64).prop_map(|(incarnation, counter)| UnitRevision {
        incarnation,
        counter,
    });
    let named = prop::collection::btree_set((0..4u8).prop_map(unit), 0..4);
    prop_oneof![
        6 => any_head().prop_map(Step::Take),
        1 => (named, revision.clone()).prop_map(|(named, as_of)| Step::List { named, as_of }),
        1 => ((0..4u8).prop_map(unit), revision).prop_map(|(unit, revision)| Step::Settle(unit, revision)),
    ]
}

fn run(known: &mut Known, step: Step) {
    match step {
        Step::Take(head) => drop(known.take(head)),
        Step::List { named, as_of } => known.close_list(&named, as_of),
        Step::Settle(unit, revision) => known.settle(&unit, revision),
    }
}

/// The hash as the hub would count it.
fn counted(known: &Known) -> u64 {
    let claimed = known
        .heads
        .values()
        .filter(|head| !known.unclaimed.contains(&head.unit));
    claimed.map(share).fold(0, u64::wrapping_add)
}

proptest! {
    #[test]
    fn a_unit_never_goes_back(steps in prop::collection::vec(any_step(), 0..60)) {
        let mut known = Known::default();
        for step in steps {
            let before = known.clone();
            run(&mut known, step);
            prop_assert!(known.highest() >= before.highest());
            for old in before.heads.values() {
                match known.find(&old.unit) {
                    Some(new) => {
                        prop_assert!(new.revision >= old.revision);
                        prop_assert!(new.revision > old.revision || new.target == old.target);
                        let compiled = |head: &Head| matches!(head.target, Target::Bundle(_));
                        prop_assert!(
                            !compiled(new) || !compiled(old) || new.compiler_epoch >= old.compiler_epoch
                        );
                    }
                    // Only what was to go is ever forgotten.
                    None => prop_assert!(matches!(old.target, Target::Tombstone(_))),
                }
            }
        }
    }

    #[test]
    fn the_hash_is_that_of_the_claimed_live_heads(steps in prop::collection::vec(any_step(), 0..60)) {
        let mut known = Known::default();
        for step in steps {
            run(&mut known, step);
            prop_assert_eq!(known.hash(), counted(&known));
            prop_assert!(known.unclaimed.iter().all(|unit| known.find(unit).is_some()));
        }
    }

    #[test]
    fn order_and_repetition_do_not_matter(
        heads in prop::collection::vec(any_head(), 0..20),
        seed in any::<u64>(),
    ) {
        // One hub never contradicts itself, and its compiler never gets older.
        let mut heads = heads;
        heads.sort_by_key(|head| (head.unit.clone(), head.revision));
        heads.dedup_by_key(|head| (head.unit.clone(), head.revision));
        heads.iter_mut().for_each(|head| head.compiler_epoch = 1);
        let straight = Known::of(heads.clone());
        let mut shuffled: Vec<Head> = heads.iter().chain(&heads).cloned().collect();
        shuffled.sort_by_key(|head| {
            Digest::of(format!("{seed}{}{}", head.unit, head.revision).as_bytes())
        });
        prop_assert_eq!(Known::of(shuffled), straight);
    }
}

#[test]
fn an_older_head_is_refused() {
    let mut known = Known::of([head(1, (1, 9), bundle("new"), 1)]);
    let refused = known.take(head(1, (1, 8), bundle("old"), 1)).unwrap_err();
    assert!(matches!(refused, Refusal::Older { .. }), "{refused}");
    assert_eq!(
        known.take(head(1, (2, 1), bundle("restored"), 1)),
        Ok(Taken::New)
    );
}

#[test]
fn the_same_revision_cannot_say_something_else() {
    let mut known = Known::of([head(1, (1, 9), bundle("new"), 1)]);
    assert_eq!(
        known.take(head(1, (1, 9), bundle("new"), 1)),
        Ok(Taken::Known)
    );
    let refused = known.take(head(1, (1, 9), bundle("other"), 1)).unwrap_err();
    assert!(matches!(refused, Refusal::Contradiction(_)), "{refused}");
}

#[test]
fn an_older_compiler_never_overwrites_a_newer_one_but_may_delete() {
    let mut known = Known::of([head(1, (1, 9), bundle("new"), 3)]);
    let refused = known
        .take(head(1, (1, 10), bundle("old compiler"), 2))
        .unwrap_err();
    assert!(
        matches!(
            refused,
            Refusal::OlderCompiler {
                offered: 2,
                known: 3
            }
        ),
        "{refused}"
    );
    assert_eq!(known.highest().counter, 10);
    let tombstone = Target::Tombstone(Tombstone::Delete);
    assert_eq!(known.take(head(1, (1, 11), tombstone, 0)), Ok(Taken::New));
}

#[test]
fn what_the_hub_does_not_name_is_kept_unclaimed_until_it_is_named_again() {
    let ours = head(1, (1, 5), bundle("x"), 1);
    let mut known = Known::of([ours.clone(), head(2, (1, 6), bundle("y"), 1)]);
    let (whole, named) = (known.hash(), BTreeSet::from([unit(2)]));
    known.close_list(
        &named,
        UnitRevision {
            incarnation: 1,
            counter: 6,
        },
    );
    assert_eq!(known.unclaimed(), &BTreeSet::from([unit(1)]));
    assert_eq!(known.find(&unit(1)), Some(&ours));
    assert_eq!(known.hash(), ours_removed(whole, &ours));
    assert_eq!(known.take(ours), Ok(Taken::Known));
    assert!(known.unclaimed().is_empty());
    assert_eq!(known.hash(), whole);
}

fn ours_removed(hash: u64, head: &Head) -> u64 {
    hash.wrapping_sub(share(head))
}

#[test]
fn a_head_that_is_newer_than_the_list_is_not_missed_by_it() {
    let mut known = Known::of([head(1, (1, 9), bundle("x"), 1)]);
    known.close_list(
        &BTreeSet::new(),
        UnitRevision {
            incarnation: 1,
            counter: 8,
        },
    );
    assert!(known.unclaimed().is_empty());
}

#[test]
fn a_list_that_says_less_than_was_signed_shows_a_loss() {
    let known = Known::of([head(1, (1, 9), bundle("x"), 1)]);
    let at = |counter| UnitRevision {
        incarnation: 1,
        counter,
    };
    let listed = head(1, (1, 7), bundle("before"), 1);
    assert!(known.is_lost(&listed, at(12)));
    // The list may have been begun before the head was signed.
    assert!(!known.is_lost(&listed, at(8)));
    assert!(!known.is_lost(&head(1, (2, 1), bundle("x"), 1), at(12)));
}

#[test]
fn a_settled_tombstone_is_forgotten_and_a_live_unit_is_not() {
    let tombstone = Target::Tombstone(Tombstone::Delete);
    let mut known = Known::of([
        head(1, (1, 5), tombstone, 1),
        head(2, (1, 6), bundle("y"), 1),
    ]);
    known.settle(
        &unit(1),
        UnitRevision {
            incarnation: 1,
            counter: 4,
        },
    );
    assert_eq!(known.len(), 2);
    known.settle(
        &unit(1),
        UnitRevision {
            incarnation: 1,
            counter: 5,
        },
    );
    known.settle(
        &unit(2),
        UnitRevision {
            incarnation: 1,
            counter: 6,
        },
    );
    assert_eq!(known.len(), 1);
    assert_eq!(known.highest().counter, 6);
}
