//! What is wrong with stored roles and bindings is told, and never counts as an allowance.

use authz::{
    Action, Attribute, Attributes, Decision,
    Effect::{Allow, Deny},
    Policy, ScopePath,
};
use model::{Envelope, kinds::reference::AuthzRoleKind::ClusterAuthzRole};

use crate::worlds::{binding, conditions, grant, mapping, role, subject};

fn decide<'a>(policy: &'a Policy, who: &'a authz::Subject) -> Decision<'a> {
    let action = Action::named("releasebinding:update");
    let given = Attributes::default().with(Attribute::Environment, "a/dev");
    policy.decide(who, &action, &ScopePath::namespace("a"), &given)
}

fn problems(policy: &Policy) -> Vec<String> {
    let problems = policy.problems().iter();
    problems
        .map(|problem| format!("{}: {}", problem.object, problem.diagnostic))
        .collect()
}

/// Two bindings of a role that may do everything, one that allows and one that denies, each to a group
/// of its own, with these conditions.
fn both(role_name: &str, scope: &ScopePath, expression: &str) -> Vec<Envelope> {
    let mut mapping = mapping(ClusterAuthzRole, role_name, scope);
    if !expression.is_empty() {
        let list = serde_json::json!([{"actions": ["releasebinding:*"], "expression": expression}]);
        mapping.conditions = conditions(&list.to_string());
    }
    let everything = grant(
        "denied",
        Allow,
        vec![self::mapping(
            ClusterAuthzRole,
            "all",
            &ScopePath::default(),
        )],
    );
    vec![
        role(None, "all", &["*"]),
        binding(
            None,
            "allow",
            &grant("allowed", Allow, vec![mapping.clone()]),
        ),
        binding(None, "deny", &grant("denied", Deny, vec![mapping])),
        binding(None, "everything", &everything),
    ]
}

/// What [`both`] says wrongly counts as a denial, and for nothing as an allowance.
fn assert_denies_and_never_allows(policy: &Policy) {
    assert_eq!(decide(policy, &subject(&["allowed"])), Decision::NotGranted);
    let denied = subject(&["denied"]);
    assert!(matches!(decide(policy, &denied), Decision::Denied(_)));
}

#[test]
fn what_cannot_be_evaluated_denies_and_never_allows() {
    let objects = both("all", &ScopePath::default(), "resource.environment ==");
    let policy = Policy::compile(&objects);
    assert_denies_and_never_allows(&policy);
    let told = problems(&policy);
    assert_eq!(told.len(), 2);
    assert!(told[0].starts_with(
        "ClusterAuthzRoleBinding allow: spec.roleMappings[0].conditions[0].expression: "
    ));
}

#[test]
fn a_place_that_is_not_whole_denies_as_far_out_as_it_may_mean_and_never_allows() {
    let scope = ScopePath {
        project: "shop".to_owned(),
        ..ScopePath::default()
    };
    let objects = both("all", &scope, "");
    let policy = Policy::compile(&objects);
    assert_denies_and_never_allows(&policy);
    assert_eq!(
        problems(&policy)[0],
        "ClusterAuthzRoleBinding allow: spec.roleMappings[0].scope: project needs a namespace"
    );
}

#[test]
fn a_role_that_is_not_there_says_nothing_and_is_told() {
    let objects = both("absent", &ScopePath::default(), "");
    let policy = Policy::compile(&objects);
    assert_eq!(
        decide(&policy, &subject(&["allowed"])),
        Decision::NotGranted
    );
    assert!(decide(&policy, &subject(&["denied"])).is_allowed());
    assert_eq!(
        problems(&policy),
        [
            "ClusterAuthzRoleBinding allow: spec.roleMappings[0].roleRef: ClusterAuthzRole absent does not exist",
            "ClusterAuthzRoleBinding deny: spec.roleMappings[0].roleRef: ClusterAuthzRole absent does not exist",
        ]
    );
}

#[test]
fn a_decision_names_the_binding_and_the_role_that_it_rests_on() {
    let objects = both("all", &ScopePath::namespace("a"), "");
    let policy = Policy::compile(&objects);
    let who = subject(&["nobody", "allowed"]);
    let Decision::Allowed(ground) = decide(&policy, &who) else {
        panic!("not allowed");
    };
    assert_eq!(ground.entitlement.value, "allowed");
    assert_eq!(ground.binding.to_string(), "ClusterAuthzRoleBinding allow");
    assert_eq!(ground.role.to_string(), "ClusterAuthzRole all");
}

#[test]
fn only_those_whom_a_change_is_about_see_another_policy() {
    let objects = both("all", &ScopePath::default(), "");
    let before = Policy::compile(&objects);
    let after = Policy::compile(&objects[..2]);
    assert!(before.is_same_for(&after, &subject(&["allowed"])));
    assert!(before.is_same_for(&after, &subject(&["stranger"])));
    assert!(!before.is_same_for(&after, &subject(&["denied"])));
    let wider = role(None, "all", &["component:*"]);
    let after = Policy::compile(objects[1..].iter().chain([&wider]));
    assert!(!before.is_same_for(&after, &subject(&["allowed"])));
}

#[test]
fn bindings_of_one_name_are_told_apart() {
    let everything = || vec![mapping(ClusterAuthzRole, "all", &ScopePath::default())];
    let spec = || grant("devs", Allow, everything());
    let objects = [
        role(None, "all", &["*"]),
        binding(None, "same", &spec()),
        binding(Some("a"), "same", &spec()),
    ];
    let who = subject(&["devs"]);
    assert!(decide(&Policy::compile(&objects), &who).is_allowed());
    assert!(decide(&Policy::compile(&objects[..2]), &who).is_allowed());
    assert_eq!(
        decide(&Policy::compile(&objects[..1]), &who),
        Decision::NotGranted
    );
}
