//! `bench authz`: what a decision costs, on one thread and without a platform.
//!
//! An installation of two hundred namespaces: the default roles, and in each namespace a team with a
//! role, a denial in one project and a condition on deployments. Callers have five groups each.

use std::hint::black_box;

use anyhow::Result;
use serde_json::{Value, json};

use ::authz::{
    Action, Attribute, Attributes, Policy, ScopePath, Subject, defaults, subject::SubjectKind,
};
use model::Envelope;

use crate::figures::{Figures, Unit, measure, percentile};

/// How decisions are measured.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {}

const NAMESPACES: usize = 200;
/// Groups of a caller.
const GROUPS: usize = 5;
/// Questions that are asked in turn.
const QUESTIONS: usize = 1000;
/// Decisions a second that are aimed at.
const AIM: &str = "≥ 500,000 /s";

pub(crate) fn run(_: &Options) -> Result<()> {
    let objects = objects()?;
    let policy = Policy::compile(&objects);
    let mut figures = Figures::default();
    let all = [
        "component:view",
        "component:delete",
        "project:view",
        "secret:view",
        "logs:view",
    ];
    let decisions = per_second(&policy, &all)?;
    figures.row("decisions, of all sorts", format!("{decisions:.0} /s"), AIM);
    figures.line("authz_decisions_per_s", decisions);
    let conditions = per_second(&policy, &["releasebinding:update"])?;
    let load = "decisions with a condition";
    figures.row(load, format!("{conditions:.0} /s"), AIM);
    figures.line("authz_conditional_decisions_per_s", conditions);

    let who = caller(0);
    let action = Action::named("component:view");
    let reach = measure(10, || {
        black_box(policy.reach(black_box(&who), &action));
        Ok(())
    })?;
    figures.micros("the scope of a list", "authz_reach", &reach, "");
    let profile = measure(1, || {
        black_box(policy.profile(black_box(&who), &ScopePath::default()));
        Ok(())
    })?;
    figures.micros("a profile", "authz_profile", &profile, "");
    let compile = measure(1, || {
        black_box(Policy::compile(black_box(&objects)));
        Ok(())
    })?;
    let load = format!("compiling {} roles and bindings", objects.len());
    figures.micros(&load, "authz_compile", &compile, "");
    figures.print();
    Ok(())
}

/// Decisions a second about these actions, by callers of all namespaces at places of their own and of
/// others.
fn per_second(policy: &Policy, actions: &[&str]) -> Result<f64> {
    let questions: Vec<_> = (0..QUESTIONS)
        .map(|number| {
            let namespace = number % NAMESPACES;
            let at = if number % 4 == 0 {
                namespace + 1
            } else {
                namespace
            };
            let path = ScopePath {
                namespace: format!("ns-{at}"),
                project: format!("project-{}", number % 3),
                component: "web".to_owned(),
                resource: String::new(),
            };
            let environment = format!("ns-{at}/development");
            let given = Attributes::default().with(Attribute::Environment, environment);
            let action = Action::named(actions[number % actions.len()]);
            (caller(namespace), action, path, given)
        })
        .collect();
    let mut questions = questions.iter().cycle();
    let times = measure(10_000, || {
        if let Some((who, action, path, given)) = black_box(questions.next()) {
            black_box(policy.decide(who, action, path, given));
        }
        Ok(())
    })?;
    Ok(1e6 / percentile(&times, 50, Unit::Micros))
}

fn caller(namespace: usize) -> Subject {
    let groups = (0..GROUPS - 1).map(|number| format!("group-{number}"));
    let team = format!("team-{namespace}");
    Subject::new("someone", SubjectKind::User, groups.chain([team]))
}

fn objects() -> Result<Vec<Envelope>> {
    let mut objects = defaults::objects();
    for namespace in (0..NAMESPACES).map(|number| format!("ns-{number}")) {
        let team = namespace.replace("ns-", "team-");
        let developer = json!({"kind": "ClusterAuthzRole", "name": "developer"});
        let own = json!({"kind": "AuthzRole", "name": "own"});
        let condition = json!({
            "actions": ["releasebinding:*"],
            "expression": format!("resource.environment in [\"{namespace}/development\", \"{namespace}/staging\"]"),
        });
        let documents = [
            document(
                "AuthzRole",
                &namespace,
                "own",
                &json!({"actions": ["component:delete", "secret:*"]}),
            ),
            document(
                "AuthzRoleBinding",
                &namespace,
                "team",
                &json!({
                    "entitlement": {"claim": "groups", "value": team},
                    "roleMappings": [{"roleRef": developer, "conditions": [condition]}],
                }),
            ),
            document(
                "AuthzRoleBinding",
                &namespace,
                "denied",
                &json!({
                    "entitlement": {"claim": "groups", "value": team},
                    "roleMappings": [{"roleRef": own, "scope": {"project": "project-2"}}],
                    "effect": "deny",
                }),
            ),
        ];
        for document in documents {
            objects.push(Envelope::from_document(&document, None)?);
        }
    }
    Ok(objects)
}

fn document(kind: &str, namespace: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": model::API_VERSION, "kind": kind,
        "metadata": {"name": name, "namespace": namespace}, "spec": spec,
    })
}
