//! Cut off and back.

use link::Phase;
use model::UnitPhase;

use crate::hub::{Hub, bundle};
use crate::plane::{Plane, config, report, reported};

#[tokio::test]
async fn a_restart_of_the_bus_keeps_the_session_and_loses_nothing() {
    let (mut hub, folder) = (Hub::start().await, testkit::tempdir());
    let (first, _) = hub.world.deploy(&bundle("first", 10));
    let mut plane = Plane::start(config(&hub, folder.path()), Vec::new()).await;
    plane.accepted().await;
    let epoch = plane.live().await.epoch;
    hub.nats.stop();
    plane
        .until("the link is offline", |state| state.phase == Phase::Offline)
        .await;
    assert!(plane.link.state().borrow().ready().is_ok());
    let (second, _) = hub.world.deploy(&bundle("second", 10));
    plane
        .link
        .reports()
        .put(report(&first, UnitPhase::Applied))
        .unwrap();
    hub.nats.start_again().await;
    assert_eq!(plane.accepted().await.head, second);
    assert_eq!(plane.live().await.epoch, epoch);
    reported(&hub, &first.unit, UnitPhase::Applied).await;
    assert_eq!(hub.world.lock().hellos, 1);
    plane.stop().await;
}

#[tokio::test]
async fn a_plane_starts_without_its_hub_and_finds_it_later() {
    let (mut hub, folder) = (Hub::start().await, testkit::tempdir());
    let (head, _) = hub.world.deploy(&bundle("greeter", 10));
    hub.nats.stop();
    let mut plane = Plane::start(config(&hub, folder.path()), Vec::new()).await;
    let state = plane
        .until("the problem is told", |state| !state.problem.is_empty())
        .await;
    assert_eq!(state.phase, Phase::Offline);
    hub.nats.start_again().await;
    assert_eq!(plane.accepted().await.head, head);
    plane.stop().await;
}

#[tokio::test]
async fn a_hub_that_has_forgotten_the_session_gets_a_new_one_and_every_report() {
    let (hub, folder) = (Hub::start().await, testkit::tempdir());
    let (head, _) = hub.world.deploy(&bundle("greeter", 10));
    let mut plane = Plane::start(config(&hub, folder.path()), Vec::new()).await;
    plane.accepted().await;
    plane.live().await;
    plane
        .link
        .reports()
        .put(report(&head, UnitPhase::Applied))
        .unwrap();
    reported(&hub, &head.unit, UnitPhase::Applied).await;
    hub.world.lock().epoch = 0;
    hub.world.lock().reports.clear();
    reported(&hub, &head.unit, UnitPhase::Applied).await;
    plane.live().await;
    assert_eq!(hub.world.lock().hellos, 2);
    plane.stop().await;
}
