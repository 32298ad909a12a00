use serde_json::{Value, json};

use cluster::{ObjectId, Precondition};

use crate::harness::{Agent, Site, config_map, until};

async fn delete(site: &Site, object: &Value) {
    let id = ObjectId::of(object).unwrap();
    let uid = object["metadata"]["uid"].as_str().unwrap().to_owned();
    site.cluster
        .delete(
            &id,
            &Precondition {
                uid,
                resource_version: String::new(),
            },
        )
        .await
        .unwrap();
}

async fn web(site: &Site) -> Value {
    until("the deployment is there", async || {
        site.find("apps/v1", "Deployment", "web").await
    })
    .await
}

fn image(web: &Value) -> &str {
    web["spec"]["template"]["spec"]["containers"][0]["image"]
        .as_str()
        .unwrap()
}

async fn set_image(site: &Site, image: &str) {
    let id = ObjectId::of(&web(site).await).unwrap();
    let patch = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "main", "image": image, "ports": [{"containerPort": 8080}]}]}}}});
    // A merge by the test, under the manager of the agent but as an update: ownership moves all the same.
    site.cluster.merge(&id, &patch).await.unwrap();
}

/// Deletes and changes the deployment, and waits for each repair.
async fn disturb(site: &Site) {
    let before = web(site).await;
    delete(site, &before).await;
    let uid = before["metadata"]["uid"].clone();
    until("the deployment is made again", async || {
        let found = site.find("apps/v1", "Deployment", "web").await?;
        (found["metadata"]["uid"] != uid).then_some(())
    })
    .await;
    set_image(site, "example.test/evil:1").await;
    until("the image is set back", async || {
        (image(&web(site).await) == "example.test/web:1").then_some(())
    })
    .await;
}

async fn applied(site: &Site, name: &str) -> (Agent, model::UnitId) {
    let mut agent = site.agent().await;
    let unit = site.unit(name);
    agent
        .accept(1, &site.bundle(&unit, "example.test/web:1"))
        .await;
    agent.applied(&unit, 1).await;
    (agent, unit)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_delete_or_change_is_repaired() {
    let site = Site::new().await;
    let (agent, _) = applied(&site, "a").await;
    disturb(&site).await;
    // The repair is there before the agent has its answer, and counts it.
    until("both repairs are counted", async || {
        (agent.healed() >= 2).then_some(())
    })
    .await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_starts_without_a_hub_repairs_from_its_records() {
    let site = Site::new().await;
    let (agent, unit) = applied(&site, "a").await;
    agent.kill();
    let web = web(&site).await;
    delete(&site, &web).await;
    let mut agent = site.agent().await;
    until("the deployment is made again", async || {
        site.find("apps/v1", "Deployment", "web").await
    })
    .await;
    agent.applied(&unit, 1).await;
    disturb(&site).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_starts_again_writes_nothing_when_nothing_has_changed() {
    let site = Site::new().await;
    let (agent, unit) = applied(&site, "a").await;
    agent.stop().await;
    let mut agent = site.agent().await;
    agent.applied(&unit, 1).await;
    agent.report_all().await;
    agent.applied(&unit, 1).await;
    let counts = agent.cluster.requests().counts();
    let written = |resource: &str| {
        counts
            .iter()
            .any(|it| it.resource.starts_with(resource) && it.verb == "patch")
    };
    assert!(
        !written("deployments") && !written("configmaps"),
        "{counts:?}"
    );
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_lost_its_owner_label_gets_it_back() {
    let site = Site::new().await;
    let (agent, _) = applied(&site, "a").await;
    let id = ObjectId::of(&web(&site).await).unwrap();
    let patch = json!({"metadata": {"labels": {"quintet.dev/unit": null}}});
    site.cluster.merge(&id, &patch).await.unwrap();
    until("the label is back", async || {
        web(&site).await["metadata"]["labels"]
            .get("quintet.dev/unit")
            .is_some()
            .then_some(())
    })
    .await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_add_is_left_alone() {
    let site = Site::new().await;
    let (agent, unit) = applied(&site, "a").await;
    let id = ObjectId::of(&web(&site).await).unwrap();
    site.cluster
        .merge(
            &id,
            &json!({"metadata": {"annotations": {"x.test/added": "1"}}}),
        )
        .await
        .unwrap();
    let mut agent = agent;
    agent
        .accept(2, &site.bundle(&unit, "example.test/web:2"))
        .await;
    agent.applied(&unit, 2).await;
    let web = web(&site).await;
    assert_eq!((image(&web), agent.healed()), ("example.test/web:2", 0));
    assert_eq!(web["metadata"]["annotations"]["x.test/added"], "1");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_somebody_keeps_changing_is_reported_with_their_name() {
    let site = Site::new().await;
    let (mut agent, unit) = applied(&site, "a").await;
    let mut theirs = config_map("theirs");
    theirs["metadata"] = json!({"name": "settings", "namespace": site.namespace});
    for round in 1..=6 {
        theirs["data"]["value"] = format!("theirs {round}").into();
        let id = ObjectId::of(&theirs).unwrap();
        site.cluster.merge(&id, &theirs).await.unwrap();
        if round < 6 {
            until("it is repaired", async || {
                (agent.healed() >= round).then_some(())
            })
            .await;
        }
    }
    let report = agent
        .report("that it is contested", |it| {
            it.unit == unit && it.message.contains("keeps changing")
        })
        .await;
    assert!(report.message.contains("settings"), "{}", report.message);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_agents_the_one_with_the_older_record_gives_way() {
    let site = Site::new().await;
    let (mut first, unit) = applied(&site, "a").await;
    let mut second = site.agent().await;
    second
        .accept(3, &site.bundle(&unit, "example.test/web:3"))
        .await;
    second.applied(&unit, 3).await;
    first
        .accept(2, &site.bundle(&unit, "example.test/web:2"))
        .await;
    first.applied(&unit, 3).await;
    assert_eq!(image(&web(&site).await), "example.test/web:3");
    first.stop().await;
    second.stop().await;
}
