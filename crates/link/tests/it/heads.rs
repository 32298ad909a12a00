//! Heads and bundles: however they come, the agent gets the latest, once.

use nkeys::KeyPair;

use link::Phase;
use model::{Target, Tombstone, UnitPhase, UnitRevision};

use crate::hub::{Hub, bundle, unit};
use crate::plane::{Plane, config, report, reported};

#[tokio::test]
async fn a_head_comes_with_its_hint() {
    let (hub, folder) = (Hub::start().await, testkit::tempdir());
    hub.world.lock().heartbeat_ms = 60_000;
    let mut plane = Plane::start(config(&hub, folder.path()), Vec::new()).await;
    plane.live().await;
    let greeter = bundle("greeter", 1000);
    let (head, previous) = hub.world.deploy(&greeter);
    hub.hint(&head, previous).await;
    let accepted = plane.accepted().await;
    assert_eq!(accepted.head, head);
    assert_eq!(accepted.bundle.as_deref(), Some(&greeter));
    assert_eq!(hub.world.lock().blobs_asked, 0);
    plane.nothing().await;
    plane.stop().await;
}

#[tokio::test]
async fn a_lost_hint_is_made_up_for_by_the_heartbeat() {
    let (hub, folder) = (Hub::start().await, testkit::tempdir());
    let mut plane = Plane::start(config(&hub, folder.path()), Vec::new()).await;
    plane.live().await;
    let (lost, _) = hub.world.deploy(&bundle("lost", 1000));
    let accepted = plane.accepted().await;
    assert_eq!(accepted.head, lost);
    plane.stop().await;
}

#[tokio::test]
async fn a_hint_after_a_lost_one_pulls_both() {
    let (hub, folder) = (Hub::start().await, testkit::tempdir());
    hub.world.deploy(&bundle("zero", 10));
    let mut plane = Plane::start(config(&hub, folder.path()), Vec::new()).await;
    plane.accepted().await;
    plane.live().await;
    let (lost, _) = hub.world.deploy(&bundle("lost", 10));
    let (seen, previous) = hub.world.deploy(&bundle("seen", 10));
    hub.hint(&seen, previous).await;
    let mut units = [plane.accepted().await.head, plane.accepted().await.head];
    units.sort_by_key(|head| head.revision);
    assert_eq!(units, [lost, seen]);
    plane.nothing().await;
    plane.stop().await;
}

#[tokio::test]
async fn a_large_bundle_comes_in_pieces_and_many_heads_in_pages() {
    let (hub, folder) = (Hub::start().await, testkit::tempdir());
    let large = bundle("large", 300_000);
    hub.world.deploy(&large);
    for number in 0..20 {
        hub.world.deploy(&bundle(&format!("small-{number}"), 10));
    }
    (hub.world.lock().chunk, hub.world.lock().page) = (20_000, 6);
    let mut plane = Plane::start(config(&hub, folder.path()), Vec::new()).await;
    let mut found = None;
    for _ in 0..21 {
        let accepted = plane.accepted().await;
        if accepted.head.unit == large.unit {
            found = accepted.bundle;
        }
    }
    assert_eq!(found.as_deref(), Some(&large));
    plane.nothing().await;
    plane.stop().await;
}

#[tokio::test]
async fn a_bundle_that_cannot_be_had_holds_up_no_other() {
    let (hub, folder) = (Hub::start().await, testkit::tempdir());
    let (broken, sound) = (bundle("broken", 1000), bundle("sound", 1000));
    hub.world.deploy(&broken);
    hub.world.deploy(&sound);
    let right = hub.world.lock().bundles[&sound.digest()].clone();
    let kept = hub
        .world
        .lock()
        .bundles
        .insert(broken.digest(), right)
        .unwrap();
    let mut plane = Plane::start(config(&hub, folder.path()), Vec::new()).await;
    assert_eq!(plane.accepted().await.head.unit, sound.unit);
    plane.live().await;
    hub.world.lock().bundles.insert(broken.digest(), kept);
    let accepted = plane.accepted().await;
    assert_eq!(accepted.bundle.as_deref(), Some(&broken));
    plane.stop().await;
}

