//! The engine on a cluster in memory, at a pace that takes no minutes.

use std::{sync::Mutex, time::Duration};

use serde_json::{Value, json};
use tokio::{sync::oneshot, task::JoinHandle};

use model::{BundleObject, Policy, Target, Tombstone, UnitPhase, UnitRevision, label};

use super::*;
use crate::fake::FakeKube;

const DEADLINE: Duration = Duration::from_secs(20);
/// Long enough for everything that the engine does by itself at the pace of these tests.
const A_WHILE: Duration = Duration::from_millis(250);

fn unit() -> UnitId {
    "releasebinding.default.a-development".parse().unwrap()
}

fn bundle(names: &[&str], value: &str, policy: Policy) -> Bundle {
    let objects = names.iter().map(|name| BundleObject {
        id: (*name).to_owned(),
        policy,
        report_status: false,
        status_paths: Vec::new(),
        object: json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": {"value": value},
            "metadata": {
                "name": name, "namespace": "n",
                "labels": {label::UNIT: unit().label_value()},
                "annotations": {label::UNIT_ANNOTATION: unit().as_str()},
            },
        }),
    });
    Bundle {
        unit: unit(),
        requires: vec![],
        features: vec![],
        objects: objects.collect(),
    }
}

fn id(name: &str) -> ObjectId {
    ObjectId::of(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "n"}}))
        .unwrap()
}

fn head(counter: u64, target: Target) -> Head {
    Head {
        unit: unit(),
        plane: "dataplane-default".parse().unwrap(),
        revision: UnitRevision {
            incarnation: 1,
            counter,
        },
        target,
        compiler_epoch: 1,
        trace: None,
    }
}

struct Agent {
    handle: Handle,
    reports: Arc<Mutex<Vec<StatusReport>>>,
    task: JoinHandle<()>,
    _stop: oneshot::Sender<()>,
}

