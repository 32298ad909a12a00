//! Joining, staying, and being replaced.

use kit::config::Secret;
use link::Phase;

use crate::hub::Hub;
use crate::plane::{Plane, config};

#[tokio::test]
async fn a_plane_joins_once_and_needs_no_token_afterwards() {
    let (hub, folder) = (Hub::start().await, testkit::tempdir());
    let plane = Plane::start(config(&hub, folder.path()), Vec::new()).await;
    let first = plane.live().await.epoch;
    plane.stop().await;
    let mut without = config(&hub, folder.path());
    without.join_token = Secret::default();
    let plane = Plane::start(without, Vec::new()).await;
    assert!(plane.live().await.epoch > first);
    assert_eq!(hub.world.lock().joins, 1);
    plane.stop().await;
}

#[tokio::test]
async fn a_hub_that_was_set_up_anew_is_joined_again_with_its_token() {
    let (hub, folder) = (Hub::start().await, testkit::tempdir());
    let plane = Plane::start(config(&hub, folder.path()), Vec::new()).await;
    plane.live().await;
    plane.stop().await;
    hub.world.lock().member = None;
    let plane = Plane::start(config(&hub, folder.path()), Vec::new()).await;
    plane.live().await;
    assert_eq!(hub.world.lock().joins, 2);
    plane.stop().await;
}

#[tokio::test]
async fn a_plane_with_a_wrong_token_keeps_trying_and_says_why() {
    let (hub, folder) = (Hub::start().await, testkit::tempdir());
    let mut wrong = config(&hub, folder.path());
    wrong.join_token = Secret::from_value("wrong");
    let plane = Plane::start(wrong, Vec::new()).await;
    let state = plane
        .until("it is refused", |state| state.phase == Phase::Refused)
        .await;
    assert!(
        state
            .ready()
            .is_err_and(|problem| problem.contains("authorization")),
        "{state:?}"
    );
    plane.stop().await;
}

#[tokio::test]
async fn a_session_that_another_has_replaced_stops_for_good() {
    let (hub, folder) = (Hub::start().await, testkit::tempdir());
    let old = Plane::start(config(&hub, folder.path()), Vec::new()).await;
    let epoch = old.live().await.epoch;
    let fenced = old.link.fenced();
    let new = Plane::start(config(&hub, folder.path()), Vec::new()).await;
    assert!(new.live().await.epoch > epoch);
    tokio::time::timeout(crate::plane::DEADLINE, fenced)
        .await
        .expect("the old one is fenced");
    assert!(old.link.state().borrow().ready().is_err());
    assert_eq!(hub.world.lock().hellos, 2);
    assert_eq!(new.link.state().borrow().phase, Phase::Live);
    old.stop().await;
    new.stop().await;
}
