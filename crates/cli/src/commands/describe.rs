//! `describe`: one object in plain words.

use anyhow::Result;
use serde_json::Value;

use crate::{
    api::{Api, collection, kind},
    output::say,
};

pub(super) async fn describe(api: &Api, namespace: &str, typed: &str, name: &str) -> Result<()> {
    let (kind, scope) = kind(typed)?;
    let object = api
        .get(&format!("{}/{name}", collection(kind, scope, namespace)))
        .await?;
    say(&format!("{} {name}", kind.public_name(scope)));
    let fields = [
        ("namespace", "/metadata/namespace"),
        ("created", "/metadata/creationTimestamp"),
        ("being deleted since", "/metadata/deletionTimestamp"),
        ("generation", "/metadata/generation"),
    ];
    for (label, path) in fields {
        if let Some(value) = object.pointer(path) {
            say(&format!(
                "  {label}: {}",
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned)
            ));
        }
    }
    say("spec:");
    for line in model::yaml::to_string(&object["spec"]).lines() {
        say(&format!("  {line}"));
    }
    if let Some(endpoints) = object["status"]["endpoints"].as_array() {
        say("endpoints:");
        for endpoint in endpoints {
            let name = endpoint["name"].as_str().unwrap_or_default();
            for url in urls(endpoint) {
                say(&format!("  {name}: {url}"));
            }
        }
    }
    say("conditions:");
    say(&conditions(&object));
    Ok(())
}

fn urls(endpoint: &Value) -> Vec<String> {
    let doors = ["externalURLs", "internalURLs"].into_iter();
    let through = doors.flat_map(|door| {
        endpoint[door]
            .as_object()
            .into_iter()
            .flat_map(|map| map.values())
    });
    let service = endpoint.get("serviceURL").into_iter();
    through
        .chain(service)
        .map(|url| {
            let text = |field: &str| url[field].as_str().unwrap_or_default();
            let port = url["port"]
                .as_u64()
                .map(|port| format!(":{port}"))
                .unwrap_or_default();
            format!(
                "{}://{}{port}{}",
                text("scheme"),
                text("host"),
                text("path")
            )
        })
        .collect()
}

/// The conditions of an object, a line each.
pub(super) fn conditions(object: &Value) -> String {
    let lines = object["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|condition| {
            let text = |field: &str| condition[field].as_str().unwrap_or_default();
            let mark = match text("status") {
                "True" => "✓",
                "False" => "✗",
                _ => "…",
            };
            format!(
                "  {mark} {} ({}): {}",
                text("type"),
                text("reason"),
                text("message")
            )
        });
    lines.collect::<Vec<_>>().join("\n")
}