#[tokio::test]
async fn an_agent_that_comes_back_gets_what_it_had_not_recorded() {
    let (hub, folder) = (Hub::start().await, testkit::tempdir());
    let (first, _) = hub.world.deploy(&bundle("first", 10));
    let (gap, _) = hub.world.deploy(&bundle("gap", 10));
    let (last, _) = hub.world.deploy(&bundle("last", 10));
    // It had recorded the newest head and the oldest, and not the one between.
    let known = vec![first, last];
    let mut plane = Plane::start(config(&hub, folder.path()), known).await;
    assert_eq!(plane.accepted().await.head, gap);
    plane.nothing().await;
    plane.stop().await;
}

#[tokio::test]
async fn a_tombstone_is_handed_over_and_settled() {
    let (hub, folder) = (Hub::start().await, testkit::tempdir());
    let (head, _) = hub.world.deploy(&bundle("greeter", 10));
    let mut plane = Plane::start(config(&hub, folder.path()), vec![head]).await;
    plane.live().await;
    let (gone, previous) = hub
        .world
        .set(unit("greeter"), Target::Tombstone(Tombstone::Delete));
    hub.hint(&gone, previous).await;
    let accepted = plane.accepted().await;
    assert_eq!((&accepted.head, accepted.bundle), (&gone, None));
    plane
        .link
        .reports()
        .put(report(&gone, UnitPhase::Deleted))
        .unwrap();
    reported(&hub, &gone.unit, UnitPhase::Deleted).await;
    hub.world.lock().heads.clear();
    plane
        .until("the unit is forgotten", |state| state.units == 0)
        .await;
    plane.nothing().await;
    plane.stop().await;
}

#[tokio::test]
async fn units_that_the_hub_does_not_know_are_kept_unclaimed() {
    let (hub, folder) = (Hub::start().await, testkit::tempdir());
    let (head, _) = hub.world.deploy(&bundle("greeter", 10));
    hub.world.lock().heads.clear();
    let mut plane = Plane::start(config(&hub, folder.path()), vec![head.clone()]).await;
    let state = plane
        .until("the unit is unclaimed", |state| !state.unclaimed.is_empty())
        .await;
    assert_eq!(
        (state.units, state.unclaimed.first()),
        (1, Some(&head.unit))
    );
    plane.nothing().await;
    hub.world.lock().heads.insert(head.unit.clone(), head);
    plane
        .until("the unit is claimed again", |state| {
            state.unclaimed.is_empty()
        })
        .await;
    plane.nothing().await;
    plane.stop().await;
}

#[tokio::test]
async fn a_hub_from_an_old_backup_is_not_followed_until_it_is_restored() {
    let (hub, folder) = (Hub::start().await, testkit::tempdir());
    hub.world.deploy(&bundle("greeter", 10));
    let (newer, _) = hub.world.deploy(&bundle("greeter", 20));
    let mut plane = Plane::start(config(&hub, folder.path()), vec![newer.clone()]).await;
    plane.live().await;
    plane
        .link
        .reports()
        .put(report(&newer, UnitPhase::Applied))
        .unwrap();
    reported(&hub, &newer.unit, UnitPhase::Applied).await;

    // The backup was taken before the newer head.
    hub.world.lock().counter = 0;
    hub.world.lock().reports.clear();
    let (old, _) = hub.world.deploy(&bundle("greeter", 10));
    plane
        .until("the hub is behind", |state| state.phase == Phase::HubBehind)
        .await;
    // It goes on as if nothing had happened, and passes the plane.
    for size in [30, 40, 50] {
        let (head, previous) = hub.world.deploy(&bundle("other", size));
        hub.hint(&head, previous).await;
    }
    plane.nothing().await;

    let restored = {
        let mut inner = hub.world.lock();
        inner.incarnation = 2;
        inner.revision.incarnation = 2;
        inner
            .heads
            .values_mut()
            .for_each(|head| head.revision.incarnation = 2);
        inner.heads[&old.unit].clone()
    };
    let mut heads = [plane.accepted().await.head, plane.accepted().await.head];
    heads.sort_by_key(|head| head.unit.clone());
    assert_eq!(heads[0], restored);
    plane.live().await;
    // The hub had lost the report; nobody put it again.
    reported(&hub, &newer.unit, UnitPhase::Applied).await;
    plane.stop().await;
}

