//! The agent as a whole, with the control plane and the bus away: all it has is what its cluster remembers.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::time::Duration;

use serde_json::{Value, json};

use agent::{Config, Role};
use cluster::{Access, Cluster, ObjectId, Precondition, Record, Records, Settings};
use model::{Bundle, BundleObject, Head, Policy, Target, UnitId, UnitRevision, label};
use reconcile::{Inventory, Work};
use testkit::kube::ApiServer;

const DEADLINE: Duration = Duration::from_secs(30);

struct Site {
    cluster: Cluster,
    records: String,
    namespace: String,
}

impl Site {
    async fn new() -> Self {
        let server = ApiServer::shared();
        let access = Access::Kubeconfig {
            path: server.kubeconfig().to_owned(),
            context: String::new(),
        };
        let cluster = Cluster::connect(&access, Settings::default())
            .await
            .unwrap();
        Self {
            cluster,
            records: server.fresh_namespace(),
            namespace: server.fresh_namespace(),
        }
    }

    /// Leaves a record as an agent does that was killed between remembering a unit and applying it.
    async fn remember(&self, name: &str) {
        let unit: UnitId = format!("releasebinding.{}.{name}", self.namespace)
            .parse()
            .unwrap();
        let objects = [
            (
                json!({"apiVersion": "v1", "kind": "Namespace"}),
                self.namespace.as_str(),
            ),
            (
                json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1"}}),
                name,
            ),
        ];
        let objects = objects.map(|(mut object, name)| {
            object["metadata"] = json!({
                "name": name,
                "namespace": (object["kind"] != "Namespace").then_some(&self.namespace),
                "labels": {label::UNIT: unit.label_value()},
                "annotations": {label::UNIT_ANNOTATION: unit.as_str()},
            });
            let id = object["kind"].as_str().unwrap().to_lowercase();
            BundleObject {
                id,
                policy: Policy::Managed,
                report_status: false,
                status_paths: Vec::new(),
                object,
            }
        });
        let bundle = Bundle {
            unit: unit.clone(),
            requires: vec![],
            features: vec![],
            objects: objects.into(),
        };
        let head = Head {
            unit,
            plane: "dataplane-default".parse().unwrap(),
            revision: UnitRevision {
                incarnation: 1,
                counter: 1,
            },
            target: Target::Bundle(bundle.digest()),
            compiler_epoch: 1,
            trace: None,
        };
        let work = Work::new(head.clone(), Some(&bundle)).unwrap();
        let record = Record {
            head,
            bundle: work.blob,
            inventory: Inventory::default().encode(),
            objects: 0,
            version: String::new(),
        };
        let records = Records::new(self.cluster.clone(), &self.records);
        records.install().await.unwrap();
        records.put(&record).await.unwrap();
    }

    fn config(&self) -> Config {
        let mut config = Config::default();
        config.cluster.kubeconfig = ApiServer::shared().kubeconfig().to_owned();
        config.cluster.namespace.clone_from(&self.records);
        config.link.bus.servers = vec![format!("nats://{}", testkit::free_address())];
        config.link.identity_file = testkit::tempdir().keep().join("identity.json");
        config
    }

    async fn config_map(&self, name: &str) -> Option<Value> {
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap",
                            "metadata": {"name": name, "namespace": self.namespace}});
        self.cluster
            .find(&ObjectId::of(&object).unwrap())
            .await
            .unwrap()
    }

    async fn appears(&self, name: &str) -> Value {
        testkit::until("the configuration is there", DEADLINE, || {
            self.config_map(name)
        })
        .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_works_from_its_records_while_the_hub_is_away() {
    let site = Site::new().await;
    site.remember("first").await;
    site.remember("second").await;
    let tasks = kit::Tasks::new();
    let role = Role {
        service: "agent",
        pods: label::NAMESPACE.to_owned(),
    };
    agent::start(role, site.config(), &tasks).await.unwrap();
    for name in ["first", "second"] {
        site.appears(name).await;
    }

    let first = site.appears("first").await;
    let uid = first["metadata"]["uid"].as_str().unwrap().to_owned();
    let precondition = Precondition {
        uid,
        resource_version: String::new(),
    };
    site.cluster
        .delete(&ObjectId::of(&first).unwrap(), &precondition)
        .await
        .unwrap();
    site.appears("first").await;
    assert!(tasks.failure().is_none());
    assert!(tasks.stop(Duration::from_secs(5)).await.is_empty());
}
