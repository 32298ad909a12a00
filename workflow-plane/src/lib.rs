//! The agent of a workflow cluster: starts there each run that the control plane has compiled, once, and says how it
//! goes.
//!
//! A run is a unit whose bundle holds an Argo `Workflow` to be made once. That it is never made again, whoever deletes
//! it, is `reconcile`'s doing; all else is `agent`'s, as in every agent. With the control plane and the bus away, runs
//! go on and are reported later.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use agent::Role;
use kit::{StartError, Tasks};
use model::label;

/// The configuration of an agent, for the workflow plane unless it says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Config(pub agent::Config);

impl Default for Config {
    fn default() -> Self {
        let link = link::Config {
            plane: "workflowplane-default".to_owned(),
            ..link::Config::default()
        };
        Self(agent::Config {
            link,
            ..agent::Config::default()
        })
    }
}

/// Starts the agent: it returns at once, and begins to work when its cluster answers.
///
/// # Errors
/// When the configuration cannot be used: the plane's name, the kubeconfig.
pub async fn start(config: Config, tasks: &Tasks) -> Result<(), StartError> {
    let role = Role {
        service: "workflow-plane",
        pods: label::WORKFLOW_RUN.to_owned(),
    };
    agent::start(role, config.0, tasks).await
}
