//! An agent without a hub: heads come from the test, reports go to it.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use cluster::{Access, Cluster, ObjectId, Settings};
use model::{
    Bundle, BundleObject, Head, Policy, StatusReport, Target, Tombstone, UnitId, UnitPhase,
    UnitRevision, label,
};
use reconcile::{
    Handle,
    agent::{self, Parts},
    engine::{Command, Config},
};
use testkit::kube::ApiServer;

/// How long anything may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// A namespace for records, one for objects, and units that no other test has.
pub(crate) struct Site {
    pub(crate) cluster: Cluster,
    pub(crate) records: String,
    pub(crate) namespace: String,
}

/// A connection of its own.
async fn connect() -> Cluster {
    let access = Access::Kubeconfig {
        path: ApiServer::shared().kubeconfig().to_owned(),
        context: String::new(),
    };
    Cluster::connect(&access, Settings::default())
        .await
        .unwrap()
}

impl Site {
    pub(crate) async fn new() -> Self {
        let server = ApiServer::shared();
        Self {
            cluster: connect().await,
            records: server.fresh_namespace(),
            namespace: server.fresh_namespace(),
        }
    }

    /// A connection of its own, so that requests are counted apart.
    pub(crate) async fn agent(&self) -> Agent {
        Agent::start(connect().await, &self.records).await
    }

    pub(crate) fn unit(&self, name: &str) -> UnitId {
        format!("releasebinding.{}.{name}", self.namespace)
            .parse()
            .unwrap()
    }

    pub(crate) async fn find(&self, api_version: &str, kind: &str, name: &str) -> Option<Value> {
        let namespaced = kind != "Namespace";
        let namespace = namespaced.then(|| self.namespace.clone());
        let object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace}});
        self.cluster
            .find(&ObjectId::of(&object).unwrap())
            .await
            .unwrap()
    }

    /// The objects of a unit: its namespace, a configuration and a deployment.
    pub(crate) fn bundle(&self, unit: &UnitId, image: &str) -> Bundle {
        let mut bundle = Bundle {
            unit: unit.clone(),
            requires: vec![],
            features: vec![],
            objects: vec![],
        };
        self.add(
            &mut bundle,
            Policy::Managed,
            json!({"apiVersion": "v1", "kind": "Namespace"}),
            &self.namespace,
        );
        self.add(&mut bundle, Policy::Managed, config_map("1"), "settings");
        self.add(&mut bundle, Policy::Managed, deployment(image), "web");
        bundle
    }

    pub(crate) fn add(&self, bundle: &mut Bundle, policy: Policy, mut object: Value, name: &str) {
        let kind = object["kind"].as_str().unwrap().to_owned();
        object["metadata"] = json!({
            "name": name,
            "labels": {label::UNIT: bundle.unit.label_value(), label::MANAGED_BY: label::MANAGER},
            "annotations": {label::UNIT_ANNOTATION: bundle.unit.as_str()},
        });
        if !["Namespace", "CustomResourceDefinition"].contains(&kind.as_str()) {
            object["metadata"]["namespace"] = self.namespace.clone().into();
        }
        let id = format!("{kind}-{name}").to_lowercase();
        bundle.objects.push(BundleObject {
            id,
            policy,
            report_status: policy == Policy::Once,
            status_paths: Vec::new(),
            object,
        });
    }
}

pub(crate) fn config_map(value: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"value": value}})
}

pub(crate) fn deployment(image: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{
                "name": "main", "image": image, "env": [{"name": "A", "value": "1"}],
                "resources": {"limits": {"cpu": "1000m", "memory": "0.5Gi"}},
                "ports": [{"containerPort": 8080}],
            }]},
        },
    }})
}

pub(crate) struct Agent {
    pub(crate) cluster: Cluster,
    handle: Handle,
    reports: mpsc::UnboundedReceiver<StatusReport>,
    stop: oneshot::Sender<()>,
    tasks: Vec<JoinHandle<()>>,
}