impl Agent {
    fn start(kube: &FakeKube, adjust: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new("dataplane-default".parse().unwrap());
        config.now = || jiff::Timestamp::UNIX_EPOCH;
        config.coalesce = Duration::from_millis(2);
        config.save_delay = Duration::from_millis(10);
        config.pace = Pace {
            budget: Duration::from_millis(200),
            passing: Duration::from_millis(5),
            refused: Duration::from_millis(10),
            longest_retry: Duration::from_millis(50),
            window: Duration::from_secs(5),
            truce: Duration::from_millis(10),
            longest_truce: Duration::from_millis(400),
        };
        adjust(&mut config);
        let (sender, events) = mpsc::channel(100_000);
        kube.watch(sender, &[Arc::new(ApiKind::new("", "v1", "ConfigMap"))]);
        let reports = Arc::new(Mutex::new(Vec::new()));
        let sink = reports.clone();
        let put = Box::new(move |report| sink.lock().unwrap().push(report));
        let (engine, handle) = Engine::new(kube.clone(), config, kube.records(), events, put);
        let (stop, stopped) = oneshot::channel::<()>();
        #[expect(
            clippy::disallowed_methods,
            reason = "tests have no tasks of a service"
        )]
        let task = tokio::spawn(engine.run(async move { drop(stopped.await) }));
        Self {
            handle,
            reports,
            task,
            _stop: stop,
        }
    }

    async fn accept(&self, counter: u64, bundle: &Bundle) {
        let head = head(counter, Target::Bundle(bundle.digest()));
        let bundle = Some(Arc::new(bundle.clone()));
        self.handle
            .tell(Command::Accept {
                head,
                bundle,
                span: tracing::Span::none(),
            })
            .await;
    }

    async fn bury(&self, counter: u64) {
        let head = head(counter, Target::Tombstone(Tombstone::Delete));
        self.handle
            .tell(Command::Accept {
                head,
                bundle: None,
                span: tracing::Span::none(),
            })
            .await;
    }

    /// Waits for a report; what came before it is forgotten.
    async fn report(&self, wanted: impl Fn(&StatusReport) -> bool) -> StatusReport {
        let found = tokio::time::timeout(DEADLINE, async {
            loop {
                let found = {
                    let mut reports = self.reports.lock().unwrap();
                    let at = reports.iter().position(&wanted);
                    at.map(|at| reports.drain(..=at).next_back().unwrap())
                };
                match found {
                    Some(report) => return report,
                    None => tokio::time::sleep(Duration::from_millis(1)).await,
                }
            }
        });
        found.await.unwrap_or_else(|_| {
            panic!(
                "no such report; the last: {:#?}",
                self.reports.lock().unwrap().last()
            )
        })
    }

    /// Whether the record is that of the head, with everything written.
    fn is_saved(&self, kube: &FakeKube, counter: u64) -> bool {
        kube.records().iter().any(|record| {
            let inventory = Inventory::decode(&record.inventory).unwrap();
            record.head.revision.counter == counter
                && inventory.iter().all(|entry| entry.written.is_some())
        })
    }

    async fn phase(&self, counter: u64, phase: UnitPhase) -> StatusReport {
        self.report(|it| it.revision.counter == counter && it.phase == phase)
            .await
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(DEADLINE, async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    assert!(waited.await.is_ok(), "{what}");
}

fn values(kube: &FakeKube) -> Vec<(String, Value)> {
    kube.objects()
        .iter()
        .map(|(id, object)| (id.name.clone(), object["data"]["value"].clone()))
        .collect()
}

#[tokio::test]
async fn what_is_accepted_while_the_cluster_is_away_is_applied_when_it_is_back() {
    let kube = FakeKube::new();
    kube.fail_after(0);
    let agent = Agent::start(&kube, |_| {});
    agent
        .accept(1, &bundle(&["a", "b"], "1", Policy::Managed))
        .await;
    until("it is tried several times", || kube.calls() > 3).await;
    kube.mend();
    agent.phase(1, UnitPhase::Applied).await;
    assert_eq!(values(&kube).len(), 2);
}

/// The process dies after each number of writes; in the end all is as if it never had.
#[tokio::test]
async fn a_crash_at_any_write_loses_nothing() {
    for writes in 0..14 {
        let kube = FakeKube::new();
        {
            let agent = Agent::start(&kube, |_| {});
            agent
                .accept(1, &bundle(&["a", "old"], "1", Policy::Managed))
                .await;
            agent.phase(1, UnitPhase::Applied).await;
            kube.fail_after(writes);
            agent
                .accept(2, &bundle(&["a", "b"], "2", Policy::Managed))
                .await;
            until("it is done or cut off", || {
                kube.is_down() || agent.is_saved(&kube, 2)
            })
            .await;
        }
        kube.mend();
        let agent = Agent::start(&kube, |_| {});
        // The hub says again what the agent may not have recorded.
        agent
            .accept(2, &bundle(&["a", "b"], "2", Policy::Managed))
            .await;
        agent.phase(2, UnitPhase::Applied).await;
        until("the old object is gone", || kube.objects().len() == 2).await;
        let both = [("a".to_owned(), json!("2")), ("b".to_owned(), json!("2"))];
        assert_eq!(values(&kube), both, "after {writes} writes");
    }
}

#[tokio::test]
async fn a_crash_at_any_write_makes_nothing_twice() {
    for writes in 0..6 {
        let kube = FakeKube::new();
        kube.fail_after(writes);
        {
            let agent = Agent::start(&kube, |_| {});
            agent.accept(1, &bundle(&["run"], "1", Policy::Once)).await;
            until("it is done or cut off", || {
                kube.is_down() || agent.is_saved(&kube, 1)
            })
            .await;
        }
        kube.mend();
        let agent = Agent::start(&kube, |_| {});
        agent.accept(1, &bundle(&["run"], "1", Policy::Once)).await;
        agent
            .report(|it| matches!(it.phase, UnitPhase::Applied | UnitPhase::Failed))
            .await;
        tokio::time::sleep(A_WHILE).await;
        assert!(kube.created().len() <= 1, "after {writes} writes");
    }
}

#[tokio::test]
async fn deletions_keep_to_their_budget() {
    let kube = FakeKube::new();
    let agent = Agent::start(&kube, |config| config.prunes = 5);
    let names: Vec<String> = (0..12).map(|index| format!("c{index}")).collect();
    let mut all: Vec<&str> = names.iter().map(String::as_str).collect();
    all.push("kept");
    agent.accept(1, &bundle(&all, "1", Policy::Managed)).await;
    agent.phase(1, UnitPhase::Applied).await;
    let begun = Instant::now();
    agent
        .accept(2, &bundle(&["kept"], "1", Policy::Managed))
        .await;
    until("five are deleted", || kube.objects().len() == 8).await;
    until("all are deleted", || kube.objects().len() == 1).await;
    // Two more budgets were needed, of which the first may have begun before.
    assert!(
        begun.elapsed() > Duration::from_millis(200),
        "{:?}",
        begun.elapsed()
    );
    // The deletion of a whole unit is not counted.
    agent.bury(3).await;
    agent.phase(3, UnitPhase::Deleted).await;
}

#[tokio::test]
async fn a_contested_object_is_repaired_less_and_less_often() {
    let kube = FakeKube::new();
    let agent = Agent::start(&kube, |_| {});
    agent.accept(1, &bundle(&["a"], "1", Policy::Managed)).await;
    agent.phase(1, UnitPhase::Applied).await;
    let begun = Instant::now();
    for round in 0..10 {
        kube.change_as_other(
            &id("a"),
            "data",
            json!({"value": format!("theirs {round}")}),
        );
        until("it is repaired", || {
            values(&kube) == [("a".to_owned(), json!("1"))]
        })
        .await;
    }
    // Ten, twenty, forty, eighty and a hundred and sixty milliseconds.
    assert!(
        begun.elapsed() > Duration::from_millis(300),
        "{:?}",
        begun.elapsed()
    );
    kube.change_as_other(&id("a"), "data", json!({"value": "theirs"}));
    let report = agent
        .report(|it| it.message.contains("keeps changing"))
        .await;
    assert!(
        report.message.contains("other keeps changing"),
        "{}",
        report.message
    );
}

#[tokio::test]
async fn the_record_of_a_deleted_unit_is_kept_for_a_while() {
    let kube = FakeKube::new();
    let agent = Agent::start(&kube, |config| config.keep_tombstones = A_WHILE);
    agent.accept(1, &bundle(&["a"], "1", Policy::Managed)).await;
    agent.phase(1, UnitPhase::Applied).await;
    agent.bury(2).await;
    agent.phase(2, UnitPhase::Deleted).await;
    agent.accept(1, &bundle(&["a"], "1", Policy::Managed)).await;
    tokio::time::sleep(A_WHILE / 5).await;
    assert_eq!((kube.objects().len(), kube.records().len()), (0, 1));
    until("the record is removed", || kube.records().is_empty()).await;
}

#[tokio::test]
async fn a_unit_whose_record_is_missing_is_rebuilt_from_its_labels() {
    let kube = FakeKube::new();
    {
        let agent = Agent::start(&kube, |_| {});
        agent
            .accept(1, &bundle(&["a", "old"], "1", Policy::Managed))
            .await;
        agent.phase(1, UnitPhase::Applied).await;
    }
    kube.remove_record(&unit()).await.unwrap();
    let agent = Agent::start(&kube, |_| {});
    tokio::time::sleep(A_WHILE).await;
    agent.accept(2, &bundle(&["a"], "1", Policy::Managed)).await;
    agent.phase(2, UnitPhase::Applied).await;
    until("what nobody names is deleted", || values(&kube).len() == 1).await;
}

#[tokio::test]
async fn a_bundle_that_needs_more_than_the_agent_knows_leaves_the_old_one_running() {
    let kube = FakeKube::new();
    let agent = Agent::start(&kube, |_| {});
    agent.accept(1, &bundle(&["a"], "1", Policy::Managed)).await;
    agent.phase(1, UnitPhase::Applied).await;
    let mut newer = bundle(&["a"], "2", Policy::Managed);
    newer.features = vec!["teleport".into()];
    agent.accept(2, &newer).await;
    let report = agent.phase(2, UnitPhase::Failed).await;
    assert!(
        report.message.contains("the feature \"teleport\""),
        "{}",
        report.message
    );
    kube.delete_as_other(&id("a"));
    until("the old one is repaired", || {
        values(&kube) == [("a".to_owned(), json!("1"))]
    })
    .await;
}

#[tokio::test]
async fn a_refused_bundle_deletes_and_records_nothing() {
    let kube = FakeKube::new();
    {
        let agent = Agent::start(&kube, |_| {});
        agent.accept(1, &bundle(&["a"], "1", Policy::Managed)).await;
        agent.phase(1, UnitPhase::Applied).await;
    }
    kube.remove_record(&unit()).await.unwrap();
    let agent = Agent::start(&kube, |_| {});
    tokio::time::sleep(A_WHILE).await;
    let mut newer = bundle(&["b"], "2", Policy::Managed);
    newer.features = vec!["teleport".into()];
    agent.accept(2, &newer).await;
    agent.phase(2, UnitPhase::Failed).await;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!((values(&kube).len(), kube.records().len()), (1, 0));
}

#[tokio::test]
async fn a_record_that_cannot_be_used_is_replaced_by_what_the_hub_sends_again() {
    let kube = FakeKube::new();
    let wanted = bundle(&["a"], "1", Policy::Managed);
    let broken = Record {
        head: head(1, Target::Bundle(wanted.digest())),
        bundle: None,
        inventory: Vec::new(),
        objects: 0,
        version: String::new(),
    };
    assert!(!is_usable(&broken));
    kube.put_record(&broken).await.unwrap();
    let agent = Agent::start(&kube, |_| {});
    agent.accept(1, &wanted).await;
    agent.phase(1, UnitPhase::Applied).await;
    assert!(kube.records()[0].bundle.is_some());
}

#[tokio::test]
async fn nothing_is_written_while_another_agent_has_taken_over() {
    let kube = FakeKube::new();
    let agent = Agent::start(&kube, |_| {});
    agent.accept(1, &bundle(&["a"], "1", Policy::Managed)).await;
    agent.phase(1, UnitPhase::Applied).await;
    tokio::time::sleep(A_WHILE).await;
    agent.handle.tell(Command::Pause(Paused::Yes)).await;
    let before = kube.calls();
    kube.delete_as_other(&id("a"));
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(kube.calls(), before);
    agent.handle.tell(Command::Pause(Paused::No)).await;
    until("it is repaired", || values(&kube).len() == 1).await;
}

/// Its record is due when nothing may be written: to be saved at first, to be removed later.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_is_paused_rests_and_goes_on_afterwards() {
    let kube = FakeKube::new();
    let agent = Agent::start(&kube, |config| {
        config.save_delay = A_WHILE;
        config.keep_tombstones = A_WHILE;
    });
    agent.accept(1, &bundle(&["a"], "1", Policy::Managed)).await;
    agent.phase(1, UnitPhase::Applied).await;
    agent.handle.tell(Command::Pause(Paused::Yes)).await;
    let before = kube.calls();
    tokio::time::sleep(A_WHILE * 2).await;
    assert_eq!(kube.calls(), before);
    agent.handle.tell(Command::Pause(Paused::No)).await;
    until("the record is saved", || kube.calls() > before).await;

    agent.bury(2).await;
    agent.phase(2, UnitPhase::Deleted).await;
    agent.handle.tell(Command::Pause(Paused::Yes)).await;
    tokio::time::sleep(A_WHILE * 2).await;
    assert_eq!(kube.records().len(), 1);
    agent.handle.tell(Command::Pause(Paused::No)).await;
    until("the record is removed", || kube.records().is_empty()).await;
}
