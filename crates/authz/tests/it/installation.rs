//! Actions, and the roles and bindings of a new installation, against the published ones.

use serde_json::{Value, json};

use authz::{Action, Attributes, Policy, ScopePath, actions, defaults};
use model::{Draft, KindName};
use testkit::compat::{is_usual, read};

use crate::worlds::subject;

fn published(file: &str) -> Value {
    serde_json::from_str(&read(&format!("authz/{file}"))).unwrap()
}

#[test]
fn actions_are_those_of_the_reference() {
    if !is_usual() {
        return;
    }
    let own: Vec<Value> = actions::catalogue()
        .iter()
        .map(|known| {
            let attributes = known.attributes.iter().map(
                |it| json!({"key": it.key(), "leaf": it.field(), "description": it.description()}),
            );
            json!({
                "name": known.name, "lowestScope": known.lowest.as_str(),
                "conditions": attributes.collect::<Vec<_>>(),
            })
        })
        .collect();
    let mut theirs = published("actions.json")["actions"]
        .as_array()
        .unwrap()
        .clone();
    theirs.sort_by_key(|action| action["name"].to_string());
    for action in &mut theirs {
        let action = action.as_object_mut().unwrap();
        assert_eq!(action.shift_remove("internal"), Some(false.into()));
        let conditions = action.entry("conditions").or_insert_with(|| json!([]));
        for condition in conditions.as_array_mut().unwrap() {
            let condition = condition.as_object_mut().unwrap();
            assert_eq!(condition.shift_remove("root"), Some("resource".into()));
            assert_eq!(condition.shift_remove("type"), Some("string".into()));
        }
    }
    for (own, theirs) in own.iter().zip(&theirs) {
        assert_eq!(own, theirs);
    }
    assert_eq!(own.len(), theirs.len());
}

#[test]
fn a_new_installation_has_the_roles_and_bindings_of_the_reference() {
    if !is_usual() {
        return;
    }
    let published = published("default-roles.json");
    let mut own = defaults::objects().into_iter();
    for role in published["roles"].as_array().unwrap() {
        let object = own.next().unwrap();
        assert_eq!(object.key.public_kind(), "ClusterAuthzRole");
        assert_eq!(object.key.name, role["name"].as_str().unwrap());
        assert_eq!(object.spec.to_value()["actions"], role["actions"]);
    }
    for binding in published["bindings"].as_array().unwrap() {
        let object = own.next().unwrap();
        assert_eq!(object.key.public_kind(), binding["kind"].as_str().unwrap());
        assert_eq!(object.key.name, binding["name"].as_str().unwrap());
        let spec = object.spec.to_value();
        for part in ["entitlement", "roleMappings", "effect"] {
            assert_eq!(spec[part], binding[part], "{}", object.key);
        }
    }
    assert_eq!(own.next(), None);
}

#[test]
fn a_new_installation_is_valid_and_has_an_administrator() {
    let objects = defaults::objects();
    for object in &objects {
        assert!(authz::vet::object(object).is_empty());
        let draft = Draft {
            envelope: object.clone(),
            old: None,
        };
        draft
            .check()
            .unwrap_or_else(|problems| panic!("{}: {problems}", object.key));
    }
    let policy = Policy::compile(&objects);
    assert_eq!(policy.problems(), []);
    let may = |group: &str, action: &str| {
        let place = ScopePath::namespace("default");
        let who = subject(&[group]);
        let decision = policy.decide(&who, &Action::named(action), &place, &Attributes::default());
        decision.is_allowed()
    };
    assert!(may("admins", "authzrole:delete"));
    assert!(may("developers", "component:create"));
    assert!(!may("developers", "authzrole:create"));
    assert!(!may("strangers", "component:view"));
}

#[test]
fn a_rendered_release_is_seen_with_its_binding() {
    let action = |kind| Action::on(kind, model::Scope::Namespaced, authz::Verb::View);
    assert_eq!(
        action(KindName::RenderedRelease),
        action(KindName::ReleaseBinding)
    );
    assert_eq!(action(KindName::Component).resource(), "component");
}
