//! What a newcomer sees first: the catalogue loaded, the sample deployed, its page answering.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{
    DEFAULT, config,
    parts::{self, Site},
    ports::Listener,
    secrets,
    status::Noted,
    up::{self, Target},
};
use crate::{
    cluster::image::{self, Image},
    command, http, process,
    progress::{Progress, Step},
};

/// The sample has this long to answer after it was applied.
const ANSWER_LIMIT: Duration = Duration::from_secs(120);

/// Loads the catalogue, deploys the sample and waits until it answers through the Gateway.
///
/// # Errors
/// A step fails or does not end in time.
pub fn deploy(
    site: &Site<'_>,
    target: &Target,
    noted: &mut Noted,
    progress: &Progress,
) -> Result<()> {
    up::start(site, parts::forward(site, target.gateway)?, progress)?;
    let mut note = |what: &str, url: String| noted.urls.insert(what.to_owned(), url);
    note(
        "api",
        format!("{}/api/v1", config::url(site, Listener::Gateway)),
    );
    note("observer", config::url(site, Listener::Observer));

    if site.folder.name() == DEFAULT {
        secrets::store_for_cli(site.folder)?;
    }
    let step = progress.step("catalogue");
    apply(site, &catalogue(site)?)?;
    step.done();
    if let Some(cluster) = &target.dev {
        let step = progress.step("image of samples/greeter");
        load_image(site, cluster, "quintet.local/greeter:1")?;
        step.done();
    }
    let step = progress.step("samples/greeter");
    apply(site, &site.home.root().join("samples/greeter/greeter.yaml"))?;
    let application = wait_for_answer(site, &step)?;
    step.done();
    note("application", application);
    let portal = "/portal/namespaces/default/components/greeter";
    note(
        "portal",
        format!("{}{portal}", config::url(site, Listener::Gateway)),
    );
    Ok(())
}

/// `quintet`, as the administrator of this run.
///
/// # Errors
/// The administrator's token cannot be made.
pub fn quintet(site: &Site<'_>) -> Result<Command> {
    let mut command = Command::new(site.home.binary(site.profile, "quintet"));
    command.env("QUINTET_URL", config::url(site, Listener::Gateway));
    command.env("QUINTET_TOKEN_FILE", secrets::token(site.folder, "admin")?);
    Ok(command)
}

/// The administrator's token.
///
/// # Errors
/// It cannot be made or read.
pub fn admin_token(site: &Site<'_>) -> Result<String> {
    let file = secrets::token(site.folder, "admin")?;
    fs::read_to_string(&file).with_context(|| file.display().to_string())
}

fn apply(site: &Site<'_>, files: &Path) -> Result<()> {
    command::capture(quintet(site)?.arg("apply").arg("-f").arg(files)).map(drop)
}

/// The catalogue, with the ports of this run in the URLs that it gives.
fn catalogue(site: &Site<'_>) -> Result<PathBuf> {
    let target = site.folder.path().join("catalogue");
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    fs::create_dir_all(&target)?;
    let source = site.home.root().join("deploy/catalogue");
    let port = |listener| format!("{}", site.ports.address(listener).port());
    for entry in fs::read_dir(&source).with_context(|| source.display().to_string())? {
        let file = entry?.path();
        if file.extension().is_none_or(|it| it != "yaml") {
            continue;
        }
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let text = text
            .replace(
                "port: 7488",
                &format!("port: {}", port(Listener::Applications)),
            )
            .replace(
                "127.0.0.1:7490",
                &format!("127.0.0.1:{}", port(Listener::Observer)),
            );
        fs::write(target.join(file.file_name().unwrap_or_default()), text)?;
    }
    Ok(target)
}

/// Builds the sample and loads it into the cluster under this name.
///
/// # Errors
/// It does not compile, or the node refuses the image.
pub fn load_image(site: &Site<'_>, cluster: &str, name: &str) -> Result<()> {
    let binary = site.folder.data("greeter-image");
    fs::create_dir_all(&binary)?;
    let binary = binary.join("greeter");
    let mut go = site.home.go("");
    go.current_dir(site.home.root().join("samples/greeter"));
    command::capture(
        go.args(["build", "-trimpath", "-ldflags", "-s -w", "-o"])
            .arg(&binary)
            .arg("."),
    )?;
    image::load(site.home, &Image::new(name, &binary), Some(cluster))
}

/// Waits until the sample answers under the URL in its binding's status.
fn wait_for_answer(site: &Site<'_>, step: &Step) -> Result<String> {
    let mut seen = "nothing yet".to_owned();
    let mut answering = None;
    process::wait(ANSWER_LIMIT, || {
        match try_application(site) {
            Ok(url) => answering = Some(url),
            Err(error) => {
                seen = format!("{error:#}");
                step.note(&seen);
            }
        }
        answering.is_some()
    });
    answering.with_context(|| format!("the sample does not answer: {seen}"))
}

fn try_application(site: &Site<'_>) -> Result<String> {
    let path = "/api/v1/namespaces/default/releasebindings/greeter-development";
    let gateway = site.ports.address(Listener::Gateway);
    let answer = http::ask_as(gateway, &admin_token(site)?, path)?;
    if answer.status != 200 {
        bail!("{path} answers {}", answer.status);
    }
    let binding: Value = serde_json::from_str(&answer.body).context("the binding")?;
    let url = external_url(&binding).with_context(|| waiting_for(&binding))?;
    let host = url["host"].as_str().context("the URL has no host")?;
    let port = &url["port"];
    let path = url["path"].as_str().unwrap_or("/").trim_end_matches('/');
    let authority = format!("{host}:{port}");
    let applications = site.ports.address(Listener::Applications);
    let answer = http::ask(applications, &authority, &format!("{path}/greet"))?;
    if answer.status != 200 {
        bail!("http://{authority}{path}/greet answers {}", answer.status);
    }
    Ok(format!("http://{authority}{path}/greet"))
}

fn external_url(binding: &Value) -> Option<&Value> {
    let endpoints = binding["status"]["endpoints"].as_array()?;
    endpoints
        .iter()
        .map(|it| &it["externalURLs"]["http"])
        .find(|it| it.is_object())
}

/// The first condition that is not met, in its own words.
fn waiting_for(binding: &Value) -> String {
    let conditions = binding["status"]["conditions"].as_array();
    let unmet = conditions
        .into_iter()
        .flatten()
        .find(|it| it["status"] != "True");
    unmet.map_or_else(
        || "the binding has no address yet".to_owned(),
        |it| {
            format!(
                "{}: {}",
                it["type"].as_str().unwrap_or_default(),
                it["message"].as_str().unwrap_or_default()
            )
        },
    )
}
