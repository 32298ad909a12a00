//! What a workload needs of others: endpoints of components (reference 2.4), outputs of resources
//! ([`resources`]).

pub mod resources;

use serde::Serialize;
use serde_json::{Value, json};

use model::kinds::{
    ReleaseBinding,
    component_release::WorkloadSnapshot,
    dependency::{DependencyVisibility, EndpointDependency, EnvBindings},
    endpoint::Visibility,
    release_binding::{
        BindingState, ReleaseBindingStatus,
        status::{ConnectionTarget, EndpointStatus, EndpointUrl, GatewayUrls, ResolvedConnection},
    },
};

/// A connection that a workload wants.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Whom it leads to.
    pub target: ConnectionTarget,
    /// Which variables receive it.
    pub env_bindings: EnvBindings,
}

/// A connection that was resolved, as templates see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Namespace of the provider.
    pub namespace: String,
    /// Project of the provider.
    pub project: String,
    /// The provider.
    pub component: String,
    /// Its endpoint.
    pub endpoint: String,
    /// The door through which it is reached.
    pub visibility: String,
    /// Names and values of the variables that receive it.
    pub env_vars: Vec<(String, String)>,
}

impl Item {
    /// A connection without an address yet: templates see whom it leads to, and no variables.
    #[must_use]
    pub fn pending(wanted: &Wanted) -> Self {
        Self::of(&wanted.target, Vec::new())
    }

    fn of(target: &ConnectionTarget, env_vars: Vec<(String, String)>) -> Self {
        Self {
            namespace: target.namespace.clone(),
            project: target.project.clone(),
            component: target.component.clone(),
            endpoint: target.endpoint.clone(),
            visibility: target.visibility.as_str().to_owned(),
            env_vars,
        }
    }

    pub(crate) fn to_value(&self) -> Value {
        let env_vars: Vec<_> = self
            .env_vars
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect();
        json!({
            "namespace": self.namespace, "project": self.project, "component": self.component,
            "endpoint": self.endpoint, "visibility": self.visibility, "envVars": env_vars,
        })
    }
}

/// The connections that the workload of a binding wants.
#[must_use]
pub fn wanted(
    namespace: &str,
    binding: &ReleaseBinding,
    workload: &WorkloadSnapshot,
) -> Vec<Wanted> {
    let dependencies = workload
        .dependencies
        .iter()
        .flat_map(|dependencies| &dependencies.endpoints);
    dependencies
        .map(|dependency| one_wanted(namespace, binding, dependency))
        .collect()
}

fn one_wanted(
    namespace: &str,
    binding: &ReleaseBinding,
    dependency: &EndpointDependency,
) -> Wanted {
    let own = &binding.owner.project_name;
    let project = dependency
        .project
        .as_ref()
        .filter(|project| !project.is_empty())
        .unwrap_or(own);
    let visibility = match dependency.visibility {
        DependencyVisibility::Project => Visibility::Project,
        DependencyVisibility::Namespace => Visibility::Namespace,
    };
    Wanted {
        target: ConnectionTarget {
            namespace: namespace.to_owned(),
            project: project.clone(),
            component: dependency.component.clone(),
            endpoint: dependency.name.clone(),
            environment: binding.environment.clone(),
            visibility,
        },
        env_bindings: dependency.env_bindings.clone(),
    }
}

/// Finds the address of a wanted endpoint among the bindings of its component in the environment.
///
/// # Errors
/// Why it is not there yet, for people.
pub fn resolve(
    wanted: &Wanted,
    providers: &[(&ReleaseBinding, &ReleaseBindingStatus)],
) -> Result<(ResolvedConnection, Item), String> {
    let target = &wanted.target;
    let name = format!("{}/{}", target.project, target.component);
    let status = match providers {
        [] => return Err(format!("ReleaseBinding not found for component {name}")),
        [(binding, _)] if binding.state == BindingState::Undeploy => {
            return Err("component is undeployed".to_owned());
        }
        [(_, status)] => status,
        [..] => {
            return Err(format!(
                "multiple ReleaseBindings found for component {name} in environment {}",
                target.environment
            ));
        }
    };
    let endpoint = status
        .endpoints
        .iter()
        .find(|endpoint| endpoint.name == target.endpoint)
        .ok_or_else(|| format!("endpoint {:?} not yet resolved", target.endpoint))?;
    let url = url_for(endpoint, target.visibility).ok_or_else(|| {
        let visibility = target.visibility.as_str();
        format!(
            "endpoint {:?} has no URL for visibility {visibility}",
            target.endpoint
        )
    })?;
    let resolved = ResolvedConnection {
        namespace: target.namespace.clone(),
        project: target.project.clone(),
        component: target.component.clone(),
        endpoint: target.endpoint.clone(),
        visibility: target.visibility,
        url: url.clone(),
    };
    Ok((
        resolved,
        Item::of(target, env_vars(&wanted.env_bindings, url)),
    ))
}

/// The URL of an endpoint for callers behind this door. Callers in the cluster use the Service;
/// others the safest URL of their gateway.
#[must_use]
pub fn url_for(endpoint: &EndpointStatus, visibility: Visibility) -> Option<&EndpointUrl> {
    match visibility {
        Visibility::Project | Visibility::Namespace => endpoint.service_url.as_ref(),
        Visibility::Internal => endpoint.internal_urls.as_ref().and_then(safest),
        Visibility::External => endpoint.external_urls.as_ref().and_then(safest),
    }
}

fn safest(urls: &GatewayUrls) -> Option<&EndpointUrl> {
    urls.https
        .as_ref()
        .or(urls.http.as_ref())
        .or(urls.tls.as_ref())
}

fn env_vars(bindings: &EnvBindings, url: &EndpointUrl) -> Vec<(String, String)> {
    let port = url.port.map(|port| port.to_string()).unwrap_or_default();
    let values = [
        (&bindings.address, address(url)),
        (&bindings.host, url.host.clone()),
        (&bindings.port, port),
        (&bindings.base_path, url.path.clone().unwrap_or_default()),
    ];
    values
        .into_iter()
        .filter_map(|(name, value)| {
            name.as_ref()
                .filter(|n| !n.is_empty())
                .map(|n| (n.clone(), value))
        })
        .collect()
}

/// The address in the form that its protocol uses: a URL for http and websockets, `host:port` else.
#[must_use]
pub fn address(url: &EndpointUrl) -> String {
    let scheme = url.scheme.as_deref().unwrap_or_default();
    let mut address = match scheme {
        "http" | "https" | "ws" | "wss" | "tls" => format!("{scheme}://{}", url.host),
        _ => url.host.clone(),
    };
    if let Some(port) = url.port.filter(|port| *port != 0) {
        address.push_str(&format!(":{port}"));
    }
    if let Some(path) = url.path.as_deref().filter(|path| !path.is_empty()) {
        if !path.starts_with('/') {
            address.push('/');
        }
        address.push_str(path);
    }
    address
}
