//! The configuration files of the planes, one a plane. What is not written here is the plane's
//! default; `BINARY --print-config` shows all of it.

use std::path::PathBuf;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::{
    parts::{Site, index},
    ports::Listener,
};

/// Writes the plane's file and returns its place.
///
/// # Errors
/// The plane is unknown, or the folder cannot be written.
pub fn write(site: &Site<'_>, plane: &str) -> Result<PathBuf> {
    let mut config = match plane {
        "control-plane" => control(site),
        "observability-plane" => observability(site),
        "experience-gateway" => gateway(site),
        "data-plane-agent" | "workflow-plane" => agent(site, plane),
        other => bail!("no plane {other}"),
    };
    let otlp = format!("http://{}", site.ports.address(Listener::OtlpGrpc));
    config["kit"] = json!({
        "admin": { "listen": site.ports.address(Listener::Admin(index(plane))).to_string() },
        "telemetry": { "otlp": { "endpoint": otlp } },
    });
    // JSON is YAML too.
    site.folder.write_config(
        &format!("{plane}.yaml"),
        &serde_json::to_string_pretty(&config)?,
    )
}

fn control(site: &Site<'_>) -> Value {
    json!({
        "store": { "path": site.folder.data("control-plane").join("quintet.db") },
        "serve": { "listen": site.ports.address(Listener::Control).to_string() },
    })
}

fn observability(site: &Site<'_>) -> Value {
    json!({
        "store": { "path": site.folder.data("observability-plane") },
    })
}

fn gateway(site: &Site<'_>) -> Value {
    json!({
        "serve": { "listen": site.ports.address(Listener::Gateway).to_string() },
    })
}

fn agent(site: &Site<'_>, _plane: &str) -> Value {
    json!({
        "cluster": { "kubeconfig": site.kubeconfig },
    })
}
