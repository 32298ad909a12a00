//! `diff`: what files would change in every environment that they concern.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use anyhow::{Result, bail};
use serde_json::Value;
use similar::TextDiff;

use compile::Compiler;
use model::{KindName, Scope};
use preview::{
    difference::{Change, Group, changes, group},
    workspace::{Asked, Problem, Releases, Rendered, Unbound, Unit, Workspace},
};

use super::render::depth;
use crate::{
    api::{Api, collection},
    arguments::{Arguments, Diff},
    documents::{self, Depth},
    offline,
    output::{say, tell},
};

/// Pages of one kind that are read at most.
const MAX_PAGES: usize = 10_000;

/// Compares files with other files or with the server. Ends with 1 if something differs and with 2 if
/// something does not compile that did before.
pub(super) async fn run(arguments: &Arguments, asked: &Diff) -> Result<ExitCode> {
    let namespace = arguments.namespace.as_str();
    let depth = depth(asked.files.recursive);
    let (before, mut after) = if asked.from.is_empty() {
        let api = Api::new(arguments)?;
        let server = server(&api, namespace, asked, depth).await?;
        (server.clone(), server)
    } else {
        let mut before = Workspace::default();
        let old = offline::load(&mut before, namespace, &asked.from, depth)?;
        if !old.is_empty() {
            tell(&format!(
                "the state before, {}:",
                documents::shown(&asked.from)
            ));
            offline::tell_problems(&old);
        }
        (before, Workspace::default())
    };
    let mut problems = offline::load(&mut after, namespace, &asked.files.files, depth)?;
    let compiler = Compiler::new();
    let mut environments = before.environments();
    environments.extend(after.environments());
    if let Some(only) = &asked.environment {
        if !environments.contains(only) {
            let known: Vec<_> = environments.into_iter().collect();
            bail!(
                "nothing is bound to environment {only}; there are {}",
                known.join(", ")
            );
        }
        environments.retain(|environment| environment == only);
    }
    let mut all = Vec::new();
    for environment in &environments {
        let of = |workspace: &Workspace| {
            let asked = Asked {
                environment,
                releases: if asked.pinned {
                    Releases::Pinned
                } else {
                    Releases::Current
                },
                unbound: Unbound::Skip,
            };
            workspace.render(&compiler, &asked)
        };
        let (old, new) = (of(&before), of(&after));
        all.extend(changes(&comparable(old, &new), &new.units));
        merge(&mut problems, new.problems);
        offline::stop(&mut problems, new.stopped);
    }
    let count = all.len();
    let groups = group(all);
    for group in &groups {
        say(&text(group));
    }
    if count > 0 || problems.is_empty() {
        say(&summary(&groups, count, environments.len()));
    }
    offline::tell_problems(&problems);
    Ok(match (problems.is_empty(), groups.is_empty()) {
        (false, _) => ExitCode::from(2),
        (true, false) => ExitCode::FAILURE,
        (true, true) => ExitCode::SUCCESS,
    })
}

/// The units before. One that does not compile any more is a problem, and not a removal.
fn comparable(old: Rendered, new: &Rendered) -> Vec<Unit> {
    let told = new.problems.iter().flat_map(|problem| &problem.subjects);
    let stopped = new.stopped.iter().map(|(_, subject)| subject);
    let broken: BTreeSet<_> = told.chain(stopped).collect();
    let mut units = old.units;
    units.retain(|unit| !broken.contains(&unit.subject));
    units
}

/// The same problem in several environments is told once.
fn merge(problems: &mut Vec<Problem>, found: Vec<Problem>) {
    for problem in found {
        let known = problems
            .iter_mut()
            .find(|known| known.object == problem.object && known.diagnostic == problem.diagnostic);
        match known {
            Some(known) => known.subjects.extend(problem.subjects),
            None => problems.push(problem),
        }
    }
}

