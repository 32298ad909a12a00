//! `render --explain`.

use serde_json::Value;

use crate::shop::{ALL, Shop};

fn explain(component: &str, path: &str, more: &str) -> String {
    Shop::new().quintet(&format!(
        "render {ALL} -e staging -c {component} --explain {path} {more}"
    ))
}

#[test]
fn a_default_is_told_from_what_a_binding_gives() {
    insta::assert_snapshot!(
        "default",
        explain("greeter", "Deployment:spec.replicas", "")
    );
    insta::assert_snapshot!("binding", explain("cart", "Deployment:spec.replicas", ""));
}

#[test]
fn a_value_that_a_trait_adds_is_followed() {
    let path = "Deployment:spec.template.spec.containers[main].env[CURRENCY].value";
    insta::assert_snapshot!("trait_value", explain("cart", path, ""));
    let path = "deployment:/spec/template/spec/containers/0/env";
    insta::assert_snapshot!("trait_list", explain("cart", path, ""));
}

#[test]
fn what_a_trait_creates_names_the_trait() {
    insta::assert_snapshot!(explain(
        "cart",
        "PodDisruptionBudget:spec.maxUnavailable",
        ""
    ));
}

#[test]
fn what_the_platform_sets_is_said_to_be_its_own() {
    let hash =
        r#"Deployment:spec.template.metadata.annotations["openchoreo.dev/dp-resource-hash"]"#;
    insta::assert_snapshot!("hash", explain("greeter", hash, ""));
    insta::assert_snapshot!(
        "policy",
        explain("greeter", "NetworkPolicy:spec.policyTypes", "")
    );
}

#[test]
fn a_value_in_a_loop_names_the_loop() {
    insta::assert_snapshot!(explain(
        "greeter",
        "HTTPRoute:spec.rules[0].backendRefs[0].port",
        ""
    ));
}

#[test]
fn the_cell_of_a_project_is_explained_too() {
    let said = Shop::new().quintet(
        "render -f catalogue -f greeter.yaml -e staging --explain Namespace/greeter:metadata.name",
    );
    insta::assert_snapshot!(said);
}

#[test]
fn an_explanation_is_json_when_asked() {
    let said = explain("cart", "Deployment:spec.replicas", "-o json");
    let json = said.strip_prefix("[said]\n").unwrap();
    let answer: Value = serde_json::from_str(json.split("[told]").next().unwrap()).unwrap();
    assert_eq!(answer["value"], 3);
    let read = &answer["chain"][0]["reads"][0];
    assert_eq!(read["variable"], "environmentConfigs.replicas");
    assert_eq!(read["place"]["kind"], "ReleaseBinding");
    assert_eq!(read["place"]["source"]["file"], "shop.yaml");
}

#[test]
fn what_is_not_there_is_answered_with_what_is() {
    insta::assert_snapshot!("no_value", explain("cart", "Deployment:spec.replica", ""));
    insta::assert_snapshot!(
        "no_object",
        explain("cart", "StatefulSet:spec.replicas", "")
    );
}
