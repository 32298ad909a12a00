//! Each guarantee, broken.

use serde_json::{Value, json};

use expr::Map;

use model::{Bundle, BundleObject, Policy, UnitId};

use super::{Cell, check};
use crate::{object, tree};

const CELL: &str = "dp-cell";

fn labels() -> Map {
    let labels = tree::of(&json!({"openchoreo.dev/component": "api"}));
    tree::fields(&labels).unwrap().clone()
}

fn entry(id: &str, object: Value) -> BundleObject<expr::Value> {
    let unit: UnitId = "releasebinding.default.api".parse().unwrap();
    let mut object = tree::of(&object);
    object::add_labels(&mut object, &labels());
    object::set_missing_namespace(&mut object, CELL);
    object::stamp(&mut object, &unit, &unit.label_value());
    BundleObject {
        id: id.to_owned(),
        policy: Policy::Managed,
        report_status: false,
        status_paths: Vec::new(),
        object,
    }
}

fn thing(api_version: &str, kind: &str) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}})
}

/// What is wrong with a component that has these objects beside its policy.
fn component(objects: Vec<BundleObject<expr::Value>>) -> String {
    let mut all = vec![entry(
        "policy",
        thing("networking.k8s.io/v1", "NetworkPolicy"),
    )];
    all.extend(objects);
    faults(
        all,
        &Cell::Component {
            namespace: CELL,
            labels: &labels(),
        },
    )
}

fn faults(objects: Vec<BundleObject<expr::Value>>, cell: &Cell<'_>) -> String {
    let unit = "releasebinding.default.api".parse().unwrap();
    let bundle = Bundle {
        unit,
        requires: Vec::new(),
        features: Vec::new(),
        objects,
    };
    check(&bundle, cell).to_string()
}

#[test]
fn a_component_in_its_cell_is_fine() {
    assert_eq!(
        component(vec![entry("service", thing("v1", "Service"))]),
        ""
    );
}

#[test]
fn a_component_owns_nothing_outside_of_its_cell() {
    let mut elsewhere = thing("v1", "ConfigMap");
    elsewhere["metadata"]["namespace"] = json!("kube-system");
    assert!(component(vec![entry("a", elsewhere)]).contains("outside of the cell"));
    let shared = component(vec![entry(
        "a",
        thing("rbac.authorization.k8s.io/v1", "ClusterRole"),
    )]);
    assert!(shared.contains("shared by the whole cluster"), "{shared}");
    let mut grant = thing("gateway.networking.k8s.io/v1beta1", "ReferenceGrant");
    grant["metadata"]["namespace"] = json!("gateways");
    assert_eq!(component(vec![entry("a", grant)]), "");
}

#[test]
fn a_project_owns_no_namespace_but_its_cell() {
    let cell = Cell::Project { namespace: CELL };
    let mut namespace = thing("v1", "Namespace");
    namespace["metadata"]["name"] = json!(CELL);
    assert_eq!(faults(vec![entry("a", namespace)], &cell), "");
    let other = faults(vec![entry("a", thing("v1", "Namespace"))], &cell);
    assert!(other.contains("is not the cell"), "{other}");
}

#[test]
fn two_objects_are_not_one() {
    let service = || thing("v1", "Service");
    let twice = component(vec![entry("a", service()), entry("b", service())]);
    assert!(twice.contains("two templates render Service/x"), "{twice}");
    let same = component(vec![
        entry("a", service()),
        entry("a", thing("v1", "Secret")),
    ]);
    assert!(same.contains("two objects have this id"), "{same}");
}

#[test]
fn a_component_has_a_policy_over_all_its_pods() {
    let cell_labels = labels();
    let cell = Cell::Component {
        namespace: CELL,
        labels: &cell_labels,
    };
    let without = faults(vec![entry("a", thing("v1", "Service"))], &cell);
    assert!(without.contains("no network policy"), "{without}");
    let mut cron = thing("batch/v1", "CronJob");
    cron["spec"] = json!({"jobTemplate": {"spec": {"template": {"metadata": {}}}}});
    let unseen = component(vec![entry("a", cron)]);
    assert!(
        unseen.contains("its pods do not carry the labels"),
        "{unseen}"
    );
}

#[test]
fn a_secret_is_not_readable() {
    let mut secret = thing("v1", "Secret");
    secret["stringData"] = json!({"password": "hunter2"});
    let readable = component(vec![entry("a", secret)]);
    assert!(readable.contains("holds readable values"), "{readable}");
    assert!(!readable.contains("hunter2"));
}

#[test]
fn an_object_belongs_to_its_unit() {
    let mut stray = entry("a", thing("v1", "Service"));
    object::insert_text(
        &mut stray.object,
        &["metadata", "labels"],
        "quintet.dev/unit",
        "0",
    );
    assert!(component(vec![stray]).contains("owner labels"));
}
