//! Requests, and what a restart of the server does to them.

use std::time::Duration;

use nkeys::KeyPair;
use tokio::task::JoinSet;

use bus::{Bus, Error, State, subject};
use model::{Code, Coded, PlaneName};
use proto::link::UnitRevision;

use crate::hub::{DEADLINE, Hub, plane};

const SHORT: Duration = Duration::from_millis(500);

fn revision(counter: u64) -> UnitRevision {
    UnitRevision {
        incarnation: 1,
        counter,
    }
}

async fn joined() -> (Hub, PlaneName, Bus) {
    let (hub, plane, key) = (
        Hub::start().await,
        plane("dataplane-one"),
        KeyPair::new_user(),
    );
    hub.admit(&plane, &key);
    let bus = hub.connect(&plane, &key).await.unwrap();
    (hub, plane, bus)
}

/// Answers heartbeats with the next revision, and refuses revision 0.
async fn answer(hub: &Hub) -> JoinSet<()> {
    let bus = hub.hub.clone();
    let requests = subject::requests(subject::Verb::Heartbeat);
    let mut questions = bus.subscribe(requests, Some("hub")).await.unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        while let Some(question) = questions.next().await {
            let asked: UnitRevision = question.decode().unwrap();
            match asked.counter {
                0 => bus
                    .answer_error(&question, Code::Invalid, "zero\nis refused")
                    .await
                    .unwrap(),
                counter => bus.answer(&question, &revision(counter + 1)).await.unwrap(),
            }
        }
    });
    tasks
}

async fn ask(bus: &Bus, plane: &PlaneName, counter: u64, deadline: Duration) -> Result<u64, Error> {
    let to = subject::request(plane, subject::Verb::Heartbeat);
    let answer: Result<UnitRevision, Error> =
        bus.request(to, &revision(counter), None, deadline).await;
    answer.map(|revision| revision.counter)
}

#[tokio::test]
async fn a_request_is_answered_or_refused_with_a_reason() {
    let (hub, plane, bus) = joined().await;
    let _answering = answer(&hub).await;
    assert_eq!(ask(&bus, &plane, 7, DEADLINE).await.unwrap(), 8);
    let error = ask(&bus, &plane, 0, DEADLINE).await.unwrap_err();
    assert_eq!(
        (error.code(), error.to_string().as_str()),
        (Code::Invalid, "zero is refused")
    );
}

#[tokio::test]
async fn a_request_that_nobody_answers_fails_at_once() {
    let (_hub, plane, bus) = joined().await;
    let error = ask(&bus, &plane, 7, DEADLINE).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
}

#[tokio::test]
async fn a_restart_of_the_server_is_mended() {
    let (mut hub, plane, bus) = joined().await;
    let _answering = answer(&hub).await;
    let mut state = bus.state();
    hub.nats.stop();
    tokio::time::timeout(DEADLINE, state.wait_for(|state| *state == State::Down))
        .await
        .unwrap()
        .unwrap();
    assert!(ask(&bus, &plane, 7, SHORT).await.is_err());
    hub.nats.start_again().await;
    let back = testkit::until("the plane is answered again", DEADLINE, || async {
        ask(&bus, &plane, 7, SHORT).await.ok()
    });
    assert_eq!(back.await, 8);
    assert_eq!(*state.borrow_and_update(), State::Up);
}
