//! Secret references: where the values of a secret are kept outside of the platform.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text_enum::text_enum;
use crate::{Conditions, Kind, KindName, schema};

/// How often a secret is read anew unless its reference says otherwise.
const REFRESH: &str = "1h";

/// Spec of a secret reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretReference {
    /// Where each key of the secret is kept.
    #[schemars(length(min = 1))]
    pub data: Vec<SecretData>,
    /// What the secret in the cluster looks like.
    pub template: SecretTemplate,
    /// How often it is read anew.
    #[serde(default = "refresh")]
    pub refresh_interval: String,
    /// The plane into whose store the value was written; absent: any store that `data` reaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_plane: Option<TargetPlaneRef>,
}

fn refresh() -> String {
    REFRESH.to_owned()
}

/// Where one key of a secret is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretData {
    /// Key in the secret.
    #[schemars(length(min = 1))]
    pub secret_key: String,
    /// Place of its value in the store.
    pub remote_ref: RemoteRef,
}

/// A place in an outside store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RemoteRef {
    /// Path in the store.
    #[schemars(length(min = 1))]
    pub key: String,
    /// Field of what lies there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
    /// Version of what lies there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// What a secret in the cluster looks like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretTemplate {
    /// Type of the Kubernetes Secret.
    #[serde(rename = "type", default)]
    pub secret_type: SecretType,
    /// Labels and annotations of the secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<SecretMetadata>,
}

/// Labels and annotations of a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretMetadata {
    /// Labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

text_enum! {
    /// The types of secrets that Kubernetes knows.
    #[derive(Default)]
    pub enum SecretType {
        /// Anything.
        #[default]
        Opaque = "Opaque",
        /// Accounts of image registries.
        DockerConfigJson = "kubernetes.io/dockerconfigjson",
        /// Accounts of image registries, in the older form.
        DockerConfig = "kubernetes.io/dockercfg",
        /// A name and a password.
        BasicAuth = "kubernetes.io/basic-auth",
        /// A private key for SSH.
        SshAuth = "kubernetes.io/ssh-auth",
        /// A certificate and its key.
        Tls = "kubernetes.io/tls",
        /// A token with which nodes join.
        BootstrapToken = "bootstrap.kubernetes.io/token",
    }
}

text_enum! {
    /// The kinds of planes that have a store of secrets.
    pub enum TargetPlaneKind {
        /// A workflow plane of the same namespace.
        WorkflowPlane = "WorkflowPlane",
        /// A workflow plane of the whole platform.
        ClusterWorkflowPlane = "ClusterWorkflowPlane",
        /// A data plane of the same namespace.
        DataPlane = "DataPlane",
        /// A data plane of the whole platform.
        ClusterDataPlane = "ClusterDataPlane",
    }
}

/// Names a plane that has a store of secrets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TargetPlaneRef {
    /// Kind.
    pub kind: TargetPlaneKind,
    /// Name.
    #[schemars(length(min = 1))]
    pub name: String,
}

/// Status of a secret reference.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretReferenceStatus {
    /// What the platform says about it.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub conditions: Conditions,
    /// When it was last looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub last_refresh_time: Option<Timestamp>,
    /// Who uses it in the clusters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secret_stores: Vec<SecretStoreUse>,
}

/// An object in a cluster that uses a secret reference.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretStoreUse {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
}

impl Kind for SecretReference {
    const NAME: KindName = KindName::SecretReference;
    type Status = SecretReferenceStatus;
}
