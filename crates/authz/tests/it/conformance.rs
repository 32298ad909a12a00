//! Whole decisions and profiles against the recorded ones.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use authz::{
    Action, Attributes, Effect, Policy, ScopePath, Subject,
    evaluate::{self, Asked as AskedOf, Question},
    pattern::Pattern,
};
use model::kinds::{
    AuthzRoleBinding,
    reference::AuthzRoleKind::{AuthzRole, ClusterAuthzRole},
};
use testkit::compat::{Difference, Table, agree, outcome, result};

use crate::{
    conversions::path,
    naive::{Asked, Naive},
    worlds::{self, World, binding, conditions, mapping, role},
};

const FILE: &str = "authz.jsonl";

/// The roles and bindings that the lines of a row were made of.
fn world(row: &Value) -> World {
    let mut world = World::new();
    let field = |line: &Value, index: usize| line[index].as_str().unwrap_or_default().to_owned();
    let home = |text: &str| Some(text.to_owned()).filter(|text| text != "*");
    let mut roles: BTreeMap<(Option<String>, String), Vec<String>> = BTreeMap::new();
    for line in row["input"]["roleActions"].as_array().into_iter().flatten() {
        let key = (home(&field(line, 2)), field(line, 0));
        roles.entry(key).or_default().push(field(line, 1));
    }
    for ((home, name), actions) in roles {
        let actions: Vec<_> = actions.iter().map(String::as_str).collect();
        let object = role(home.as_deref(), &name, &actions);
        world.insert(object.key.clone(), object);
    }
    let lines = row["input"]["policies"].as_array().into_iter().flatten();
    // The reference passes over lines that are no whole tuple.
    for (line, number) in lines.zip(0..).filter(|(line, _)| line[6].is_string()) {
        let home = home(&field(line, 3));
        let kind = if home.is_some() {
            AuthzRole
        } else {
            ClusterAuthzRole
        };
        let mut scope = ScopePath::parse(&field(line, 1)).unwrap();
        if home.is_some() {
            scope.namespace.clear();
        }
        let mut mapping = mapping(kind, &field(line, 2), &scope);
        mapping.conditions = conditions(&field(line, 5));
        let subject = field(line, 0);
        let (claim, value) = subject.split_once(':').unwrap();
        let effect = if field(line, 4) == "deny" {
            Effect::Deny
        } else {
            Effect::Allow
        };
        let mut spec: AuthzRoleBinding = worlds::grant(value, effect, vec![mapping]);
        spec.entitlement.claim = claim.to_owned();
        let object = binding(
            home.as_deref(),
            &format!("{}-{number}", field(line, 6)),
            &spec,
        );
        world.insert(object.key.clone(), object);
    }
    world
}

