//! The container of a workload: image, command, environment and files.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Diagnostics;

/// What runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Container {
    /// OCI image, by tag or digest.
    #[schemars(length(min = 1))]
    pub image: String,
    /// Entry point; empty: that of the image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Arguments of the entry point.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Environment variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<EnvVar>,
    /// Files that are mounted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileVar>,
}

/// An environment variable: a literal or a key of a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvVar {
    /// Name of the variable.
    pub key: String,
    /// The literal value; excludes `valueFrom`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Where the value comes from; excludes `value`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_from: Option<ValueSource>,
}

/// A file: its content is a literal or a key of a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FileVar {
    /// Name of the file below `mountPath`.
    pub key: String,
    /// Directory in the container.
    pub mount_path: String,
    /// The literal content; excludes `valueFrom`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Where the content comes from; excludes `value`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_from: Option<ValueSource>,
}

/// A value is given or looked up, not both.
pub(crate) fn check_sources(
    env: &[EnvVar],
    files: &[FileVar],
    path: &str,
    diagnostics: &mut Diagnostics,
) {
    let env = env
        .iter()
        .map(|entry| (&entry.value, &entry.value_from))
        .enumerate();
    let files = files
        .iter()
        .map(|entry| (&entry.value, &entry.value_from))
        .enumerate();
    let all = env
        .map(|entry| ("env", entry))
        .chain(files.map(|entry| ("files", entry)));
    for (list, (index, (value, source))) in all {
        if value.is_some() && source.is_some() {
            diagnostics.push_hint(
                format!("{path}.{list}[{index}]"),
                "value and valueFrom are mutually exclusive",
                "remove one of them",
            );
        }
    }
}

/// Where a value comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ValueSource {
    /// A key of a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<SecretKeyRef>,
}

/// A key of a SecretReference.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretKeyRef {
    /// Name of the SecretReference.
    #[schemars(length(min = 1))]
    pub name: String,
    /// One of its secret keys.
    #[schemars(length(min = 1))]
    pub key: String,
}
