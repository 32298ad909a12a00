//! A plane as an agent would run it.

use std::path::Path;
use std::time::Duration;

use kit::config::{HumanDuration, Secret};
use kit::{Backoff, Tasks};
use link::{About, Accepted, Config, Link, Phase, State};
use model::{Head, StatusReport, UnitId, UnitPhase};

use crate::hub::{Hub, PLANE, TOKEN, plane};

/// How long anything may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// An agent's process: its identity lives in the folder, and ends never.
pub(crate) struct Plane {
    pub(crate) link: Link,
    pub(crate) tasks: Tasks,
}

pub(crate) fn config(hub: &Hub, folder: &Path) -> Config {
    Config {
        plane: PLANE.to_owned(),
        bus: bus::Config {
            servers: vec![hub.nats.url()],
            ..bus::Config::default()
        },
        identity_file: folder.join("identity.json"),
        join_token: Secret::from_value(TOKEN),
        reconnect: Backoff::new(Duration::from_millis(20), Duration::from_millis(200)),
        request_timeout: HumanDuration::from_millis(1000),
        ..Config::default()
    }
}

impl Plane {
    pub(crate) async fn start(config: Config, known: Vec<Head>) -> Self {
        let tasks = Tasks::new();
        let link = Link::start(config, About::default(), known, &tasks)
            .await
            .unwrap();
        Self { link, tasks }
    }

    /// The next head that comes.
    pub(crate) async fn accepted(&mut self) -> Accepted {
        tokio::time::timeout(DEADLINE, self.link.accepted.next())
            .await
            .expect("a head comes in time")
            .expect("the link goes on")
    }

    /// That no head comes for some heartbeats.
    pub(crate) async fn nothing(&mut self) {
        let next =
            tokio::time::timeout(Duration::from_millis(400), self.link.accepted.next()).await;
        assert!(next.is_err(), "{next:?}");
    }

    /// Waits for a state of the link.
    pub(crate) async fn until(&self, what: &str, check: impl FnMut(&State) -> bool) -> State {
        let mut state = self.link.state();
        let found = tokio::time::timeout(DEADLINE, state.wait_for(check)).await;
        match found {
            Ok(state) => state.unwrap().clone(),
            Err(_) => panic!(
                "waited in vain: {what}; the state is {:?}",
                self.link.state().borrow()
            ),
        }
    }

    pub(crate) async fn live(&self) -> State {
        self.until("the link is live", |state| state.phase == Phase::Live)
            .await
    }

    pub(crate) async fn stop(self) {
        let late = self.tasks.stop(Duration::from_secs(5)).await;
        assert!(late.is_empty(), "{late:?}");
    }
}

/// What the agent says of a head.
pub(crate) fn report(head: &Head, phase: UnitPhase) -> StatusReport {
    StatusReport {
        unit: head.unit.clone(),
        plane: plane(),
        epoch: 0,
        sequence: 0,
        revision: head.revision,
        target: head.target,
        phase,
        message: String::new(),
        objects: Vec::new(),
    }
}

/// Waits until the hub has a report of the unit in this phase.
pub(crate) async fn reported(hub: &Hub, unit: &UnitId, phase: UnitPhase) -> StatusReport {
    testkit::until("the hub has the report", DEADLINE, || {
        let reports = hub.world.lock().reports.clone();
        let found = reports
            .into_iter()
            .rfind(|report| report.unit == *unit && report.phase == phase);
        std::future::ready(found)
    })
    .await
}
