//! Outputs of resources: what a resource type declares, and what a binding found.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Diagnostics;

/// An output of a resource: exactly one of its sources is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Output {
    /// Name of the output, by which workloads ask for it.
    #[schemars(length(min = 1))]
    pub name: String,
    /// The value itself; never secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// A key of a Secret in the cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<KeyRef>,
    /// A key of a ConfigMap in the cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map_key_ref: Option<KeyRef>,
}

/// A key of a Secret or ConfigMap.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyRef {
    /// Name of the object.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Its key.
    #[schemars(length(min = 1))]
    pub key: String,
}

/// Each output has one source.
pub(crate) fn check(outputs: &[Output], path: &str, diagnostics: &mut Diagnostics) {
    for (index, output) in outputs.iter().enumerate() {
        let sources = [
            output.value.is_some(),
            output.secret_key_ref.is_some(),
            output.config_map_key_ref.is_some(),
        ];
        if sources.into_iter().filter(|set| *set).count() != 1 {
            diagnostics.push_hint(
                format!("{path}.outputs[{index}]"),
                "exactly one of value, secretKeyRef, or configMapKeyRef must be set",
                "a secret is referred to, anything else may be a value",
            );
        }
    }
}
