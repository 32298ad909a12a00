//! Who may write which role and binding, case by case.

use authz::{
    Effect::{self, Allow, Deny},
    Policy, ScopePath,
    escalation::{self, Escalation},
};
use model::{
    Envelope,
    kinds::{AuthzRoleBinding, reference::AuthzRoleKind::ClusterAuthzRole},
};

use crate::worlds::{binding, conditions, grant, mapping, role, subject};

fn bind(to: &str, name: &str, scope: &ScopePath) -> AuthzRoleBinding {
    grant(to, Allow, vec![mapping(ClusterAuthzRole, name, scope)])
}

#[test]
fn nobody_gives_more_than_they_hold() {
    let everywhere = ScopePath::default();
    let shop = ScopePath::namespace("shop");
    let objects = [
        role(None, "admin", &["*"]),
        role(None, "lead", &["component:*", "authzrolebinding:create"]),
        binding(None, "admins", &bind("admins", "admin", &everywhere)),
        binding(None, "leads", &bind("leads", "lead", &shop)),
    ];
    let policy = Policy::compile(&objects);
    let check = |who: &str, new| escalation::check(&policy, &subject(&[who]), None, Some(new));
    let inside = binding(Some("shop"), "new", &bind("devs", "lead", &shop));
    let outside = binding(Some("lab"), "new", &bind("devs", "lead", &shop));
    let unknown = binding(Some("shop"), "new", &bind("devs", "absent", &shop));
    assert!(check("admins", &inside).is_ok());
    assert!(check("leads", &inside).is_ok());
    assert!(check("admins", &unknown).is_ok());
    let lacking = check("leads", &outside).unwrap_err().lacking;
    assert_eq!(
        lacking,
        ["component:* in ns/lab", "authzrolebinding:create in ns/lab"]
    );
    assert_eq!(
        check("leads", &unknown).unwrap_err().lacking,
        ["* in ns/shop"]
    );
    let wider = role(
        None,
        "lead",
        &["component:*", "authzrolebinding:create", "secret:view"],
    );
    let told = escalation::check(
        &policy,
        &subject(&["leads"]),
        Some(&objects[1]),
        Some(&wider),
    );
    assert_eq!(told.unwrap_err().lacking, ["secret:view in *"]);
}

/// A binding of a role to update release bindings, where these expressions say so.
fn restricted(to: &str, effect: Effect, expressions: &[&str]) -> Envelope {
    let list: Vec<_> = expressions
        .iter()
        .map(|it| serde_json::json!({"actions": ["releasebinding:update"], "expression": it}))
        .collect();
    let mut mapping = mapping(ClusterAuthzRole, "deployer", &ScopePath::default());
    mapping.conditions = conditions(&serde_json::json!(list).to_string());
    let name = format!("{to}-{}", effect.as_str());
    binding(None, &name, &grant(to, effect, vec![mapping]))
}

const DEV: &str = r#"resource.environment == "a/dev""#;
const BROKEN: &str = r#"resource.workflow == "build""#;

fn check_restricted(
    own: &[&str],
    beside: Option<&Envelope>,
    old: Option<&Envelope>,
    new: Option<&Envelope>,
) -> Result<(), Escalation> {
    let role = role(None, "deployer", &["releasebinding:update"]);
    let own = restricted("leads", Allow, own);
    let policy = Policy::compile([&role, &own].into_iter().chain(beside));
    escalation::check(&policy, &subject(&["leads"]), old, new)
}

#[test]
fn conditions_are_handed_on_as_they_are() {
    let give = |own: &[&str], given: &[&str]| {
        let new = restricted("devs", Allow, given);
        check_restricted(own, None, None, Some(&new)).is_ok()
    };
    assert!(give(&[], &[]));
    assert!(give(&[], &[DEV]));
    assert!(give(&[DEV], &[DEV]));
    assert!(!give(&[DEV], &[]));
    // A rule with a broken condition gives nothing, so that its other conditions prove nothing.
    assert!(!give(&[DEV, BROKEN], &[DEV]));
}

#[test]
fn a_denial_is_lifted_by_those_who_hold_all_that_it_may_take() {
    let denial = restricted("devs", Deny, &[DEV]);
    let lift = |own: &[&str]| check_restricted(own, Some(&denial), Some(&denial), None);
    assert!(lift(&[]).is_ok());
    assert!(lift(&[DEV]).is_err());
    let narrower = restricted("devs", Deny, &[DEV, DEV]);
    let told = check_restricted(&[DEV], Some(&denial), Some(&denial), Some(&narrower));
    assert_eq!(told.unwrap_err().lacking, ["releasebinding:update in *"]);
    let own = restricted("leads", Deny, &[]);
    assert!(check_restricted(&[], Some(&own), Some(&own), None).is_err());
}
