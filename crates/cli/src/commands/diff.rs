//! `diff`: what files would change in every environment that they concern.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use similar::TextDiff;

use compile::Compiler;
use preview::{
    compare::{Comparison, Question, compare},
    difference::Group,
    workspace::{Releases, Subject, Workspace},
};

use super::render::depth;
use crate::{
    api::Api,
    arguments::{Arguments, Diff},
    documents, offline,
    output::{say, tell},
};

/// Compares files with other files or with the server. Ends with 1 if something differs and with 2 if
/// something does not compile that did before.
pub(super) async fn run(arguments: &Arguments, asked: &Diff) -> Result<ExitCode> {
    let Comparison {
        groups,
        problems,
        environments,
        hidden,
    } = if asked.from.is_empty() {
        with_server(arguments, asked).await?
    } else {
        with_files(&arguments.namespace, asked)?
    };
    for group in &groups {
        say(&text(group));
    }
    if !groups.is_empty() || problems.is_empty() {
        say(&summary(&groups, environments.len()));
    }
    if hidden > 0 {
        tell(&format!(
            "note: it concerns {hidden} more that you may not see"
        ));
    }
    offline::tell_problems(&problems);
    Ok(match (problems.is_empty(), groups.is_empty()) {
        (false, _) => ExitCode::from(2),
        (true, false) => ExitCode::FAILURE,
        (true, true) => ExitCode::SUCCESS,
    })
}

fn with_files(namespace: &str, asked: &Diff) -> Result<Comparison> {
    let depth = depth(asked.files.recursive);
    let mut before = Workspace::default();
    let old = offline::load(&mut before, namespace, &asked.from, depth)?;
    if !old.is_empty() {
        tell(&format!(
            "the state before, {}:",
            documents::shown(&asked.from)
        ));
        offline::tell_problems(&old);
    }
    let mut after = Workspace::default();
    let refused = offline::load(&mut after, namespace, &asked.files.files, depth)?;
    let question = Question {
        environment: asked.environment.as_deref(),
        releases: match asked.pinned {
            true => Releases::Pinned,
            false => Releases::Current,
        },
        may_see: &|_| true,
        most_units: usize::MAX,
        goes_on: &|| true,
    };
    Ok(compare(
        &Compiler::new(),
        (&before, &after),
        refused,
        &question,
    )?)
}

/// Asks the control plane. What is no YAML stays here and is told with the rest.
async fn with_server(arguments: &Arguments, asked: &Diff) -> Result<Comparison> {
    let depth = depth(asked.files.recursive);
    let (drafts, unreadable) = offline::read(&asked.files.files, depth)?;
    let drafts: Vec<_> = drafts
        .into_iter()
        .map(|(source, document)| json!({"source": source, "document": document}))
        .collect();
    let question = json!({
        "drafts": drafts, "namespace": arguments.namespace, "pinned": asked.pinned,
        "environment": asked.environment.as_deref().unwrap_or_default(),
    });
    let answer = Api::new(arguments)?
        .post("/api/v1alpha1/preview/compare", &question)
        .await?;
    let mut comparison: Comparison =
        serde_json::from_value(answer).context("the gateway's answer is no comparison")?;
    comparison.problems.extend(unreadable);
    Ok(comparison)
}

/// A group: whom it concerns, and the change of the first of them.
fn text(group: &Group) -> String {
    let Some(first) = group.concerned.first() else {
        return String::new();
    };
    let kind = first.object.split_once('/').map_or("", |(kind, _)| kind);
    let verb = match (&group.before, &group.after) {
        (None, _) => "added",
        (_, None) => "removed",
        (Some(_), Some(_)) => "changed",
    };
    let mut lines = vec![match group.concerned.len() {
        1 => format!("{kind} {verb}:"),
        several => format!("{kind} {verb}, {several} times alike:"),
    }];
    let mut concerned: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for one in &group.concerned {
        concerned
            .entry(&one.subject.environment)
            .or_default()
            .push(whom(&one.subject));
    }
    for (environment, whom) in concerned {
        lines.push(format!("  {environment}: {}", whom.join(", ")));
    }
    lines.push(unified(&first.object, group));
    lines.join("\n")
}

fn whom(subject: &Subject) -> String {
    match &subject.component {
        Some(component) => format!("component {component}"),
        None => format!("project {}", subject.project),
    }
}

fn unified(title: &str, group: &Group) -> String {
    let yaml = |object: &Option<Value>| object.as_ref().map(model::yaml::to_string);
    let (before, after) = (
        yaml(&group.before).unwrap_or_default(),
        yaml(&group.after).unwrap_or_default(),
    );
    let name = |side: &str, object: &Option<Value>| match object {
        Some(_) => format!("{side}/{title}"),
        None => "/dev/null".to_owned(),
    };
    TextDiff::from_lines(&before, &after)
        .unified_diff()
        .context_radius(3)
        .header(&name("before", &group.before), &name("after", &group.after))
        .to_string()
}

fn summary(groups: &[Group], environments: usize) -> String {
    if groups.is_empty() {
        return match environments {
            1 => "nothing differs in 1 environment".to_owned(),
            several => format!("nothing differs in {several} environments"),
        };
    }
    let all = groups.iter().flat_map(|group| &group.concerned);
    let subjects: BTreeSet<_> = all.map(|one| &one.subject).collect();
    let concerned: BTreeSet<_> = subjects
        .iter()
        .map(|subject| &subject.environment)
        .collect();
    let number = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        several => format!("{several} {what}s"),
    };
    let objects = |which: fn(&Group) -> bool| -> usize {
        let groups = groups.iter().filter(|group| which(group));
        groups.map(|group| group.concerned.len()).sum()
    };
    let count = objects(|_| true);
    let added = objects(|group| group.before.is_none());
    let removed = objects(|group| group.after.is_none());
    let (components, cells): (Vec<_>, Vec<_>) = (subjects.iter())
        .map(|subject| (&subject.namespace, &subject.project, &subject.component))
        .partition(|(_, _, component)| component.is_some());
    let distinct = |all: Vec<_>| all.into_iter().collect::<BTreeSet<_>>().len();
    let of: Vec<_> = [
        (distinct(components), "component"),
        (distinct(cells), "cell"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| number(count, what))
    .collect();
    format!(
        "{} ({added} added, {} changed, {removed} removed) of {} in {} of {}",
        number(count, "object"),
        count - added - removed,
        of.join(" and "),
        concerned.len(),
        number(environments, "environment"),
    )
}
