//! Planes join, learn what to run, report, are replaced and revoked.

use nkeys::KeyPair;
use serde_json::Value;

use bus::State;
use model::{Code, Coded, KindName, ObjectKey, Target, UnitRevision};
use proto::link::heartbeat_ack::Verdict;

use crate::agent::{Agent, connect};
use crate::hub::{DEADLINE, Hub, on_every_hub};

const PLANE: &str = "dataplane-default";

on_every_hub! {
    a_token_lets_one_plane_join_once,
    a_plane_learns_what_to_run_and_its_reports_are_kept,
    a_report_about_another_plane_or_session_is_refused,
    a_link_belongs_to_one_cluster,
    a_revoked_plane_is_cut_and_may_join_again_with_a_new_token,
    a_planes_object_shows_whether_its_agent_is_there,
}

async fn a_token_lets_one_plane_join_once(hub: Hub) {
    let token = hub.token(PLANE).await;
    let (key, other) = (KeyPair::new_user(), KeyPair::new_user());
    // The control plane may still be on its way to NATS.
    let first = testkit::until("the plane is let in", DEADLINE, || async {
        connect(&hub, PLANE, &key, Some(&token)).await.ok()
    });
    first.await;
    assert!(connect(&hub, PLANE, &key, None).await.is_ok());
    for (plane, key, token) in [
        (PLANE, &other, Some(&*token)),
        (PLANE, &other, None),
        ("dataplane-other", &other, Some(&*token)),
        (PLANE, &key, Some("the key suffices")),
    ] {
        let connected = connect(&hub, plane, key, token).await;
        assert_eq!(
            connected.is_ok(),
            key.public_key() != other.public_key(),
            "{plane} {token:?}"
        );
    }
    hub.stop().await;
}

async fn a_plane_learns_what_to_run_and_its_reports_are_kept(hub: Hub) {
    let mut agent = Agent::join(&hub, PLANE).await;
    assert_eq!(
        agent.beat(UnitRevision::default(), &[]).await,
        Verdict::Current
    );
    hub.apply_catalogue().await;

    let hint = agent.hint().await;
    let (hinted, _) = agent.open(hint.heads.as_ref().expect("a cell is small"));
    assert!(!hint.bundles.is_empty() && !hinted.is_empty());
    // Three environments, a cell each; hints may be lost, so the whole list is what counts.
    let cells = testkit::until("three cells", DEADLINE, || async {
        let (heads, up_to) = agent.heads(None).await;
        (heads.len() == 3).then_some((heads, up_to))
    });
    let (heads, up_to) = cells.await;
    for head in &heads {
        let Target::Bundle(digest) = head.target else {
            panic!("{head:?}")
        };
        assert_eq!(agent.bundle(digest).await.unwrap().unit, head.unit);
    }
    assert_eq!(agent.bundle(model::Digest::of(b"unknown")).await, None);

    assert_eq!(
        agent.beat(UnitRevision::default(), &[]).await,
        Verdict::Behind
    );
    assert_eq!(agent.beat(up_to, &heads[1..]).await, Verdict::Different);
    assert_eq!(agent.beat(up_to, &heads).await, Verdict::Current);
    let beyond = UnitRevision {
        counter: up_to.counter + 1,
        ..up_to
    };
    assert_eq!(agent.beat(beyond, &heads).await, Verdict::HubBehind);
    let (newest, _) = agent
        .heads(Some(UnitRevision {
            counter: up_to.counter - 1,
            ..up_to
        }))
        .await;
    assert_eq!(
        newest.iter().map(|head| head.revision).collect::<Vec<_>>(),
        [up_to]
    );

    let reports: Vec<_> = heads
        .iter()
        .zip(1..)
        .map(|(head, n)| agent.applied(head, n))
        .collect();
    assert!(!agent.report(&reports).await.unwrap().fenced);
    assert!(!agent.report(&reports).await.unwrap().fenced);
    let cell = ObjectKey::namespaced(
        KindName::ProjectReleaseBinding,
        "default",
        "default-development",
    );
    testkit::until("the report counts", DEADLINE, || async {
        let status: Value = serde_json::from_str(hub.find(&cell).await.status.as_str()).unwrap();
        let conditions = status["conditions"].as_array()?.clone();
        conditions
            .iter()
            .any(|it| it["type"] == "ResourcesReady" && it["status"] == "True")
            .then_some(())
    })
    .await;
    hub.stop().await;
}

