//! Outputs of resources that a workload needs, as variables and files (reference 2.5).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use model::{
    Generation,
    kinds::{
        ReleaseBinding, ResourceReleaseBinding,
        component_release::WorkloadSnapshot,
        dependency::ResourceDependency,
        output::Output,
        release_binding::status::{PendingResourceDependency, ResourceDependencyTarget},
        resource_release_binding::ResourceReleaseBindingStatus,
    },
    name,
};

use crate::assemble::Object;

/// A resource dependency whose outputs are known, as templates see it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceItem {
    /// Name of the resource.
    #[serde(rename = "ref")]
    pub resource: String,
    /// `EnvVar`s of a container.
    #[serde(default)]
    pub env_vars: Vec<Value>,
    /// `VolumeMount`s of a container.
    #[serde(default)]
    pub volume_mounts: Vec<Value>,
    /// `Volume`s of a pod.
    #[serde(default)]
    pub volumes: Vec<Value>,
}

/// Whom the resource dependencies of a workload lead to: resources of the own project in the same
/// environment.
#[must_use]
pub fn targets(
    namespace: &str,
    binding: &ReleaseBinding,
    workload: &WorkloadSnapshot,
) -> Vec<ResourceDependencyTarget> {
    let dependencies = workload
        .dependencies
        .iter()
        .flat_map(|dependencies| &dependencies.resources);
    dependencies
        .map(|dependency| ResourceDependencyTarget {
            namespace: namespace.to_owned(),
            project: binding.owner.project_name.clone(),
            resource_name: dependency.resource.clone(),
            environment: binding.environment.clone(),
        })
        .collect()
}

/// A binding of a resource, as workloads see it that need it.
#[derive(Debug, Clone, Copy)]
pub struct Provider<'a> {
    /// Name of the binding.
    pub name: &'a str,
    /// Its present generation.
    pub generation: Generation,
    /// What it says.
    pub status: &'a ResourceReleaseBindingStatus,
}

impl Provider<'_> {
    /// Whether the binding is ready, and was when it was as it is now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let conditions = &self.status.conditions;
        conditions
            .find("Ready")
            .is_some_and(|ready| ready.observed_generation == self.generation.0)
            && conditions.is_true("Ready")
    }
}

/// Finds what a dependency asks for among the bindings of its resource in the environment.
///
/// # Errors
/// Why it is not there yet, for people.
pub fn resolve(
    dependency: &ResourceDependency,
    target: &ResourceDependencyTarget,
    providers: &[Provider<'_>],
) -> Result<ResourceItem, String> {
    let whom = || {
        let (project, resource) = (&target.project, &target.resource_name);
        format!("{project}/{resource} in environment {}", target.environment)
    };
    match providers {
        [] => Err(format!("ResourceReleaseBinding not found for {}", whom())),
        [provider] if provider.is_ready() => item(dependency, &provider.status.outputs),
        [provider] => Err(format!(
            "ResourceReleaseBinding {:?} not ready",
            provider.name
        )),
        [..] => Err(format!(
            "multiple ResourceReleaseBindings found for {}",
            whom()
        )),
    }
}

/// What a workload needs of resources, as far as it is there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resolved {
    /// Whom the dependencies lead to.
    pub targets: Vec<ResourceDependencyTarget>,
    /// What templates see.
    pub items: Vec<ResourceItem>,
    /// What is not there yet, and why.
    pub pending: Vec<PendingResourceDependency>,
}

/// Resolves every resource dependency of a workload; `providers` finds the bindings of a resource in
/// the environment.
///
/// # Errors
/// Those of `providers`.
pub fn resolve_all<H>(
    namespace: &str,
    binding: &ReleaseBinding,
    workload: &WorkloadSnapshot,
    mut providers: impl FnMut(&ResourceDependencyTarget) -> Result<Vec<Found>, H>,
) -> Result<Resolved, H> {
    let mut resolved = Resolved::default();
    let dependencies = workload.dependencies.iter().flat_map(|all| &all.resources);
    for (dependency, target) in dependencies.zip(targets(namespace, binding, workload)) {
        let found = providers(&target)?;
        let known: Vec<_> = found
            .iter()
            .map(|found| Provider {
                name: found.name(),
                generation: found.metadata().generation,
                status: &found.status,
            })
            .collect();
        match resolve(dependency, &target, &known) {
            Ok(item) => resolved.items.push(item),
            Err(reason) => resolved.pending.push(PendingResourceDependency {
                namespace: target.namespace.clone(),
                project: target.project.clone(),
                resource_name: target.resource_name.clone(),
                reason,
            }),
        }
        resolved.targets.push(target);
    }
    Ok(resolved)
}

/// A binding of a resource.
type Found = Object<ResourceReleaseBinding>;

impl Resolved {
    /// Whether nothing is pending that the workload asks for.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.targets.is_empty() || self.pending.is_empty()
    }
}

/// The variables and files that a dependency asks for, in the order of output names.
///
/// # Errors
/// When an output is not there, or one that is no secret or config map shall become a file.
pub fn item(dependency: &ResourceDependency, outputs: &[Output]) -> Result<ResourceItem, String> {
    let find = |name: &str| {
        outputs
            .iter()
            .find(|output| output.name == name)
            .ok_or_else(|| format!("output not resolved on resource release binding: {name}"))
    };
    let mut item = ResourceItem {
        resource: dependency.resource.clone(),
        ..ResourceItem::default()
    };
    for (output, variable) in &dependency.env_bindings {
        item.env_vars.push(env_var(variable, find(output)?));
    }
    for (output, mount_path) in &dependency.file_bindings {
        add_file(&mut item, mount_path, find(output)?)?;
    }
    Ok(item)
}

fn env_var(variable: &str, output: &Output) -> Value {
    match (&output.secret_key_ref, &output.config_map_key_ref) {
        (Some(secret), _) => json!({"name": variable, "valueFrom": {"secretKeyRef": secret}}),
        (None, Some(config)) => json!({"name": variable, "valueFrom": {"configMapKeyRef": config}}),
        (None, None) => {
            json!({"name": variable, "value": output.value.as_deref().unwrap_or_default()})
        }
    }
}

fn add_file(item: &mut ResourceItem, mount_path: &str, output: &Output) -> Result<(), String> {
    let (kind, source, field) = match (&output.secret_key_ref, &output.config_map_key_ref) {
        (Some(secret), _) => ("secret", secret, "secretName"),
        (None, Some(config)) => ("configmap", config, "name"),
        (None, None) => {
            return Err(format!(
                "output {:?} is a plain value and cannot be mounted as a file; bind it to a variable",
                output.name
            ));
        }
    };
    let volume = volume_name(&item.resource, kind, &source.name);
    let mount = json!({"name": volume, "mountPath": mount_path, "subPath": source.key});
    item.volume_mounts.push(mount);
    if !item
        .volumes
        .iter()
        .any(|known| known["name"] == volume.as_str())
    {
        let of = if kind == "secret" {
            "secret"
        } else {
            "configMap"
        };
        item.volumes
            .push(json!({"name": volume, of: {field: source.name}}));
    }
    Ok(())
}

/// Name of the volume of a Secret or ConfigMap of a resource.
#[must_use]
pub fn volume_name(resource: &str, kind: &str, source: &str) -> String {
    format!(
        "r-{:08x}",
        name::fnv1a_32(format!("{resource}:{kind}:{source}").as_bytes())
    )
}
