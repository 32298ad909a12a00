//! `render --explain`: where a value comes from.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use compile::Compiler;
use preview::{
    explain::{Explanation, Link, Place, Read, Target, TargetError, explain, find},
    workspace::{Problem, Unit, Workspace},
};

use crate::{arguments::Document, offline, output::say};

/// Longest value that is shown whole, in characters.
const MAX_VALUE: usize = 160;

/// Explains the value that is asked for, in words or as JSON.
pub(super) fn run(
    compiler: &Compiler,
    workspace: &Workspace,
    (units, target): (&[Unit], &str),
    form: Document,
    problems: &[Problem],
) -> Result<()> {
    let target: Target = target.parse()?;
    let explanation =
        find(units, &target).and_then(|(unit, object)| explain(compiler, unit, object, &target));
    let explanation = match explanation {
        Ok(explanation) => explanation,
        Err(TargetError::Object { what, .. }) if units.is_empty() && !problems.is_empty() => {
            offline::tell_problems(problems);
            bail!("{what}: nothing was rendered");
        }
        Err(error) => return Err(error.into()),
    };
    match form {
        Document::Json => say(&serde_json::to_string_pretty(&value_of(
            workspace,
            &explanation,
        ))?),
        Document::Yaml => say(text(workspace, &explanation).trim_end()),
    }
    Ok(())
}

fn text(workspace: &Workspace, explanation: &Explanation) -> String {
    let Explanation {
        object,
        pointer,
        value,
        chain,
    } = explanation;
    let mut lines = vec![
        format!("{object}:{pointer}"),
        format!("  is {}", shown(value.as_ref())),
    ];
    for (index, link) in chain.iter().enumerate() {
        lines.push(String::new());
        let verb = match (&link.value, index) {
            (None, _) => "taken away by",
            (Some(_), 0) => "set by",
            (Some(_), _) => "changed by",
        };
        lines.push(format!("{}. {verb} {}", index + 1, link.by));
        if let Some(place) = &link.place {
            lines.push(format!("   {}", placed(workspace, place)));
        }
        if let Some(text) = &link.text {
            let text = text.trim_end().lines();
            lines.extend(text.map(|line| format!("   | {line}")));
        }
        for read in &link.reads {
            lines.push(format!(
                "   {} = {}",
                read.variable,
                shown(read.value.as_ref())
            ));
            let place = read.place.as_ref().map(|place| placed(workspace, place));
            let place = place.map(|place| format!(": {place}")).unwrap_or_default();
            lines.push(format!("     from {}{place}", read.from));
        }
        if index + 1 < chain.len() {
            lines.push(format!("   gives {}", shown(link.value.as_ref())));
        }
    }
    lines.join("\n")
}

/// The object and path, with the file in which it stands.
fn placed(workspace: &Workspace, place: &Place) -> String {
    let title = format!("{}/{}", place.object.public_kind(), place.object.name);
    match workspace.source(&place.object) {
        Some(source) => format!("{title}: {} ({source})", place.path),
        None => format!("{title}: {} (not in the files)", place.path),
    }
}

fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else {
        return "not set".to_owned();
    };
    let text = value.to_string();
    if text.chars().count() <= MAX_VALUE {
        return text;
    }
    let short: String = text.chars().take(MAX_VALUE).collect();
    format!("{short}…")
}

fn value_of(workspace: &Workspace, explanation: &Explanation) -> Value {
    let place = |place: &Option<Place>| {
        place.as_ref().map(|place| {
            let source = workspace.source(&place.object);
            json!({
                "kind": place.object.public_kind(), "namespace": place.object.namespace,
                "name": place.object.name, "path": place.path, "source": source,
            })
        })
    };
    let read = |read: &Read| {
        json!({"variable": read.variable, "value": read.value, "from": read.from,
            "place": place(&read.place)})
    };
    let link = |link: &Link| {
        json!({"by": link.by, "place": place(&link.place), "value": link.value, "text": link.text,
            "reads": link.reads.iter().map(read).collect::<Vec<_>>()})
    };
    json!({
        "object": explanation.object, "pointer": explanation.pointer, "value": explanation.value,
        "chain": explanation.chain.iter().map(link).collect::<Vec<_>>(),
    })
}
