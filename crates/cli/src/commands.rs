//! The commands.

mod describe;
mod diff;
mod render;
mod workflow;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::{
    api::{Api, collection, kind},
    apply,
    arguments::{Arguments, Command, Form, LinkCommand},
    output::{self, say},
    sse,
};

/// How long `delete` waits for an object to go.
const GONE_WITHIN: Duration = Duration::from_secs(120);

/// Runs a command; the code says how it ended.
pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let namespace = arguments.namespace.as_str();
    if let Command::Render(asked) = &arguments.command {
        return render::run(namespace, asked);
    }
    if let Command::Diff(asked) = &arguments.command {
        return diff::run(&arguments, asked).await;
    }
    asking(&Api::new(&arguments)?, namespace, &arguments.command).await?;
    Ok(ExitCode::SUCCESS)
}

/// The commands that ask the gateway.
async fn asking(api: &Api, namespace: &str, command: &Command) -> Result<()> {
    match command {
        // These compile here and have been run.
        Command::Render(_) | Command::Diff(_) => Ok(()),
        Command::Apply { files } => apply::apply(api, namespace, files).await,
        Command::Get {
            kind,
            name,
            output,
            watch,
            all_namespaces,
            selector,
        } => {
            let wanted = Wanted {
                kind,
                name: name.as_deref(),
                form: *output,
                all: *all_namespaces,
                selector,
            };
            wanted.show(api, namespace).await?;
            if *watch {
                wanted.watch(api, namespace).await
            } else {
                Ok(())
            }
        }
        Command::Describe { kind, name } => describe::describe(api, namespace, kind, name).await,
        Command::Delete {
            kind,
            names,
            no_wait,
        } => delete(api, namespace, kind, names, !no_wait).await,
        Command::Deploy {
            component,
            environment,
            release,
        } => {
            let body = json!({"environment": environment.clone().unwrap_or_default(),
                "releaseName": release.clone().unwrap_or_default()});
            let path = format!("/api/v1/namespaces/{namespace}/components/{component}/deploy");
            told(&api.post(&path, &body).await?);
            Ok(())
        }
        Command::Promote {
            component,
            to,
            from,
        } => {
            let body = json!({"to": to, "from": from.clone().unwrap_or_default()});
            let path = format!("/api/v1/namespaces/{namespace}/components/{component}/promote");
            told(&api.post(&path, &body).await?);
            Ok(())
        }
        Command::Logs {
            component,
            environment,
            follow,
            tail,
        } => {
            let path = format!(
                "/api/v1/namespaces/{namespace}/components/{component}/logs\
                 ?environment={environment}&follow={follow}&limit={tail}"
            );
            logs(api, &path).await
        }
        Command::Status { component, output } => {
            status(api, namespace, component.as_deref(), *output).await
        }
        Command::Workflow(command) => workflow::run(api, namespace, command).await,
        Command::Link(command) => link(api, command).await,
        Command::Token => {
            say(api.token());
            Ok(())
        }
    }
}

/// What `get` shows.
struct Wanted<'a> {
    kind: &'a str,
    name: Option<&'a str>,
    form: Form,
    all: bool,
    selector: &'a str,
}

impl Wanted<'_> {
    async fn show(&self, api: &Api, namespace: &str) -> Result<()> {
        let (kind, scope) = kind(self.kind)?;
        if let Some(name) = self.name {
            let path = format!("{}/{name}", collection(kind, scope, namespace));
            output::objects(kind, &[api.get(&path).await?], self.form, false);
            return Ok(());
        }
        let mut items = Vec::new();
        for namespace in self.namespaces(api, namespace).await? {
            let mut path = collection(kind, scope, &namespace);
            if !self.selector.is_empty() {
                path.push_str(&format!(
                    "?labelSelector={}",
                    self.selector.replace(',', "%2C")
                ));
            }
            let page = api.get(&path).await?;
            items.extend(page["items"].as_array().cloned().unwrap_or_default());
            if scope == model::Scope::Cluster {
                break;
            }
        }
        output::objects(kind, &items, self.form, self.all);
        Ok(())
    }

    async fn namespaces(&self, api: &Api, namespace: &str) -> Result<Vec<String>> {
        if !self.all {
            return Ok(vec![namespace.to_owned()]);
        }
        let all = api.get("/api/v1/namespaces").await?;
        let items = all["items"].as_array().cloned().unwrap_or_default();
        Ok(items
            .iter()
            .filter_map(|item| Some(item["metadata"]["name"].as_str()?.to_owned()))
            .collect())
    }

    async fn watch(&self, api: &Api, namespace: &str) -> Result<()> {
        let (kind, scope) = kind(self.kind)?;
        let namespace = if self.all { "" } else { namespace };
        let path = format!(
            "/events?kinds={}&namespace={namespace}",
            kind.public_name(scope)
        );
        sse::events(api.stream(&path).await?, |event| {
            if event.name == "put" || event.name == "deleted" {
                let data: Value = serde_json::from_str(&event.data)?;
                let object = &data["object"];
                if self
                    .name
                    .is_none_or(|name| object["metadata"]["name"] == name)
                {
                    if event.name == "deleted" {
                        say(&format!(
                            "{} is gone",
                            object["metadata"]["name"].as_str().unwrap_or_default()
                        ));
                    } else {
                        output::objects(kind, std::slice::from_ref(object), self.form, self.all);
                    }
                }
            }
            Ok(true)
        })
        .await
    }
}

