use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    OFFERED,
    arguments::Arguments,
    requests,
    table::{Action, TOOLS},
};
use crate::problem::Problem;

fn check(tool: &str, given: Value) -> Result<Arguments, Problem> {
    let offered = OFFERED.iter().find(|offered| offered.name == tool).unwrap();
    Arguments::check(&offered.input_schema, given.as_object().unwrap().clone())
}

fn action(tool: &str) -> (model::KindName, &'static Action) {
    let tool = TOOLS.iter().find(|entry| entry.name == tool).unwrap();
    (tool.kind, &tool.action)
}

fn created(tool: &str, given: Value) -> Value {
    let arguments = check(tool, given).unwrap();
    let Action::Create { object, fields, .. } = action(tool).1 else {
        panic!("{tool} does not create")
    };
    requests::document(object, fields, &arguments).unwrap()
}

#[test]
fn every_tool_is_offered_and_implemented() {
    let offered: BTreeSet<&str> = OFFERED.iter().map(|tool| tool.name.as_ref()).collect();
    let implemented: BTreeSet<&str> = TOOLS.iter().map(|tool| tool.name).collect();
    assert_eq!(offered, implemented);
    assert_eq!(OFFERED.len(), TOOLS.len());
}

#[test]
fn every_argument_is_used() {
    const EVERYWHERE: &[&str] = &["namespace_name", "scope", "limit", "cursor"];
    for tool in TOOLS {
        let offered = OFFERED
            .iter()
            .find(|offered| offered.name == tool.name)
            .unwrap();
        let none = Map::new();
        let properties = offered
            .input_schema
            .get("properties")
            .and_then(Value::as_object)
            .unwrap_or(&none);
        let (object, fields) = match &tool.action {
            Action::List { by } => ("", *by),
            Action::Find { object } | Action::Delete { object } => (*object, &[][..]),
            Action::Create { object, fields, .. } | Action::Update { object, fields } => {
                (*object, *fields)
            }
        };
        for name in properties
            .keys()
            .filter(|name| !EVERYWHERE.contains(&name.as_str()))
        {
            let used = object.contains(&format!("{{{name}}}"))
                || fields.iter().any(|(field, _)| field == name);
            assert!(used, "{}: {name} is not used", tool.name);
        }
        for (name, _) in fields {
            assert!(
                properties.contains_key(*name),
                "{}: {name} is not offered",
                tool.name
            );
        }
    }
}

#[test]
fn a_list_becomes_a_filtered_page() {
    let arguments = check(
        "list_components",
        json!({"namespace_name": "acme", "project_name": "shop", "limit": 7}),
    )
    .unwrap();
    let (kind, Action::List { by }) = action("list_components") else {
        panic!("not a list")
    };
    let request = requests::list(kind, by, &arguments).unwrap();
    assert_eq!(
        (
            request.kind.as_str(),
            request.namespace.as_str(),
            request.limit
        ),
        ("Component", "acme", 7)
    );
    assert_eq!(
        request
            .fields
            .get("spec.owner.projectName")
            .map(String::as_str),
        Some("shop")
    );
}

#[test]
fn a_scope_chooses_the_twin() {
    let (kind, _) = action("get_trait");
    let shared = check("get_trait", json!({"scope": "cluster", "name": "ingress"})).unwrap();
    assert_eq!(
        requests::key(kind, "{name}", &shared).unwrap().kind,
        "ClusterTrait"
    );
    let own = check(
        "get_trait",
        json!({"namespace_name": "acme", "name": "ingress"}),
    )
    .unwrap();
    assert_eq!(requests::key(kind, "{name}", &own).unwrap().kind, "Trait");
    let nowhere = check("get_trait", json!({"name": "ingress"})).unwrap();
    let problem = requests::key(kind, "{name}", &nowhere).unwrap_err();
    assert!(
        problem.body()["error"]
            .as_str()
            .unwrap()
            .starts_with("namespace_name: ")
    );
}

#[test]
fn a_new_object_has_its_fields_and_name() {
    let binding = created(
        "create_release_binding",
        json!({"namespace_name": "acme", "project_name": "shop", "component_name": "cart",
               "environment": "dev", "release_name": "cart-1", "workload_overrides": {"container": {}}}),
    );
    let expected = json!({
        "metadata": {"name": "cart-dev"},
        "spec": {
            "owner": {"projectName": "shop", "componentName": "cart"}, "environment": "dev",
            "releaseName": "cart-1", "workloadOverrides": {"container": {}},
        },
    });
    assert_eq!(binding, expected);
    let namespace = created(
        "create_namespace",
        json!({"name": "acme", "display_name": "Acme"}),
    );
    assert_eq!(
        namespace["metadata"]["annotations"]["openchoreo.dev/display-name"],
        "Acme"
    );
}

#[test]
fn a_change_keeps_the_owner_and_what_is_not_named() {
    let owner = json!({"projectName": "shop", "componentName": "cart"});
    let mut workload =
        json!({"metadata": {"name": "w"}, "spec": {"owner": owner, "container": {"image": "a"}}});
    let spec = json!({"container": {"image": "b"}, "owner": {"projectName": "other"}});
    let given = json!({"namespace_name": "acme", "workload_name": "w", "workload_spec": spec});
    let (_, Action::Update { fields, .. }) = action("update_workload") else {
        panic!("not an update")
    };
    requests::change(
        &mut workload,
        fields,
        &check("update_workload", given).unwrap(),
    )
    .unwrap();
    assert_eq!(
        workload["spec"],
        json!({"container": {"image": "b"}, "owner": owner})
    );

    let mut component = json!({"metadata": {"name": "cart"}, "spec": {"traits": [{"name": "x"}], "autoDeploy": true}});
    let given = json!({"namespace_name": "acme", "component_name": "cart", "traits": [], "description": ""});
    let (_, Action::Update { fields, .. }) = action("patch_component") else {
        panic!("not an update")
    };
    requests::change(
        &mut component,
        fields,
        &check("patch_component", given).unwrap(),
    )
    .unwrap();
    assert_eq!(
        component,
        json!({"metadata": {"name": "cart"}, "spec": {"traits": [], "autoDeploy": true}})
    );
}

#[test]
fn wrong_arguments_are_named() {
    let cases = [
        (
            json!({"namespace_name": "acme"}),
            "component_name: is required",
        ),
        (
            json!({"namespace_name": "acme", "component_name": ""}),
            "component_name: must not be empty",
        ),
        (
            json!({"namespace_name": 1, "component_name": "cart"}),
            "namespace_name: must be of type string",
        ),
        (
            json!({"namespace": "acme"}),
            "namespace: no such argument; there are: component_name, namespace_name",
        ),
    ];
    for (given, message) in cases {
        let problem = check("get_component", given).unwrap_err();
        assert_eq!(problem.body()["error"], message);
    }
    let problem = check("get_trait", json!({"name": "x", "scope": "planet"})).unwrap_err();
    assert_eq!(
        problem.body()["error"],
        r#"scope: must be one of ["namespace","cluster"]"#
    );
}