async fn a_report_about_another_plane_or_session_is_refused(hub: Hub) {
    let agent = Agent::join(&hub, PLANE).await;
    let head = model::Head {
        unit: "releasebinding.default.greeter".parse().unwrap(),
        plane: agent.plane.clone(),
        revision: UnitRevision::default(),
        target: Target::Bundle(model::Digest::of(b"x")),
        compiler_epoch: 1,
        trace: None,
    };
    let mut other = agent.applied(&head, 1);
    other.plane = "dataplane-other".parse().unwrap();
    assert_eq!(
        agent.report(&[other]).await.unwrap_err().code(),
        Code::Invalid
    );
    let mut early = agent.applied(&head, 1);
    early.epoch = agent.welcome.epoch + 1;
    assert_eq!(
        agent.report(&[early]).await.unwrap_err().code(),
        Code::Invalid
    );

    let newer = Agent::begin(PLANE, agent.bus.clone(), "cluster-1")
        .await
        .unwrap();
    assert!(newer.welcome.epoch > agent.welcome.epoch);
    assert!(
        agent
            .report(&[agent.applied(&head, 2)])
            .await
            .unwrap()
            .fenced
    );
    assert_eq!(
        agent.beat(UnitRevision::default(), &[]).await,
        Verdict::Fenced
    );
    assert_eq!(
        newer.beat(UnitRevision::default(), &[]).await,
        Verdict::Current
    );
    hub.stop().await;
}

async fn a_link_belongs_to_one_cluster(hub: Hub) {
    let agent = Agent::join(&hub, PLANE).await;
    let copied = Agent::begin(PLANE, agent.bus.clone(), "cluster-2").await;
    let error = copied
        .err()
        .expect("another cluster with the same key is refused");
    assert_eq!(error.code(), Code::Conflict, "{error}");
    assert!(
        Agent::begin(PLANE, agent.bus.clone(), "cluster-1")
            .await
            .is_ok()
    );
    hub.stop().await;
}

async fn a_revoked_plane_is_cut_and_may_join_again_with_a_new_token(hub: Hub) {
    let (key, token) = (KeyPair::new_user(), hub.token(PLANE).await);
    let bus = testkit::until("the plane is let in", DEADLINE, || async {
        connect(&hub, PLANE, &key, Some(&token)).await.ok()
    });
    let bus = bus.await;
    Agent::begin(PLANE, bus.clone(), "").await.unwrap();
    let mut state = bus.state();
    testkit::until("the connection is cut", DEADLINE, || async {
        (hub.revoke(PLANE).await == 1).then_some(())
    })
    .await;
    let refused = state.wait_for(|state| *state == State::Refused);
    tokio::time::timeout(DEADLINE, refused)
        .await
        .expect("it is turned away")
        .unwrap();
    assert!(connect(&hub, PLANE, &key, Some(&token)).await.is_err());
    assert!(hub.link(PLANE).await.unwrap().revoked);
    let again = hub.token(PLANE).await;
    assert!(connect(&hub, PLANE, &key, Some(&again)).await.is_ok());
    hub.stop().await;
}

async fn a_planes_object_shows_whether_its_agent_is_there(hub: Hub) {
    hub.apply_catalogue().await;
    let agent = Agent::join(&hub, PLANE).await;
    let plane = ObjectKey::cluster(KindName::DataPlane, "default");
    let shown = async |connected: bool| {
        testkit::until("the object shows it", DEADLINE, || async {
            let status: Value =
                serde_json::from_str(hub.find(&plane).await.status.as_str()).unwrap();
            (status["agentConnection"]["connected"] == connected).then_some(status)
        })
        .await
    };
    let status = shown(true).await;
    assert_eq!(status["agentConnection"]["connectedAgents"], 1);
    // It falls silent.
    let status = shown(false).await;
    assert!(
        status["agentConnection"]["lastDisconnectedTime"].is_string(),
        "{status}"
    );
    agent.beat(UnitRevision::default(), &[]).await;
    shown(true).await;
    hub.stop().await;
}