async fn delete(
    api: &Api,
    namespace: &str,
    typed: &str,
    names: &[String],
    wait: bool,
) -> Result<()> {
    let (kind, scope) = kind(typed)?;
    for name in names {
        let path = format!("{}/{name}", collection(kind, scope, namespace));
        api.delete(&path).await?;
        let label = format!("{}/{name}", kind.public_name(scope).to_lowercase());
        if !wait {
            say(&format!("{label} is being deleted"));
            continue;
        }
        let end = tokio::time::Instant::now() + GONE_WITHIN;
        loop {
            let Some(left) = api.find(&path).await? else {
                break;
            };
            if tokio::time::Instant::now() > end {
                let why = describe::conditions(&left);
                bail!("{label} is still there after {GONE_WITHIN:?}: {why}");
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        say(&format!("{label} deleted"));
    }
    Ok(())
}

fn told(binding: &Value) {
    say(&format!(
        "{} is deployed to {} by releasebinding/{}",
        binding["spec"]["releaseName"].as_str().unwrap_or_default(),
        binding["spec"]["environment"].as_str().unwrap_or_default(),
        binding["metadata"]["name"].as_str().unwrap_or_default(),
    ));
}

async fn logs(api: &Api, path: &str) -> Result<()> {
    sse::events(api.stream(path).await?, |event| match event.name.as_str() {
        "line" => {
            let line: Value = serde_json::from_str(&event.data)?;
            let text = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
            say(&format!(
                "{} {} | {}",
                text("environment"),
                text("pod"),
                text("text").trim_end()
            ));
            Ok(true)
        }
        "error" => bail!("{}", event.data),
        "end" => Ok(false),
        _ => Ok(true),
    })
    .await
}

async fn status(api: &Api, namespace: &str, component: Option<&str>, form: Form) -> Result<()> {
    let bindings = api
        .get(&format!("/api/v1/namespaces/{namespace}/releasebindings"))
        .await?;
    let mut items = bindings["items"].as_array().cloned().unwrap_or_default();
    if let Some(component) = component {
        items.retain(|item| item["spec"]["owner"]["componentName"] == component);
    }
    let links = api.get("/api/v1/links").await?;
    if form != Form::Table {
        let all = json!({"bindings": items, "links": links["items"]});
        match form {
            Form::Yaml => say(model::yaml::to_string(&all).trim_end()),
            Form::Json | Form::Table => say(&serde_json::to_string_pretty(&all)?),
        }
        return Ok(());
    }
    let rows = items.iter().map(|item| {
        let ready = |field: &str| {
            output::at(
                item,
                &format!(r#".status.conditions[?(@.type=="Ready")].{field}"#),
            )
        };
        vec![
            output::at(item, ".spec.owner.componentName"),
            output::at(item, ".spec.environment"),
            output::at(item, ".spec.releaseName"),
            ready("status"),
            ready("message"),
        ]
    });
    say(&output::plain(
        &["component", "environment", "release", "ready", "why"],
        rows.collect(),
    ));
    say("");
    show_links(&links);
    Ok(())
}

fn show_links(links: &Value) {
    let rows = links["items"].as_array().into_iter().flatten().map(|link| {
        let state = match (link["revoked"].as_bool(), link["connected"].as_bool()) {
            (Some(true), _) => "revoked",
            (_, Some(true)) => "connected",
            _ => "away",
        };
        vec![
            link["plane"].as_str().unwrap_or_default().to_owned(),
            state.to_owned(),
            link["units"].to_string(),
            link["kubernetesVersion"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            link["problem"].as_str().unwrap_or_default().to_owned(),
        ]
    });
    say(&output::plain(
        &["plane", "link", "units", "kubernetes", "problem"],
        rows.collect(),
    ));
}

async fn link(api: &Api, command: &LinkCommand) -> Result<()> {
    match command {
        LinkCommand::List => show_links(&api.get("/api/v1/links").await?),
        LinkCommand::Token { plane } => {
            let made = api
                .post(&format!("/api/v1/links/{plane}/token"), &json!({}))
                .await?;
            say(made["token"].as_str().unwrap_or_default());
        }
        LinkCommand::Revoke { plane } => {
            let done = api
                .post(&format!("/api/v1/links/{plane}/revoke"), &json!({}))
                .await?;
            say(&format!(
                "{plane} is revoked; {} connections were cut",
                done["cut"]
            ));
        }
    }
    Ok(())
}
