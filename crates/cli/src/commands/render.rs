//! `render`: what files would run in an environment, and where a value in it comes from.

mod explain;

use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value, json};

use compile::Compiler;
use preview::workspace::{self, Asked, Problem, Releases, Rendered, Subject, Unbound, Workspace};

use crate::{
    arguments::{Document, Render},
    documents::Depth,
    offline,
    output::{say, tell},
};

/// Prints the manifests of an environment, or the explanation that is asked for. What cannot be rendered
/// is told; the rest is printed all the same.
pub(super) fn run(namespace: &str, asked: &Render) -> Result<ExitCode> {
    let mut platform = Workspace::default();
    let depth = depth(asked.files.recursive);
    let mut problems = offline::load(&mut platform, namespace, &asked.files.files, depth)?;
    let compiler = Compiler::new();
    let rendered = platform.render(
        &compiler,
        &Asked {
            environment: &asked.environment,
            releases: Releases::Pinned,
            unbound: Unbound::Bind,
        },
    );
    let Rendered {
        mut units,
        problems: found,
        stopped,
        notes,
    } = rendered;
    problems.extend(found);
    workspace::stop(&mut problems, stopped);
    if let Some(component) = &asked.component {
        let own = |subject: &Subject| subject.component.as_ref() == Some(component);
        units.retain(|unit| own(&unit.subject));
        problems.retain(|problem| problem.subjects.is_empty() || problem.subjects.iter().any(own));
        if units.is_empty() && problems.is_empty() {
            problems.push(unknown(component));
        }
    }
    match &asked.explain {
        Some(target) => {
            explain::run(
                &compiler,
                &platform,
                (&units, target),
                asked.output,
                &problems,
            )?;
        }
        None => {
            for note in &notes {
                tell(&format!("note: {note}"));
            }
            let units = units.iter().map(|unit| (&unit.subject, &*unit.objects));
            print(units, asked.output)?;
        }
    }
    offline::tell_problems(&problems);
    Ok(if problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// How deep folders are read.
pub(super) const fn depth(recursive: bool) -> Depth {
    if recursive { Depth::All } else { Depth::Folder }
}

fn unknown(component: &str) -> Problem {
    Problem {
        object: None,
        source: None,
        diagnostic: model::Diagnostic {
            path: "--component".to_owned(),
            message: format!("there is no component {component} in the files"),
            hint: None,
        },
        subjects: Vec::new(),
    }
}

fn print<'a>(
    units: impl Iterator<Item = (&'a Subject, &'a [Value])>,
    form: Document,
) -> Result<()> {
    if form == Document::Json {
        let items: Vec<_> = units.flat_map(|(_, objects)| objects).collect();
        let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
        say(&serde_json::to_string_pretty(&list)?);
        return Ok(());
    }
    for (subject, objects) in units {
        let what = match &subject.component {
            Some(component) => format!("component {component} of project {}", subject.project),
            None => format!("cell of project {}", subject.project),
        };
        for object in objects {
            say("---");
            say(&format!(
                "# {what}, environment {} in namespace {}",
                subject.environment, subject.namespace
            ));
            say(model::yaml::to_string(object).trim_end());
        }
    }
    Ok(())
}
