//! Reports reach the hub, whatever happens on the way.

use model::UnitPhase;

use crate::hub::{Hub, bundle};
use crate::plane::{DEADLINE, Plane, config, report, reported};

#[tokio::test]
async fn a_report_is_sent_again_until_it_is_acknowledged() {
    let (hub, folder) = (Hub::start().await, testkit::tempdir());
    let (head, _) = hub.world.deploy(&bundle("greeter", 10));
    hub.world.lock().mute_reports = 2;
    let plane = Plane::start(config(&hub, folder.path()), vec![head.clone()]).await;
    plane
        .link
        .reports()
        .put(report(&head, UnitPhase::Applying))
        .unwrap();
    let first = reported(&hub, &head.unit, UnitPhase::Applying).await;
    assert_eq!((first.epoch, first.sequence), (1, 1));
    plane
        .link
        .reports()
        .put(report(&head, UnitPhase::Applied))
        .unwrap();
    reported(&hub, &head.unit, UnitPhase::Applied).await;
    testkit::wait::until_true("all is acknowledged", DEADLINE, || {
        plane.link.reports().pending() == 0
    })
    .await;
    // Nothing changed, so nothing more is said.
    let said = hub.world.lock().reports.len();
    plane
        .link
        .reports()
        .put(report(&head, UnitPhase::Applied))
        .unwrap();
    assert_eq!(plane.link.reports().pending(), 0);
    assert_eq!(hub.world.lock().reports.len(), said);
    plane.stop().await;
}

#[tokio::test]
async fn a_report_that_the_hub_refuses_holds_up_no_other() {
    let (hub, folder) = (Hub::start().await, testkit::tempdir());
    let (bad, _) = hub.world.deploy(&bundle("bad", 10));
    let (good, _) = hub.world.deploy(&bundle("good", 10));
    hub.world.lock().refused_reports.push(bad.unit.clone());
    let plane = Plane::start(config(&hub, folder.path()), vec![bad.clone(), good.clone()]).await;
    plane
        .link
        .reports()
        .put(report(&bad, UnitPhase::Applied))
        .unwrap();
    plane
        .link
        .reports()
        .put(report(&good, UnitPhase::Applied))
        .unwrap();
    reported(&hub, &good.unit, UnitPhase::Applied).await;
    testkit::wait::until_true("nothing waits", DEADLINE, || {
        plane.link.reports().pending() == 0
    })
    .await;
    hub.world.lock().refused_reports.clear();
    plane
        .link
        .reports()
        .put(report(&bad, UnitPhase::Failed))
        .unwrap();
    reported(&hub, &bad.unit, UnitPhase::Failed).await;
    plane.stop().await;
}

#[tokio::test]
async fn what_was_put_last_is_sent_before_the_end() {
    let (hub, folder) = (Hub::start().await, testkit::tempdir());
    let (head, _) = hub.world.deploy(&bundle("greeter", 10));
    let plane = Plane::start(config(&hub, folder.path()), vec![head.clone()]).await;
    plane.live().await;
    plane
        .link
        .reports()
        .put(report(&head, UnitPhase::Applied))
        .unwrap();
    plane.stop().await;
    reported(&hub, &head.unit, UnitPhase::Applied).await;
}
