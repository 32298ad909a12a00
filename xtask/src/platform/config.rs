//! The configuration files of the planes, one a plane. What is not written here is the plane's
//! default; `BINARY --print-config` shows all of it.

use std::path::PathBuf;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::{
    parts::{Site, index},
    ports::Listener,
    secrets,
};

/// The planes that join the hub, by what they are called there.
pub const LINKS: [(&str, &str); 3] = [
    ("data-plane-agent", "dataplane-default"),
    ("workflow-plane", "workflowplane-default"),
    ("observability-plane", "observabilityplane-default"),
];

/// Writes the plane's file and returns its place.
///
/// # Errors
/// The plane is unknown, or the folder cannot be written.
pub fn write(site: &Site<'_>, plane: &str) -> Result<PathBuf> {
    let mut config = match plane {
        "control-plane" => control(site)?,
        "observability-plane" => observability(site)?,
        "experience-gateway" => gateway(site),
        "data-plane-agent" => data_agent(site)?,
        "workflow-plane" => workflow(site)?,
        other => bail!("no plane {other}"),
    };
    std::fs::create_dir_all(site.folder.data(plane))?;
    config["kit"] = json!({
        "admin": { "listen": site.ports.address(Listener::Admin(index(plane))) },
        "telemetry": { "otlp_endpoint": url(site, Listener::OtlpGrpc) },
    });
    // JSON is YAML too.
    site.folder.write_config(
        &format!("{plane}.yaml"),
        &serde_json::to_string_pretty(&config)?,
    )
}

fn control(site: &Site<'_>) -> Result<Value> {
    let admin = secrets::token(site.folder, "admin")?;
    let mut joins = Vec::new();
    for (plane, link) in LINKS {
        let token = secrets::token(site.folder, &format!("join-{plane}"))?;
        joins.push(json!({ "plane": link, "token": { "file": token } }));
    }
    Ok(json!({
        "ingress": { "listen": site.ports.address(Listener::Control) },
        "database": { "url": format!("sqlite:{}", site.folder.data("control-plane/quintet.db").display()) },
        "auth": { "tokens": [
            { "name": "admin", "token": { "file": admin }, "groups": ["admins"] },
        ] },
        "link": {
            "bus": bus(site),
            "keys": site.folder.secret("hub"),
            "server_config": site.folder.config("nats.conf"),
            "server_listen": site.ports.address(Listener::Nats),
            "join_tokens": joins,
        },
    }))
}

fn observability(site: &Site<'_>) -> Result<Value> {
    Ok(json!({
        "link": link(site, "observability-plane")?,
        "listen": {
            "otlp_grpc": site.ports.address(Listener::OtlpGrpc),
            "otlp_http": site.ports.address(Listener::OtlpHttp),
            "observer": site.ports.address(Listener::Observer),
            "query": site.ports.address(Listener::Query),
        },
        "logs": { "folder": site.folder.data("observability-plane").join("logs") },
        "control_plane": url(site, Listener::Control),
    }))
}

fn gateway(site: &Site<'_>) -> Value {
    json!({
        "listen": site.ports.address(Listener::Gateway),
        "control_plane": url(site, Listener::Control),
        "observability_plane": url(site, Listener::Query),
    })
}

fn data_agent(site: &Site<'_>) -> Result<Value> {
    Ok(json!({
        "link": link(site, "data-plane-agent")?,
        "cluster": { "kubeconfig": site.kubeconfig },
    }))
}

fn workflow(site: &Site<'_>) -> Result<Value> {
    Ok(json!({
        "link": link(site, "workflow-plane")?,
        "cluster": { "kubeconfig": site.kubeconfig },
    }))
}

fn link(site: &Site<'_>, plane: &str) -> Result<Value> {
    let name = LINKS
        .iter()
        .find(|(it, _)| *it == plane)
        .map_or(plane, |(_, link)| link);
    Ok(json!({
        "plane": name,
        "bus": bus(site),
        "identity_file": site.folder.data(plane).join("identity.json"),
        "join_token": { "file": secrets::token(site.folder, &format!("join-{plane}"))? },
    }))
}

fn bus(site: &Site<'_>) -> Value {
    json!({ "servers": [format!("nats://{}", site.ports.address(Listener::Nats))] })
}

/// The URL of a listener of this run.
#[must_use]
pub fn url(site: &Site<'_>, listener: Listener) -> String {
    format!("http://{}", site.ports.address(listener))
}