/// The objects of the server: those of the whole platform, and those of the namespaces that the files
/// are about.
async fn server(api: &Api, namespace: &str, asked: &Diff, depth: Depth) -> Result<Workspace> {
    let mut namespaces = BTreeSet::from([namespace.to_owned()]);
    for path in &asked.files.files {
        if path.as_os_str() == "-" {
            bail!("standard input can be read once only: give a file to compare with the server");
        }
        for file in documents::files(path, depth)? {
            for (_, document) in documents::parse(&file).unwrap_or_default() {
                let own = document
                    .pointer("/metadata/namespace")
                    .and_then(Value::as_str);
                namespaces.extend(own.map(str::to_owned));
            }
        }
    }
    let mut workspace = Workspace::default();
    for (kind, scope) in KindName::each_scope() {
        if matches!(kind, KindName::RenderedRelease | KindName::WorkflowRun) {
            continue;
        }
        let places = match scope {
            Scope::Cluster => vec![String::new()],
            Scope::Namespaced => namespaces.iter().cloned().collect(),
        };
        for place in places {
            fetch(api, &mut workspace, &collection(kind, scope, &place)).await?;
        }
    }
    Ok(workspace)
}

async fn fetch(api: &Api, workspace: &mut Workspace, path: &str) -> Result<()> {
    let mut cursor = String::new();
    for _ in 0..MAX_PAGES {
        let query = match cursor.as_str() {
            "" => path.to_owned(),
            cursor => format!("{path}?cursor={}", escaped(cursor)),
        };
        let Some(page) = api.find(&query).await? else {
            return Ok(());
        };
        for item in page["items"].as_array().into_iter().flatten() {
            if item["metadata"]["deletionTimestamp"].is_null() {
                // What an older version admitted and this one would not is left out on both sides.
                let _ = workspace.put(None, item, "default");
            }
        }
        cursor = page["pagination"]["nextCursor"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if cursor.is_empty() {
            return Ok(());
        }
    }
    bail!("{path} has more than {MAX_PAGES} pages")
}

/// A text as the value of a query.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

/// A group: whom it concerns, and the change of the first of them.
fn text(group: &Group) -> String {
    let Some(first) = group.changes.first() else {
        return String::new();
    };
    let kind = first.object.split_once('/').map_or("", |(kind, _)| kind);
    let verb = match (&first.before, &first.after) {
        (None, _) => "added",
        (_, None) => "removed",
        (Some(_), Some(_)) => "changed",
    };
    let mut lines = vec![match group.changes.len() {
        1 => format!("{kind} {verb}:"),
        several => format!("{kind} {verb}, {several} times alike:"),
    }];
    let mut concerned: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for change in &group.changes {
        concerned
            .entry(&change.subject.environment)
            .or_default()
            .push(whom(change));
    }
    for (environment, whom) in concerned {
        lines.push(format!("  {environment}: {}", whom.join(", ")));
    }
    lines.push(unified(first));
    lines.join("\n")
}

fn whom(change: &Change) -> String {
    match &change.subject.component {
        Some(component) => format!("component {component}"),
        None => format!("project {}", change.subject.project),
    }
}

fn unified(change: &Change) -> String {
    let yaml = |object: &Option<Value>| object.as_ref().map(model::yaml::to_string);
    let (before, after) = (
        yaml(&change.before).unwrap_or_default(),
        yaml(&change.after).unwrap_or_default(),
    );
    let name = |side: &str, object: &Option<Value>| match object {
        Some(_) => format!("{side}/{}", change.object),
        None => "/dev/null".to_owned(),
    };
    TextDiff::from_lines(&before, &after)
        .unified_diff()
        .context_radius(3)
        .header(
            &name("before", &change.before),
            &name("after", &change.after),
        )
        .to_string()
}

fn summary(groups: &[Group], count: usize, environments: usize) -> String {
    if count == 0 {
        return match environments {
            1 => "nothing differs in 1 environment".to_owned(),
            several => format!("nothing differs in {several} environments"),
        };
    }
    let changes = groups.iter().flat_map(|group| &group.changes);
    let subjects: BTreeSet<_> = changes.clone().map(|change| &change.subject).collect();
    let concerned: BTreeSet<_> = subjects
        .iter()
        .map(|subject| &subject.environment)
        .collect();
    let number = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        several => format!("{several} {what}s"),
    };
    let added = changes.clone().filter(|change| change.before.is_none());
    let removed = changes.clone().filter(|change| change.after.is_none());
    let (added, removed) = (added.count(), removed.count());
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