impl Agent {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests have no tasks of a service"
    )]
    async fn start(cluster: Cluster, records: &str) -> Self {
        let opened = agent::open(&cluster, records).await;
        let (sender, reports) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let mut config = Config::new("dataplane-default".parse().unwrap());
        config.save_delay = Duration::from_millis(200);
        let sink = Box::new(move |report| drop(sender.send(report)));
        let parts = opened.parts(config, sink, async move { drop(stopped.await) });
        let Parts {
            handle,
            watch,
            work,
        } = parts;
        let tasks = vec![tokio::spawn(watch), tokio::spawn(work)];
        Self {
            cluster,
            handle,
            reports,
            stop,
            tasks,
        }
    }

    /// Ends as a process does that is asked to.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        for task in self.tasks {
            let _ = tokio::time::timeout(DEADLINE, task)
                .await
                .expect("the engine ends when asked to");
        }
    }

    /// Ends as a process does that is killed.
    pub(crate) fn kill(self) {
        for task in &self.tasks {
            task.abort();
        }
    }

    pub(crate) async fn accept(&self, revision: u64, bundle: &Bundle) {
        self.accept_target(
            &bundle.unit,
            revision,
            Target::Bundle(bundle.digest()),
            Some(bundle),
        )
        .await;
    }

    pub(crate) async fn bury(&self, revision: u64, unit: &UnitId, tombstone: Tombstone) {
        self.accept_target(unit, revision, Target::Tombstone(tombstone), None)
            .await;
    }

    async fn accept_target(
        &self,
        unit: &UnitId,
        counter: u64,
        target: Target,
        bundle: Option<&Bundle>,
    ) {
        let head = Head {
            unit: unit.clone(),
            plane: "dataplane-default".parse().unwrap(),
            revision: UnitRevision {
                incarnation: 1,
                counter,
            },
            target,
            compiler_epoch: 1,
            trace: None,
        };
        let bundle = bundle.cloned().map(Arc::new);
        self.handle
            .tell(Command::Accept {
                head,
                bundle,
                span: tracing::Span::none(),
            })
            .await;
    }

    /// The first report that satisfies `wanted`.
    pub(crate) async fn report(
        &mut self,
        what: &str,
        wanted: impl Fn(&StatusReport) -> bool,
    ) -> StatusReport {
        let mut last = None;
        let found = tokio::time::timeout(DEADLINE, async {
            while let Some(report) = self.reports.recv().await {
                if wanted(&report) {
                    return report;
                }
                last = Some(report);
            }
            panic!("the engine has ended");
        });
        found
            .await
            .unwrap_or_else(|_| panic!("no report says {what}; the last: {last:#?}"))
    }

    pub(crate) async fn applied(&mut self, unit: &UnitId, counter: u64) -> StatusReport {
        self.phase(unit, counter, UnitPhase::Applied).await
    }

    pub(crate) async fn phase(
        &mut self,
        unit: &UnitId,
        counter: u64,
        phase: UnitPhase,
    ) -> StatusReport {
        let what = format!("that {unit} is {phase:?} at {counter}");
        self.report(&what, |it| {
            it.unit == *unit && it.phase == phase && it.revision.counter == counter
        })
        .await
    }

    pub(crate) fn healed(&self) -> u64 {
        self.handle.stats().healed()
    }

    /// Writes that were sent so far, and reads of single objects.
    pub(crate) fn requests(&self) -> u64 {
        self.cluster.requests().deliberate()
    }

    pub(crate) async fn report_all(&self) {
        self.handle.tell(Command::ReportAll).await;
    }
}

/// Waits until `check` gives something.
pub(crate) async fn until<T>(what: &str, mut check: impl AsyncFnMut() -> Option<T>) -> T {
    let found = tokio::time::timeout(DEADLINE, async {
        loop {
            if let Some(found) = check().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    found
        .await
        .unwrap_or_else(|_| panic!("not in time: {what}"))
}
