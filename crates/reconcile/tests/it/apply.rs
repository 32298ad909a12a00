use serde_json::json;

use cluster::ObjectId;
use model::{Bundle, Health, Policy, Tombstone, UnitPhase};

use crate::harness::{Site, config_map, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_is_applied_and_a_head_that_is_sent_again_sends_nothing() {
    let site = Site::new().await;
    let mut agent = site.agent().await;
    let unit = site.unit("a");
    let bundle = site.bundle(&unit, "example.test/web:1");
    agent.accept(1, &bundle).await;
    let report = agent.applied(&unit, 1).await;
    assert_eq!(report.objects.len(), 3);
    let web = site.find("apps/v1", "Deployment", "web").await.unwrap();
    assert_eq!(web["metadata"]["managedFields"][0]["manager"], "quintet");

    // The record is brought up to date a moment later; then nothing moves any more.
    until("the record holds what was written", async || {
        let records = cluster::Records::new(site.cluster.clone(), site.records.clone());
        let record = records.find(&unit).await.unwrap()?;
        let inventory = reconcile::Inventory::decode(&record.inventory).unwrap();
        inventory
            .iter()
            .all(|entry| !entry.uid.is_empty())
            .then_some(())
    })
    .await;
    agent.report_all().await;
    agent.applied(&unit, 1).await;
    let before = agent.requests();
    agent.accept(1, &bundle).await;
    agent.report_all().await;
    agent.applied(&unit, 1).await;
    assert_eq!(
        agent.requests(),
        before,
        "{:?}",
        agent.cluster.requests().counts()
    );

    // Another revision of the same bundle is remembered, and nothing else is written.
    agent.accept(2, &bundle).await;
    agent.applied(&unit, 2).await;
    assert_eq!(agent.requests(), before + 1);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_head_changes_nothing() {
    let site = Site::new().await;
    let mut agent = site.agent().await;
    let unit = site.unit("a");
    agent
        .accept(5, &site.bundle(&unit, "example.test/web:5"))
        .await;
    agent.applied(&unit, 5).await;
    agent
        .accept(4, &site.bundle(&unit, "example.test/web:4"))
        .await;
    agent
        .accept(6, &site.bundle(&unit, "example.test/web:6"))
        .await;
    agent.applied(&unit, 6).await;
    let web = site.find("apps/v1", "Deployment", "web").await.unwrap();
    assert_eq!(
        web["spec"]["template"]["spec"]["containers"][0]["image"],
        "example.test/web:6"
    );
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_units_share_is_made_by_the_first_and_left_as_somebody_changed_it() {
    let site = Site::new().await;
    let mut agent = site.agent().await;
    let shared = |bundle: &mut Bundle| {
        site.add(bundle, Policy::Keep, config_map("made"), "shared");
        let entry = bundle.objects.last_mut().unwrap();
        let metadata = entry.object["metadata"].as_object_mut().unwrap();
        metadata.retain(|key, _| key == "name" || key == "namespace");
    };
    let (first, second) = (site.unit("a"), site.unit("b"));
    let mut bundle = site.bundle(&first, "example.test/web:1");
    shared(&mut bundle);
    agent.accept(1, &bundle).await;
    agent.applied(&first, 1).await;
    let made = site.find("v1", "ConfigMap", "shared").await.unwrap();
    assert_eq!(made["data"]["value"], "made");

    let id = ObjectId::of(&made).unwrap();
    let edit = json!({"data": {"value": "edited"}});
    site.cluster.merge(&id, &edit).await.unwrap();
    let mut bundle = Bundle {
        unit: second.clone(),
        objects: vec![],
        ..bundle
    };
    shared(&mut bundle);
    agent.accept(2, &bundle).await;
    agent.applied(&second, 2).await;
    agent.bury(3, &first, Tombstone::Delete).await;
    let left = site.find("v1", "ConfigMap", "shared").await.unwrap();
    assert_eq!(left["data"]["value"], "edited");
    assert!(left["metadata"].get("labels").is_none());
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bundle_no_longer_names_is_deleted_and_nothing_else() {
    let site = Site::new().await;
    let mut agent = site.agent().await;
    let unit = site.unit("a");
    let mut bundle = site.bundle(&unit, "example.test/web:1");
    site.add(&mut bundle, Policy::Managed, config_map("x"), "old");
    site.add(&mut bundle, Policy::Keep, config_map("x"), "kept");
    agent.accept(1, &bundle).await;
    agent.applied(&unit, 1).await;
    let foreign = json!({"apiVersion": "v1", "kind": "ConfigMap",
                         "metadata": {"name": "foreign", "namespace": site.namespace}});
    site.cluster.create(&foreign).await.unwrap();

    agent
        .accept(2, &site.bundle(&unit, "example.test/web:1"))
        .await;
    agent.applied(&unit, 2).await;
    until("the old object is gone", async || {
        site.find("v1", "ConfigMap", "old")
            .await
            .is_none()
            .then_some(())
    })
    .await;
    assert!(site.find("v1", "ConfigMap", "kept").await.is_some());

    agent.bury(3, &unit, Tombstone::Delete).await;
    let namespace = site.namespace.clone();
    until("the namespace is being deleted", async || {
        let found = site.find("v1", "Namespace", &namespace).await;
        found
            .is_none_or(|it| it["metadata"].get("deletionTimestamp").is_some())
            .then_some(())
    })
    .await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_is_let_go_keeps_its_objects() {
    let site = Site::new().await;
    let mut agent = site.agent().await;
    let unit = site.unit("a");
    agent
        .accept(1, &site.bundle(&unit, "example.test/web:1"))
        .await;
    agent.applied(&unit, 1).await;
    agent.bury(2, &unit, Tombstone::Release).await;
    agent.phase(&unit, 2, UnitPhase::Deleted).await;
    let web = site.find("apps/v1", "Deployment", "web").await.unwrap();
    assert!(web["metadata"]["labels"].get("quintet.dev/unit").is_none());
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_object_is_named_and_the_others_are_written() {
    let site = Site::new().await;
    let mut agent = site.agent().await;
    let unit = site.unit("a");
    let mut bundle = site.bundle(&unit, "example.test/web:1");
    let service =
        json!({"apiVersion": "v1", "kind": "Service", "spec": {"ports": [{"port": 99999}]}});
    site.add(&mut bundle, Policy::Managed, service, "web");
    let unknown = json!({"apiVersion": "x.quintet.test/v1", "kind": "Nothing"});
    site.add(&mut bundle, Policy::Managed, unknown, "web");
    agent.accept(1, &bundle).await;
    let report = agent.phase(&unit, 1, UnitPhase::Failed).await;
    let message = |id: &str| {
        report
            .objects
            .iter()
            .find(|it| it.id == id)
            .map(|it| (it.failed, it.message.clone()))
            .unwrap()
    };
    assert!(
        message("service-web").1.contains("spec.ports[0].port"),
        "{report:#?}"
    );
    assert!(
        message("nothing-web")
            .1
            .contains("serves no kind Nothing of x.quintet.test/v1"),
        "{report:#?}"
    );
    assert!(message("service-web").0 && !message("deployment-web").0);
    assert!(site.find("apps/v1", "Deployment", "web").await.is_some());

    agent
        .accept(2, &site.bundle(&unit, "example.test/web:1"))
        .await;
    agent.applied(&unit, 2).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_of_somebody_else_is_not_taken_over() {
    let site = Site::new().await;
    let mut agent = site.agent().await;
    let unit = site.unit("a");
    let namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": site.namespace}});
    site.cluster.create(&namespace).await.unwrap();
    let id = cluster::ObjectId::of(&json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": site.namespace}
    }));
    kubectl_apply(&site, &config_map("theirs")).await;
    agent
        .accept(1, &site.bundle(&unit, "example.test/web:1"))
        .await;
    let report = agent.phase(&unit, 1, UnitPhase::Failed).await;
    assert!(
        report
            .message
            .contains("is also managed by other-tool (.data.value)"),
        "{}",
        report.message
    );
    let settings = site.cluster.find(&id.unwrap()).await.unwrap().unwrap();
    assert_eq!(settings["data"]["value"], "theirs");
    agent.stop().await;
}

/// Applies a configuration as another tool would.
async fn kubectl_apply(site: &Site, object: &serde_json::Value) {
    let mut object = object.clone();
    object["metadata"] = json!({"name": "settings", "namespace": site.namespace});
    let folder = testkit::tempdir();
    let file = folder.path().join("object.json");
    std::fs::write(&file, object.to_string()).unwrap();
    let file = file.to_str().unwrap();
    testkit::kube::ApiServer::shared().kubectl(&[
        "apply",
        "--server-side",
        "--field-manager=other-tool",
        "-f",
        file,
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_waits_for_the_unit_that_it_requires() {
    let site = Site::new().await;
    let mut agent = site.agent().await;
    let (cell, unit) = (site.unit("cell"), site.unit("a"));
    let whole = site.bundle(&unit, "example.test/web:1");
    let mut bundle = whole.clone();
    bundle.objects.remove(0);
    bundle.requires = vec![cell.clone()];
    agent.accept(1, &bundle).await;
    let report = agent.phase(&unit, 1, UnitPhase::Applying).await;
    assert!(
        report.message.contains(&format!("waits for {cell}")),
        "{}",
        report.message
    );

    let mut of_cell = site.bundle(&cell, "");
    of_cell.objects.truncate(1);
    agent.accept(2, &of_cell).await;
    agent.applied(&unit, 1).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_of_a_kind_that_the_bundle_brings_is_written_after_it_is_served() {
    let site = Site::new().await;
    let mut agent = site.agent().await;
    let unit = site.unit("a");
    let group = format!("{}.quintet.test", site.namespace);
    let mut bundle = site.bundle(&unit, "example.test/web:1");
    let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": {
        "group": group, "scope": "Namespaced",
        "names": {"kind": "Thing", "plural": "things", "singular": "thing", "listKind": "ThingList"},
        "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
            "type": "object", "x-kubernetes-preserve-unknown-fields": true}}}],
    }});
    site.add(
        &mut bundle,
        Policy::Managed,
        definition,
        &format!("things.{group}"),
    );
    let thing = json!({"apiVersion": format!("{group}/v1"), "kind": "Thing", "spec": {"a": 1}});
    site.add(&mut bundle, Policy::Managed, thing, "one");
    agent.accept(1, &bundle).await;
    let report = agent.applied(&unit, 1).await;
    let thing = report.objects.iter().find(|it| it.kind == "Thing").unwrap();
    assert_eq!(thing.health, Health::Unknown);
    agent.bury(2, &unit, Tombstone::Delete).await;
    until("the definition is gone", async || {
        let id = cluster::ObjectId::of(&bundle.objects[3].object).unwrap();
        site.cluster
            .find(&id)
            .await
            .unwrap()
            .is_none()
            .then_some(())
    })
    .await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_once_is_not_made_again() {
    let site = Site::new().await;
    let mut agent = site.agent().await;
    let unit = site.unit("run");
    let mut bundle = site.bundle(&unit, "example.test/web:1");
    bundle.objects.truncate(1);
    site.add(&mut bundle, Policy::Once, config_map("run"), "run");
    agent.accept(1, &bundle).await;
    agent.applied(&unit, 1).await;
    let run = site.find("v1", "ConfigMap", "run").await.unwrap();
    let id = cluster::ObjectId::of(&run).unwrap();
    let uid = run["metadata"]["uid"].as_str().unwrap().to_owned();
    let precondition = cluster::Precondition {
        uid,
        resource_version: String::new(),
    };
    site.cluster.delete(&id, &precondition).await.unwrap();
    let report = agent.phase(&unit, 1, UnitPhase::Failed).await;
    let run = report
        .objects
        .iter()
        .find(|it| it.id == "configmap-run")
        .unwrap();
    assert!(
        run.failed && run.message.contains("not made again"),
        "{run:?}"
    );

    agent.stop().await;
    let mut agent = site.agent().await;
    agent.phase(&unit, 1, UnitPhase::Failed).await;
    assert!(site.find("v1", "ConfigMap", "run").await.is_none());
    agent.stop().await;
}
