//! The agent of a workload cluster: runs there what the control plane has compiled, repairs it, says how it fares.
//!
//! All of that is `agent`'s; here it is said what makes it the data plane's.

use agent::Role;
use kit::{StartError, Tasks};
use model::label;

pub use agent::Config;

/// Starts the agent: it returns at once, and begins to work when its cluster answers.
///
/// # Errors
/// When the configuration cannot be used: the plane's name, the kubeconfig.
pub async fn start(config: Config, tasks: &Tasks) -> Result<(), StartError> {
    let role = Role {
        service: "data-plane-agent",
        // The pods of workflow runs are collected by the plane that runs them.
        pods: format!("{},!{}", label::NAMESPACE, label::WORKFLOW_RUN),
    };
    agent::start(role, config, tasks).await
}
