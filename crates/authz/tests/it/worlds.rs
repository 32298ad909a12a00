//! Small made-up worlds of roles and bindings, and what may be asked about them.

use std::collections::BTreeMap;

use proptest::{prelude::*, sample::select};
use serde_json::json;

use authz::{Attribute, Attributes, Effect, Entitlement, ScopePath, Subject, subject::SubjectKind};
use model::{
    Envelope, KindName, ObjectKey, ObjectMeta, RawJson,
    kinds::{
        AuthzRole, AuthzRoleBinding,
        authz_role_binding::{AuthzCondition, RoleMapping, RoleScope},
        reference::{AuthzRoleKind, AuthzRoleRef},
    },
};

use crate::naive::{Naive, Tuple};

pub(crate) const GROUPS: &[&str] = &["g1", "g2", "g3"];
pub(crate) const ACTIONS: &[&str] = &[
    "component:view",
    "component:delete",
    "releasebinding:view",
    "releasebinding:update",
    "project:view",
    "portal:invoke",
];
/// What worlds are made of.
#[derive(Debug)]
pub(crate) struct Palette {
    homes: &'static [Option<&'static str>],
    roles: &'static [&'static str],
    patterns: &'static [&'static str],
    expressions: &'static [&'static str],
}

/// A bit of everything.
pub(crate) const WIDE: &Palette = &Palette {
    homes: &[None, Some("a"), Some("b")],
    roles: &["r1", "r2"],
    patterns: &[
        "*",
        "component:*",
        "releasebinding:*",
        "component:view",
        "component:delete",
        "releasebinding:update",
        "project:view",
        "portal:invoke",
        "",
    ],
    expressions: &[
        r#"resource.environment == "a/dev""#,
        r#"resource.environment in ["a/dev", "a/prod"]"#,
        r#"resource.componentType == "web""#,
        r#"resource.environment.split("/")[1] == "dev""#,
        "resource.environment ==",
        "resource.environment",
        "true",
    ],
};

/// So little that what is written often meets what is there.
pub(crate) const NARROW: &Palette = &Palette {
    homes: &[None],
    roles: &["r1"],
    patterns: &["releasebinding:update", "releasebinding:*"],
    expressions: &[
        r#"resource.environment == "a/dev""#,
        r#"resource.environment != "a/dev""#,
        r#"resource.environment.split("/")[1] == "none""#,
    ],
};

const NAMESPACES: &[&str] = &["a", "b"];
const NAMES: &[&str] = &["x", "y"];
const ENVIRONMENTS: &[&str] = &["", "a/dev", "a/prod"];

/// Roles and bindings by key.
pub(crate) type World = BTreeMap<ObjectKey, Envelope>;

pub(crate) fn subject(values: &[&str]) -> Subject {
    let values = values.iter().map(|value| (*value).to_owned());
    Subject::new("someone", SubjectKind::User, values)
}

/// The context of an object in an environment, of a type.
pub(crate) fn context(environment: &str, component_type: &str) -> BTreeMap<String, String> {
    let fields = [
        ("environment", environment),
        ("componentType", component_type),
    ];
    fields
        .map(|(field, value)| (field.to_owned(), value.to_owned()))
        .into()
}

pub(crate) fn attributes(context: &BTreeMap<String, String>) -> Attributes {
    Attribute::ALL
        .iter()
        .fold(Attributes::default(), |given, it| {
            match context.get(it.field()) {
                Some(value) => given.with(*it, value),
                None => given,
            }
        })
}

fn envelope(key: ObjectKey, spec: &impl serde::Serialize) -> Envelope {
    Envelope {
        metadata: ObjectMeta::named(key.namespace.as_deref(), &key.name),
        key,
        spec: RawJson::of(spec),
        status: RawJson::null(),
    }
}

pub(crate) fn role(namespace: Option<&str>, name: &str, actions: &[&str]) -> Envelope {
    let spec = AuthzRole {
        actions: actions.iter().map(|action| (*action).to_owned()).collect(),
        description: None,
    };
    envelope(key(KindName::AuthzRole, namespace, name), &spec)
}

pub(crate) fn binding(namespace: Option<&str>, name: &str, spec: &AuthzRoleBinding) -> Envelope {
    envelope(key(KindName::AuthzRoleBinding, namespace, name), spec)
}

fn key(kind: KindName, namespace: Option<&str>, name: &str) -> ObjectKey {
    match namespace {
        Some(namespace) => ObjectKey::namespaced(kind, namespace, name),
        None => ObjectKey::cluster(kind, name),
    }
}

pub(crate) fn mapping(kind: AuthzRoleKind, role: &str, scope: &ScopePath) -> RoleMapping {
    let part = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    RoleMapping {
        role_ref: AuthzRoleRef {
            kind,
            name: role.to_owned(),
        },
        scope: RoleScope {
            namespace: part(&scope.namespace),
            project: part(&scope.project),
            component: part(&scope.component),
            resource: part(&scope.resource),
        },
        conditions: Vec::new(),
    }
}

pub(crate) fn grant(to: &str, effect: Effect, mappings: Vec<RoleMapping>) -> AuthzRoleBinding {
    AuthzRoleBinding {
        entitlement: Entitlement {
            claim: "groups".to_owned(),
            value: to.to_owned(),
        },
        role_mappings: mappings,
        effect,
    }
}

