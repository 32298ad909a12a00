//! Files as a platform without a server, and its problems as people read them.

use std::path::PathBuf;

use anyhow::{Result, bail};
use serde_json::Value;

use model::{Diagnostic, ObjectKey};
use preview::workspace::{Problem, Source, Subject, Workspace, excerpt};

use crate::{
    documents::{self, Depth},
    output::tell,
};

/// Puts the documents of files into a workspace. What is wrong with one leaves the others.
pub(crate) fn load(
    workspace: &mut Workspace,
    namespace: &str,
    paths: &[PathBuf],
    depth: Depth,
) -> Result<Vec<Problem>> {
    let (documents, mut problems) = read(paths, depth)?;
    for (source, document) in documents {
        if let Err(refused) = workspace.put(Some(source), &document, namespace) {
            problems.extend(refused);
        }
    }
    Ok(problems)
}

/// A document, and where it stands.
pub(crate) type Document = (Source, Value);

/// The documents of files, and the files that have none that can be read.
pub(crate) fn read(paths: &[PathBuf], depth: Depth) -> Result<(Vec<Document>, Vec<Problem>)> {
    let (mut documents, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        for file in documents::files(path, depth)? {
            match documents::parse(&file) {
                Ok(found) => documents.extend(found),
                Err(error) => problems.push(unreadable(&error)),
            }
        }
    }
    if documents.is_empty() && problems.is_empty() {
        bail!("there is no document in {}", documents::shown(paths));
    }
    Ok((documents, problems))
}

fn unreadable(error: &anyhow::Error) -> Problem {
    Problem {
        object: None,
        source: None,
        diagnostic: Diagnostic {
            path: String::new(),
            message: format!("{error:#}"),
            hint: None,
        },
        subjects: Vec::new(),
    }
}

/// Tells problems, and how many there are.
pub(crate) fn tell_problems(problems: &[Problem]) {
    for problem in problems {
        tell(&text(problem));
    }
    match problems.len() {
        0 => {}
        1 => tell("1 problem"),
        several => tell(&format!("{several} problems")),
    }
}

/// A problem on a few lines: the object and place, the file, what is wrong with the line of the
/// expression, what to do, and whom it stops.
fn text(problem: &Problem) -> String {
    let diagnostic = &problem.diagnostic;
    let place = [
        problem.object.as_ref().map(title).unwrap_or_default(),
        diagnostic.path.clone(),
    ];
    let place: Vec<_> = place.into_iter().filter(|part| !part.is_empty()).collect();
    let mut lines = Vec::new();
    match (place.is_empty(), &problem.source) {
        (true, Some(source)) => lines.push(format!("error: {source}")),
        (true, None) => lines.push("error:".to_owned()),
        (false, Some(source)) => {
            lines.push(format!("error: {}", place.join(": ")));
            lines.push(format!("  in {source}"));
        }
        (false, None) => lines.push(format!("error: {}", place.join(": "))),
    }
    let source = excerpt(&diagnostic.message);
    let message = diagnostic
        .message
        .lines()
        .chain(source.iter().flat_map(|s| s.lines()));
    lines.extend(message.map(|line| format!("  {line}")));
    if let Some(hint) = &diagnostic.hint {
        lines.push(format!("  hint: {hint}"));
    }
    if !problem.subjects.is_empty() {
        let stopped: Vec<_> = problem.subjects.iter().map(subject).collect();
        lines.push(format!("  stops {}", stopped.join(", ")));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// `Kind/name`, as users write the kind, with the namespace of a namespaced object.
pub(crate) fn title(key: &ObjectKey) -> String {
    match &key.namespace {
        Some(namespace) => format!(
            "{}/{} in namespace {namespace}",
            key.public_kind(),
            key.name
        ),
        None => format!("{}/{}", key.public_kind(), key.name),
    }
}

/// A component or project with its environment.
pub(crate) fn subject(subject: &Subject) -> String {
    let what = match &subject.component {
        Some(component) => format!("component {component}"),
        None if subject.project.is_empty() => "everything".to_owned(),
        None => format!("project {}", subject.project),
    };
    format!("{what} in {}", subject.environment)
}