fn context(request: &Value) -> BTreeMap<String, String> {
    let fields = request["context"]["resource"]
        .as_object()
        .into_iter()
        .flatten();
    fields
        .map(|(field, value)| (field.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect()
}

fn values(subject: &Value) -> Vec<String> {
    let values = subject["entitlement_values"]
        .as_array()
        .into_iter()
        .flatten();
    values
        .map(|value| value.as_str().unwrap_or_default().to_owned())
        .collect()
}

fn question(request: &Value) -> Question {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let subject = &request["subject_context"];
    Question {
        subject: Some(AskedOf {
            claim: text(&subject["entitlement_claim"]),
            values: values(subject),
        }),
        resource_type: text(&request["resource"]["type"]),
        resource_id: text(&request["resource"]["id"]),
        path: path(&request["resource"]["hierarchy"]),
        action: text(&request["action"]),
        attributes: worlds::attributes(&context(request)),
    }
}

fn answer(policy: &Policy, request: &Value) -> Result<Value, String> {
    let answer = policy.answer(&worlds::subject(&[]), &question(request));
    let answer = answer.map_err(|error| match std::error::Error::source(&error) {
        Some(source) => format!("failed to format subject: {source}"),
        None => error.to_string(),
    })?;
    Ok(json!({"decision": answer.allowed, "context": {"reason": answer.reason}}))
}

/// The requests of a row.
fn requests(row: &Value) -> impl Iterator<Item = &Value> {
    let request = row["input"].get("request").unwrap_or(&row["input"]["req"]);
    let many = request["requests"].as_array().into_iter().flatten();
    many.chain(Some(request).filter(|request| request["action"].is_string()))
}

/// Whether a request of a row is denied through some entitlement, and whether the reference allows it.
fn denied(row: &Value) -> Vec<bool> {
    let naive: Naive = worlds::naive(&world(row));
    let verdicts = requests(row).filter_map(|request| {
        let subject = &request["subject_context"];
        let claim = subject["entitlement_claim"].as_str().unwrap_or_default();
        let subjects: Vec<_> = values(subject)
            .iter()
            .map(|value| format!("{claim}:{value}"))
            .collect();
        let context = context(request);
        let path = path(&request["resource"]["hierarchy"]).to_string();
        let asked = Asked {
            path: &path,
            action: request["action"].as_str().unwrap_or_default(),
            context: &context,
        };
        let denied = naive.any_denied(&subjects, &asked);
        denied.then(|| naive.one_by_one(&subjects, &asked))
    });
    verdicts.collect()
}

/// What the reference asks of its own calls, which is typed here, or who else is asked about: without a
/// subject it is the caller.
const OWN_CALLS: Difference = Difference {
    name: "program-only",
    shows: |row| {
        let message = row["error"]["message"].as_str().unwrap_or_default();
        message.ends_with(" is nil")
            || message.contains("subject context is required")
            || message == "context canceled"
    },
};

const DIFFERENCES: &[Difference] = &[
    OWN_CALLS,
    Difference {
        name: "any-denial",
        shows: |row| denied(row).contains(&true),
    },
    Difference {
        name: "denials-are-named",
        shows: |row| denied(row).contains(&false),
    },
];

#[test]
fn decisions_are_those_of_the_reference() {
    Table::of(FILE, "casbin.CasbinEnforcer.Evaluate")
        .but(DIFFERENCES)
        .check(|row| {
            let world = world(row);
            let policy = Policy::compile(world.values());
            outcome(
                answer(&policy, requests(row).next().ok_or("no request")?),
                row,
            )
        });
    Table::of(FILE, "casbin.CasbinEnforcer.BatchEvaluate")
        .but(DIFFERENCES)
        .check(|row| {
            if (OWN_CALLS.shows)(row) {
                return Err("cannot come here".to_owned());
            }
            let world = world(row);
            let policy = Policy::compile(world.values());
            let questions: Vec<_> = requests(row).map(question).collect();
            let own = evaluate::check(&questions).map_err(|error| error.to_string());
            let answers = own.and_then(|()| requests(row).map(|it| answer(&policy, it)).collect());
            outcome(
                answers.map(|answers: Vec<_>| json!({"decisions": answers})),
                row,
            )
        });
}

#[test]
fn questions_are_complete_as_in_the_reference() {
    Table::of(FILE, "casbin.validateEvaluateRequest")
        .but(&[OWN_CALLS])
        .check(|row| {
            if (OWN_CALLS.shows)(row) {
                return Err("without a subject it is about the caller".to_owned());
            }
            let own = question(&row["input"]["req"])
                .check()
                .map_err(|error| error.to_string());
            outcome(own.map(|()| json!({})), row)
        });
    Table::of(FILE, "casbin.validateBatchEvaluateRequest")
        .but(&[OWN_CALLS])
        .check(|row| {
            if (OWN_CALLS.shows)(row) {
                return Err("without a subject it is about the caller".to_owned());
            }
            let requests = row["input"]["req"]["requests"]
                .as_array()
                .into_iter()
                .flatten();
            let questions: Vec<_> = requests.map(question).collect();
            let own = evaluate::check(&questions).map_err(|error| error.to_string());
            outcome(own.map(|()| json!({})), row)
        });
    Table::of(FILE, "casbin.validateProfileRequest")
        .but(&[OWN_CALLS])
        .check(|row| match (OWN_CALLS.shows)(row) {
            true => Err("a profile is the caller's".to_owned()),
            false => outcome(Ok(json!({})), row),
        });
}

#[test]
fn conditions_hold_as_in_the_reference() {
    const CONTEXTS: Difference = Difference {
        name: "program-only",
        shows: |row| {
            let context = row["input"]["requestCtxJSON"].as_str().unwrap_or_default();
            let conditions = row["input"]["policyCond"].as_str().unwrap_or_default();
            serde_json::from_str::<BTreeMap<String, Value>>(context).is_err()
                && !conditions.is_empty()
        },
    };
    Table::of(FILE, "casbin.ConditionMatcher")
        .but(&[CONTEXTS])
        .check(|row| {
            let input = |name: &str| row["input"][name].as_str().unwrap_or_default();
            if (CONTEXTS.shows)(row) {
                return Err("a context is typed".to_owned());
            }
            let effect = if input("policyEft") == "allow" {
                Effect::Allow
            } else {
                Effect::Deny
            };
            let mut all = mapping(ClusterAuthzRole, "all", &ScopePath::default());
            all.conditions = conditions(input("policyCond"));
            let objects = [
                role(None, "all", &["*"]),
                binding(None, "test", &worlds::grant("devs", effect, vec![all])),
            ];
            let policy = Policy::compile(&objects);
            let context: Value = serde_json::from_str(input("requestCtxJSON")).unwrap_or_default();
            let given: Attributes =
                worlds::attributes(&self::context(&json!({"context": context})));
            let action = Action::named(input("requestAction"));
            let who = worlds::subject(&["devs"]);
            let counts = match policy.decide(&who, &action, &ScopePath::default(), &given) {
                authz::Decision::Allowed(_) => effect == Effect::Allow,
                authz::Decision::Denied(_) => effect == Effect::Deny,
                authz::Decision::NotGranted => false,
            };
            agree(&counts.into(), result(row))
        });
}

/// One binding that counts for every object, and one beside it that does not.
const FREE_PLACES: Difference = Difference {
    name: "free-places",
    shows: |row| {
        let lines: Vec<_> = row["input"]["policies"]
            .as_array()
            .into_iter()
            .flatten()
            .collect();
        let profile = result(row);
        let capabilities = profile["capabilities"].as_object().into_iter().flatten();
        let mut places = capabilities.flat_map(|(action, capability)| {
            ["allowed", "denied"].into_iter().flat_map(move |list| {
                let places = capability[list].as_array().into_iter().flatten();
                places.map(move |place| (action, list, place))
            })
        });
        places.any(|(action, list, place)| {
            let means =
                |text: &Value| Pattern::new(text.as_str().unwrap_or_default()).matches(action);
            let is_free = |line: &&&Value| {
                let conditions = conditions(line[5].as_str().unwrap_or_default());
                let about = |text: &String| Pattern::new(text).matches(action);
                let roles = row["input"]["roleActions"].as_array().into_iter().flatten();
                let mut role = roles.filter(|it| it[0] == line[2] && it[2] == line[3]);
                line[1] == place["path"]
                    && (line[4] == "deny") == (list == "denied")
                    && role.any(|it| means(&it[1]))
                    && !conditions.iter().any(|it| it.actions.iter().any(about))
            };
            place["constraints"].is_object() && lines.iter().any(|line| is_free(&line))
        })
    },
};

#[test]
fn profiles_are_those_of_the_reference() {
    const OWN: &[Difference] = &[OWN_CALLS, FREE_PLACES];
    Table::of(FILE, "casbin.CasbinEnforcer.GetSubjectProfile")
        .but(OWN)
        .check(|row| {
            if (OWN_CALLS.shows)(row) {
                return Err("a profile is the caller's".to_owned());
            }
            let world = world(row);
            let policy = Policy::compile(world.values());
            let request = &row["input"]["request"];
            let asked = &request["subject_context"];
            let claim = asked["entitlement_claim"].as_str().unwrap_or_default();
            let entitlements: Result<Vec<_>, _> = values(asked)
                .iter()
                .map(|value| evaluate::entitlement(claim, value))
                .collect();
            let own = entitlements.map(|entitlements| {
                let who = Subject {
                    entitlements,
                    ..worlds::subject(&[])
                };
                let capabilities = policy.profile(&who, &path(&request["scope"]));
                json!({"user": asked, "capabilities": capabilities})
            });
            let own = own.map_err(|error| format!("failed to format subject: {error}"));
            let mut row = row.clone();
            sort(&mut row["output"]["result"]);
            let own = own.map(|mut own| {
                sort(&mut own);
                own
            });
            outcome(own, &row)
        });
}

/// Puts the places of a profile in order: the reference takes them from a map.
fn sort(profile: &mut Value) {
    let capabilities = profile["capabilities"]
        .as_object_mut()
        .into_iter()
        .flatten();
    for (_, capability) in capabilities {
        for list in ["allowed", "denied"] {
            if let Some(places) = capability[list].as_array_mut() {
                places.sort_by_key(|place| place["path"].to_string());
            }
        }
    }
}
