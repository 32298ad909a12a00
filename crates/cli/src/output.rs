//! Tables, YAML, JSON.

use std::io::Write as _;

use comfy_table::{Table, presets::NOTHING};
use serde_json::Value;

use model::{Column, Kind, KindName, KindVisitor};

use crate::arguments::Form;

/// Prints a line. Whoever has stopped reading wants no more of it.
pub(crate) fn say(line: &str) {
    if writeln!(std::io::stdout(), "{line}").is_err() {
        std::process::exit(CLOSED);
    }
}

/// How a process ends whose reader has gone, as shells have it: 128 and `SIGPIPE`.
const CLOSED: i32 = 141;

/// Prints a line beside the answer.
#[expect(
    clippy::print_stderr,
    reason = "what is told beside an answer goes to standard error"
)]
pub(crate) fn tell(line: &str) {
    eprintln!("{line}");
}

/// Prints objects of a kind.
pub(crate) fn objects(kind: KindName, items: &[Value], form: Form, with_namespace: bool) {
    match form {
        Form::Json => say(&serde_json::to_string_pretty(items).unwrap_or_default()),
        Form::Yaml => {
            for item in items {
                say("---");
                say(model::yaml::to_string(item).trim_end());
            }
        }
        Form::Table => say(&table(kind, items, with_namespace)),
    }
}

/// A table without borders, as terminals like it.
pub(crate) fn plain(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_header(header.iter().map(|text| text.to_uppercase()));
    for row in rows {
        table.add_row(row);
    }
    table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

fn table(kind: KindName, items: &[Value], with_namespace: bool) -> String {
    let columns = kind.visit(Columns);
    let mut header = Vec::new();
    if with_namespace {
        header.push("Namespace");
    }
    header.push("Name");
    header.extend(columns.iter().map(|column| column.name));
    let mentions_ready = columns.iter().any(|column| column.name == "Ready");
    if !mentions_ready {
        header.push("Ready");
    }
    let rows = items.iter().map(|item| {
        let mut row = Vec::new();
        if with_namespace {
            row.push(text(&item["metadata"]["namespace"]));
        }
        row.push(text(&item["metadata"]["name"]));
        row.extend(columns.iter().map(|column| at(item, column.path)));
        if !mentions_ready {
            row.push(at(item, READY));
        }
        row
    });
    plain(&header, rows.collect())
}

const READY: &str = r#".status.conditions[?(@.type=="Ready")].status"#;

/// The value at a column's path.
pub(crate) fn at(item: &Value, path: &str) -> String {
    if let Some(rest) = path.strip_prefix(r#".status.conditions[?(@.type==""#)
        && let Some((wanted, field)) = rest.split_once(r#"")]."#)
    {
        let conditions = item["status"]["conditions"].as_array();
        let found = conditions
            .into_iter()
            .flatten()
            .find(|one| one["type"] == wanted);
        return found
            .map(|condition| text(&condition[field]))
            .unwrap_or_default();
    }
    let pointer = path.replace('.', "/");
    item.pointer(&pointer).map(text).unwrap_or_default()
}

fn text(value: &Value) -> String {
    if value.is_null() {
        return String::new();
    }
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

struct Columns;

impl KindVisitor for Columns {
    type Output = &'static [Column];

    fn visit<K: Kind>(self) -> Self::Output {
        K::COLUMNS
    }
}
