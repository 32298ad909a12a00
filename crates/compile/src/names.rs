//! Names that the platform gives (reference 1.8).

use model::name::{MAX_LABEL, MAX_NAME, generate};

/// Namespace of a project's cell in an environment.
#[must_use]
pub fn cell_namespace(namespace: &str, project: &str, environment: &str) -> String {
    generate(&["dp", namespace, project, environment], MAX_LABEL)
}

/// Base name of what a component renders to in an environment.
#[must_use]
pub fn component_base(component: &str, environment: &str) -> String {
    generate(&[component, environment], MAX_NAME)
}

/// Base name of what a resource renders to in an environment.
#[must_use]
pub fn resource_base(resource: &str, environment: &str) -> String {
    generate(&[&format!("r_{resource}"), environment], MAX_NAME)
}

/// Namespace of the runs of a platform namespace in a workflow cluster.
#[must_use]
pub fn run_namespace(namespace: &str) -> String {
    format!("workflows-{namespace}")
}

/// Name of the network policy of a component; shortened by hashing when it is too long.
#[must_use]
pub fn network_policy(component: &str) -> String {
    let name = format!("openchoreo-{component}");
    if name.len() <= MAX_NAME {
        name
    } else {
        generate(&["openchoreo", component], MAX_NAME)
    }
}