#[tokio::test]
async fn a_head_that_someone_else_signed_is_not_taken() {
    let (hub, folder) = (Hub::start().await, testkit::tempdir());
    hub.world.deploy(&bundle("greeter", 10));
    let mut plane = Plane::start(config(&hub, folder.path()), Vec::new()).await;
    plane.accepted().await;
    let own = std::mem::replace(&mut hub.world.lock().signing, vec![KeyPair::new_account()]);
    let (forged, previous) = hub.world.deploy(&bundle("forged", 10));
    hub.hint(&forged, previous).await;
    let state = plane
        .until("the problem is told", |state| {
            state.problem.contains("not trusted")
        })
        .await;
    assert_eq!(state.units, 1);
    plane.nothing().await;
    hub.world.lock().signing = own;
    assert_eq!(plane.accepted().await.head, forged);
    plane.stop().await;
}

#[tokio::test]
async fn a_rotated_key_is_followed_across_restarts() {
    let (hub, folder) = (Hub::start().await, testkit::tempdir());
    let plane = Plane::start(config(&hub, folder.path()), Vec::new()).await;
    plane.live().await;
    plane.stop().await;
    hub.world.lock().signing.push(KeyPair::new_account());
    let plane = Plane::start(config(&hub, folder.path()), Vec::new()).await;
    plane.live().await;
    plane.stop().await;
    // The first key is retired: the second is trusted by now.
    hub.world.lock().signing.remove(0);
    let (head, _) = hub.world.deploy(&bundle("greeter", 10));
    let mut plane = Plane::start(config(&hub, folder.path()), Vec::new()).await;
    assert_eq!(plane.accepted().await.head, head);
    plane.stop().await;
    hub.world.lock().signing = vec![KeyPair::new_account()];
    let plane = Plane::start(config(&hub, folder.path()), vec![head]).await;
    plane
        .until("the hub is not trusted", |state| {
            state.problem.contains("shows no key")
        })
        .await;
    plane.stop().await;
}

#[tokio::test]
async fn only_the_latest_head_of_a_unit_waits_for_a_slow_agent() {
    let (hub, folder) = (Hub::start().await, testkit::tempdir());
    let mut plane = Plane::start(config(&hub, folder.path()), Vec::new()).await;
    plane.live().await;
    // More than the inbox holds, so that the rest waits as heads.
    for number in 0..100 {
        hub.world.deploy(&bundle(&format!("unit-{number}"), 10));
    }
    plane
        .until("all are known", |state| state.units == 100)
        .await;
    let mut last = UnitRevision::default();
    for size in [20, 30, 40] {
        let (head, previous) = hub.world.deploy(&bundle("unit-99", size));
        hub.hint(&head, previous).await;
        last = head.revision;
    }
    plane
        .until("the last is known", |state| state.highest == last)
        .await;
    let mut seen = Vec::new();
    for _ in 0..100 {
        seen.push(plane.accepted().await.head);
    }
    let newest: Vec<_> = seen
        .iter()
        .filter(|head| head.unit == unit("unit-99"))
        .collect();
    assert_eq!(
        newest.iter().map(|head| head.revision).collect::<Vec<_>>(),
        [last]
    );
    plane.nothing().await;
    plane.stop().await;
}
