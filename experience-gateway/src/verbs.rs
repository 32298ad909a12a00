//! What people do with components, made of reads and writes of objects: deploy, promote, one view of it all.

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

use model::{
    Code, Envelope, KindName, ObjectKey, ObjectMeta, RawJson,
    kinds::{
        Component, DeploymentPipeline, Project, ReleaseBinding, owner::ComponentOwner,
        release_binding::BindingState,
    },
};
use proto::resources::{
    CreateJoinTokenRequest, GenerateReleaseRequest, GetRequest, Key, ListLinksRequest, ListRequest,
    Object, RevokeLinkRequest, UpdateRequest, WhoAmIRequest, WriteRequest,
};

use crate::{caller::Caller, problem::Problem, rest::objects::document, upstream::Upstream};

/// Who calls.
pub(crate) async fn who_am_i(
    State(upstream): State<Upstream>,
    caller: Caller,
) -> Result<Json<Value>, Problem> {
    let who = upstream
        .access()
        .who_am_i(caller.request(WhoAmIRequest {}))
        .await?
        .into_inner();
    Ok(Json(
        json!({"subject": who.subject, "type": who.subject_type}),
    ))
}

/// The links to planes.
pub(crate) async fn links(
    State(upstream): State<Upstream>,
    caller: Caller,
) -> Result<Json<Value>, Problem> {
    let links = upstream
        .planes()
        .list_links(caller.request(ListLinksRequest {}))
        .await?
        .into_inner();
    let items: Vec<Value> = links
        .links
        .into_iter()
        .map(|link| {
            json!({
                "plane": link.plane, "connected": link.connected, "lastSeen": link.last_seen_ms,
                "agentVersion": link.agent_version, "kubernetesVersion": link.kubernetes_version,
                "epoch": link.epoch, "units": link.units, "revoked": link.revoked, "problem": link.problem,
            })
        })
        .collect();
    Ok(Json(json!({"items": items})))
}

/// A one-time token with which a plane may join.
pub(crate) async fn join_token(
    State(upstream): State<Upstream>,
    Path(plane): Path<String>,
    caller: Caller,
) -> Result<Json<Value>, Problem> {
    let request = CreateJoinTokenRequest {
        plane,
        ttl_seconds: 0,
    };
    let made = upstream
        .planes()
        .create_join_token(caller.request(request))
        .await?
        .into_inner();
    Ok(Json(
        json!({"token": made.token, "expiresAt": made.expires_at_ms}),
    ))
}