/// The tuples that roles and bindings are in the reference.
pub(crate) fn naive(world: &World) -> Naive {
    let mut naive = Naive::default();
    for (key, object) in world {
        let home = key.namespace.clone().unwrap_or_else(|| "*".to_owned());
        if let (KindName::AuthzRole, Ok(role)) = (key.kind, object.spec::<AuthzRole>()) {
            let actions = role.actions.into_iter();
            let lines = actions.map(|action| (key.name.clone(), action, home.clone()));
            naive.role_actions.extend(lines);
        }
        if let (KindName::AuthzRoleBinding, Ok(spec)) =
            (key.kind, object.spec::<AuthzRoleBinding>())
        {
            let tuples = spec.role_mappings.iter().map(|it| tuple(key, &spec, it));
            naive.tuples.extend(tuples);
        }
    }
    naive
}

fn tuple(key: &ObjectKey, spec: &AuthzRoleBinding, mapping: &RoleMapping) -> Tuple {
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    let scope = &mapping.scope;
    let path = ScopePath {
        namespace: key
            .namespace
            .clone()
            .unwrap_or_else(|| text(&scope.namespace)),
        project: text(&scope.project),
        component: text(&scope.component),
        resource: text(&scope.resource),
    };
    let role = mapping
        .role_ref
        .key(key.namespace.as_deref().unwrap_or_default());
    let conditions = mapping.conditions.iter();
    Tuple {
        subject: format!("{}:{}", spec.entitlement.claim, spec.entitlement.value),
        path: path.to_string(),
        role_namespace: role.namespace.unwrap_or_else(|| "*".to_owned()),
        role: role.name,
        denies: spec.effect == Effect::Deny,
        conditions: conditions
            .map(|it| (it.actions.clone(), it.expression.clone()))
            .collect(),
    }
}

/// A place: the platform, a namespace, a project, a component, a resource.
pub(crate) fn any_path() -> impl Strategy<Value = ScopePath> {
    let parts = (select(NAMESPACES), select(NAMES), select(NAMES), 0..5_u8);
    parts.prop_map(|(namespace, project, leaf, depth)| {
        let at = |needed: bool, name: &str| {
            if needed {
                name.to_owned()
            } else {
                String::new()
            }
        };
        ScopePath {
            namespace: at(depth > 0, namespace),
            project: at(depth > 1, project),
            component: at(depth == 3, leaf),
            resource: at(depth == 4, leaf),
        }
    })
}

pub(crate) fn any_subject() -> impl Strategy<Value = Subject> {
    proptest::sample::subsequence(GROUPS, 0..=GROUPS.len()).prop_map(|groups| subject(&groups))
}

pub(crate) fn any_context() -> impl Strategy<Value = BTreeMap<String, String>> {
    (select(ENVIRONMENTS), select(&["", "web"][..]))
        .prop_map(|(environment, component_type)| context(environment, component_type))
}

fn any_condition(palette: &'static Palette) -> impl Strategy<Value = AuthzCondition> {
    let actions = proptest::collection::vec(select(palette.patterns), 1..3);
    (actions, select(palette.expressions)).prop_map(|(actions, expression)| AuthzCondition {
        actions: actions.into_iter().map(str::to_owned).collect(),
        expression: expression.to_owned(),
    })
}

fn any_role(palette: &'static Palette) -> impl Strategy<Value = Envelope> {
    let actions = proptest::collection::vec(select(palette.patterns), 1..4);
    (select(palette.homes), select(palette.roles), actions)
        .prop_map(|(home, name, actions)| role(home, name, &actions))
}

fn any_mapping(palette: &'static Palette) -> impl Strategy<Value = RoleMapping> {
    let conditions = proptest::collection::vec(any_condition(palette), 0..3);
    let kinds = select(AuthzRoleKind::ALL);
    (kinds, select(palette.roles), any_path(), conditions).prop_map(
        |(kind, role, path, conditions)| RoleMapping {
            conditions,
            ..mapping(kind, role, &path)
        },
    )
}

fn any_binding(palette: &'static Palette) -> impl Strategy<Value = Envelope> {
    let mappings = proptest::collection::vec(any_mapping(palette), 1..3);
    let effects = prop_oneof![3 => Just(Effect::Allow), 1 => Just(Effect::Deny)];
    let parts = (
        select(palette.homes),
        select(&["b1", "b2", "b3"][..]),
        select(GROUPS),
        effects,
        mappings,
    );
    parts.prop_map(|(home, name, group, effect, mut mappings)| {
        for mapping in &mut mappings {
            if home.is_none() {
                mapping.role_ref.kind = AuthzRoleKind::ClusterAuthzRole;
            } else {
                mapping.scope.namespace = None;
            }
        }
        binding(home, name, &grant(group, effect, mappings))
    })
}

/// A role or a binding.
pub(crate) fn any_object(palette: &'static Palette) -> impl Strategy<Value = Envelope> {
    prop_oneof![any_role(palette), any_binding(palette)]
}

pub(crate) fn any_world(palette: &'static Palette) -> impl Strategy<Value = World> {
    let roles = proptest::collection::vec(any_role(palette), 1..6);
    let bindings = proptest::collection::vec(any_binding(palette), 0..8);
    (roles, bindings).prop_map(|(roles, bindings)| {
        let objects = roles.into_iter().chain(bindings);
        objects.map(|object| (object.key.clone(), object)).collect()
    })
}

/// As the API writes conditions.
pub(crate) fn conditions(text: &str) -> Vec<AuthzCondition> {
    match text {
        "" | "{}" => Vec::new(),
        // What cannot be read is kept as a condition that cannot be evaluated.
        text => serde_json::from_str(text).unwrap_or_else(|_| {
            let broken = json!([{"actions": ["*"], "expression": text}]);
            serde_json::from_value(broken).unwrap()
        }),
    }
}
