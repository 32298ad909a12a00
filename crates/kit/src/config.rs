//! Configuration: the sections that every process has, the value types, and how values are found.
//!
//! A service's `Config` is a struct of sections, each next to the module it configures, all with `#[serde(default,
//! deny_unknown_fields)]` and a `Default`. One of them is `kit: kit::Config`. Values come from, later ones winning:
//! the defaults, the files of `--config`, the environment (`QUINTET_SECTION__KEY`), `--set section.key=value`.

mod duration;
mod known;
mod load;
mod secret;
mod size;
mod source;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use duration::HumanDuration;
pub use load::{Error, Sources, load, schema, show};
pub use secret::{ExposeSecret, Secret, SecretString, UnreadableSecret};
pub use size::ByteSize;

/// What a service's configuration must be able to do: derive all of it.
pub trait Settings: DeserializeOwned + Serialize + Default + JsonSchema + Send + 'static {}

impl<C: DeserializeOwned + Serialize + Default + JsonSchema + Send + 'static> Settings for C {}

/// The section `kit` of every process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Logs, traces and metrics.
    pub telemetry: crate::telemetry::Config,
    /// The port for operators.
    pub admin: crate::admin::Config,
    /// How the process ends.
    pub shutdown: crate::shutdown::Config,
}