/// Revokes a link and cuts its connections.
pub(crate) async fn revoke(
    State(upstream): State<Upstream>,
    Path(plane): Path<String>,
    caller: Caller,
) -> Result<Json<Value>, Problem> {
    let request = RevokeLinkRequest { plane };
    let done = upstream
        .planes()
        .revoke_link(caller.request(request))
        .await?
        .into_inner();
    Ok(Json(json!({"cut": done.cut})))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReleaseName {
    #[serde(default, alias = "name")]
    release_name: String,
}

/// Freezes a component into a release.
pub(crate) async fn generate_release(
    State(upstream): State<Upstream>,
    Path((ns, name)): Path<(String, String)>,
    caller: Caller,
    body: Option<Json<ReleaseName>>,
) -> Result<(axum::http::StatusCode, Json<Value>), Problem> {
    let wanted = body.map(|Json(body)| body).unwrap_or_default();
    let request = GenerateReleaseRequest {
        namespace: ns,
        component: name,
        name: wanted.release_name,
    };
    let made = upstream
        .resources()
        .generate_release(caller.request(request))
        .await?
        .into_inner();
    Ok((axum::http::StatusCode::CREATED, Json(document(made)?)))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Deployment {
    /// The environment; the first of the pipeline without it.
    #[serde(default)]
    environment: String,
    /// The release; the latest without it.
    #[serde(default)]
    release_name: String,
}

/// Puts a release into an environment.
pub(crate) async fn deploy(
    State(upstream): State<Upstream>,
    Path((ns, name)): Path<(String, String)>,
    caller: Caller,
    Json(wanted): Json<Deployment>,
) -> Result<Json<Value>, Problem> {
    let work = Work {
        upstream: &upstream,
        caller: &caller,
        ns: &ns,
    };
    let component = work.component(&name).await?;
    let environment = match wanted.environment.as_str() {
        "" => {
            let pipeline = work.pipeline(&component.0).await?;
            let root = pipeline.root_environment().map(str::to_owned);
            root.ok_or_else(|| {
                Problem::new(Code::Invalid, "the pipeline has no first environment")
            })?
        }
        environment => environment.to_owned(),
    };
    let release = match wanted.release_name.as_str() {
        "" => {
            let latest = component.1.latest_release.map(|latest| latest.name);
            match latest {
                Some(name) => name,
                None => work.release(&name).await?,
            }
        }
        release => release.to_owned(),
    };
    work.bind(&component.0, &name, &environment, &release)
        .await
        .map(Json)
}

#[derive(Debug, Deserialize)]
pub(crate) struct Promotion {
    /// The environment to promote to.
    to: String,
    /// The environment to promote from; the one before it in the pipeline without it.
    #[serde(default)]
    from: String,
}

/// Puts the release that runs in one environment into the next.
pub(crate) async fn promote(
    State(upstream): State<Upstream>,
    Path((ns, name)): Path<(String, String)>,
    caller: Caller,
    Json(wanted): Json<Promotion>,
) -> Result<Json<Value>, Problem> {
    let work = Work {
        upstream: &upstream,
        caller: &caller,
        ns: &ns,
    };
    let component = work.component(&name).await?;
    let pipeline = work.pipeline(&component.0).await?;
    let sources: Vec<&str> = pipeline
        .promotion_paths
        .iter()
        .filter(|path| {
            path.target_environment_refs
                .iter()
                .any(|target| target.name == wanted.to)
        })
        .map(|path| path.source_environment_ref.name.as_str())
        .collect();
    let from = match (wanted.from.as_str(), sources.as_slice()) {
        ("", []) => {
            let message = format!(
                "the pipeline promotes nothing to environment {:?}",
                wanted.to
            );
            return Err(Problem::new(Code::Invalid, message));
        }
        ("", [only]) => (*only).to_owned(),
        ("", several) => {
            let message = format!(
                "say from where: {} all lead to {:?}",
                several.join(", "),
                wanted.to
            );
            return Err(Problem::new(Code::Invalid, message));
        }
        (from, sources) if !sources.contains(&from) => {
            let message = format!(
                "the pipeline does not lead from {from:?} to {:?}",
                wanted.to
            );
            return Err(Problem::new(Code::Invalid, message));
        }
        (from, _) => from.to_owned(),
    };
    let bindings = work.bindings(&component.0, &name).await?;
    let release = bindings
        .iter()
        .filter_map(|envelope| envelope.spec::<ReleaseBinding>().ok())
        .find(|binding| binding.environment == from)
        .and_then(|binding| binding.release_name)
        .ok_or_else(|| {
            Problem::new(
                Code::NotFound,
                format!("nothing is deployed in environment {from:?}"),
            )
        })?;
    work.bind(&component.0, &name, &wanted.to, &release)
        .await
        .map(Json)
}

/// A component with its environments side by side, for a screen.
pub(crate) async fn view(
    State(upstream): State<Upstream>,
    Path((ns, name)): Path<(String, String)>,
    caller: Caller,
) -> Result<Json<Value>, Problem> {
    let work = Work {
        upstream: &upstream,
        caller: &caller,
        ns: &ns,
    };
    let object = work.find(KindName::Component, &name).await?;
    let component = object.spec::<Component>().map_err(internal)?;
    let (pipeline, bindings, releases) = tokio::try_join!(
        work.pipeline(&component),
        work.bindings(&component, &name),
        work.owned(KindName::ComponentRelease, &component, &name),
    )?;
    let mut environments: Vec<String> = Vec::new();
    for path in &pipeline.promotion_paths {
        let targets = path
            .target_environment_refs
            .iter()
            .map(|target| &target.name);
        for environment in std::iter::once(&path.source_environment_ref.name).chain(targets) {
            if !environments.contains(environment) {
                environments.push(environment.clone());
            }
        }
    }
    let columns: Vec<Value> = environments
        .iter()
        .map(|environment| {
            let binding = bindings.iter().find(|envelope| {
                envelope
                    .spec::<ReleaseBinding>()
                    .is_ok_and(|spec| spec.environment == *environment)
            });
            let promotes_to: Vec<&str> = pipeline
                .promotion_paths
                .iter()
                .filter(|path| path.source_environment_ref.name == *environment)
                .flat_map(|path| &path.target_environment_refs)
                .map(|target| target.name.as_str())
                .collect();
            json!({
                "environment": environment,
                "promotesTo": promotes_to,
                "binding": binding.map(Envelope::to_document),
            })
        })
        .collect();
    Ok(Json(json!({
        "component": object.to_document(),
        "environments": columns,
        "releases": releases.iter().map(|release| &release.key.name).collect::<Vec<_>>(),
    })))
}

/// Reads and writes on behalf of a caller, in a namespace.
struct Work<'a> {
    upstream: &'a Upstream,
    caller: &'a Caller,
    ns: &'a str,
}

fn internal(error: impl std::fmt::Display) -> Problem {
    Problem::new(Code::Internal, error.to_string())
}

impl Work<'_> {
    async fn find(&self, kind: KindName, name: &str) -> Result<Envelope, Problem> {
        let key = Key {
            kind: kind.as_str().to_owned(),
            namespace: self.ns.to_owned(),
            name: name.to_owned(),
        };
        let request = self.caller.request(GetRequest { key: Some(key) });
        let object = self.upstream.resources().get(request).await?.into_inner();
        Envelope::try_from(object).map_err(internal)
    }

    async fn component(
        &self,
        name: &str,
    ) -> Result<(Component, model::kinds::component::ComponentStatus), Problem> {
        let object = self.find(KindName::Component, name).await?;
        Ok((
            object.spec().map_err(internal)?,
            object.status::<Component>().map_err(internal)?,
        ))
    }

    async fn pipeline(&self, component: &Component) -> Result<DeploymentPipeline, Problem> {
        let project = self
            .find(KindName::Project, &component.owner.project_name)
            .await?;
        let project: Project = project.spec().map_err(internal)?;
        let name = &project.deployment_pipeline_ref.name;
        self.find(KindName::DeploymentPipeline, name)
            .await?
            .spec()
            .map_err(internal)
    }

    async fn owned(
        &self,
        kind: KindName,
        component: &Component,
        name: &str,
    ) -> Result<Vec<Envelope>, Problem> {
        let fields = [
            (
                "spec.owner.projectName",
                component.owner.project_name.as_str(),
            ),
            ("spec.owner.componentName", name),
        ];
        let request = ListRequest {
            kind: kind.as_str().to_owned(),
            namespace: self.ns.to_owned(),
            fields: fields
                .map(|(path, value)| (path.to_owned(), value.to_owned()))
                .into(),
            ..ListRequest::default()
        };
        let page = self
            .upstream
            .resources()
            .list(self.caller.request(request))
            .await?
            .into_inner();
        page.objects
            .into_iter()
            .map(|object| Envelope::try_from(object).map_err(internal))
            .collect()
    }

    async fn bindings(&self, component: &Component, name: &str) -> Result<Vec<Envelope>, Problem> {
        self.owned(KindName::ReleaseBinding, component, name).await
    }

    async fn release(&self, component: &str) -> Result<String, Problem> {
        let request = GenerateReleaseRequest {
            namespace: self.ns.to_owned(),
            component: component.to_owned(),
            name: String::new(),
        };
        let made = self
            .upstream
            .resources()
            .generate_release(self.caller.request(request))
            .await?;
        Ok(Envelope::try_from(made.into_inner())
            .map_err(internal)?
            .key
            .name)
    }

    /// Points the binding of an environment at a release; makes it if there is none.
    async fn bind(
        &self,
        component: &Component,
        name: &str,
        environment: &str,
        release: &str,
    ) -> Result<Value, Problem> {
        let bindings = self.bindings(component, name).await?;
        let existing = bindings.into_iter().find_map(|envelope| {
            let spec = envelope.spec::<ReleaseBinding>().ok()?;
            (spec.environment == environment).then_some((envelope, spec))
        });
        let written = match existing {
            Some((mut envelope, mut spec)) => {
                spec.release_name = Some(release.to_owned());
                spec.state = BindingState::Active;
                envelope.spec = RawJson::of(&spec);
                let request = UpdateRequest {
                    object: Some(Object::from(&envelope)),
                    ..UpdateRequest::default()
                };
                self.upstream
                    .resources()
                    .update(self.caller.request(request))
                    .await?
            }
            None => {
                let spec = ReleaseBinding {
                    owner: ComponentOwner {
                        project_name: component.owner.project_name.clone(),
                        component_name: name.to_owned(),
                    },
                    environment: environment.to_owned(),
                    release_name: Some(release.to_owned()),
                    ..ReleaseBinding::default()
                };
                let binding = format!("{name}-{environment}");
                let envelope = Envelope {
                    key: ObjectKey::namespaced(KindName::ReleaseBinding, self.ns, &binding),
                    metadata: ObjectMeta::named(Some(self.ns), &binding),
                    spec: RawJson::of(&spec),
                    status: RawJson::null(),
                };
                let request = WriteRequest {
                    object: Some(Object::from(&envelope)),
                    dry_run: false,
                };
                self.upstream
                    .resources()
                    .create(self.caller.request(request))
                    .await?
            }
        };
        document(written.into_inner())
    }
}
