//! `configurations`: environment variables and files of a workload, and the lists that templates make
//! of them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use model::{
    kinds::container::{Container, EnvVar, FileVar, ValueSource},
    name,
};

use crate::component::variables::Wanted;

/// Where a secret value is kept in the secret store of a plane.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RemoteRef {
    /// Key in the store.
    pub key: String,
    /// Property of the value; empty: the whole value.
    pub property: String,
    /// Version; empty: the latest.
    pub version: String,
}

/// Remote references of secrets: name of the reference, then its key.
pub type Secrets = BTreeMap<String, BTreeMap<String, RemoteRef>>;

impl RemoteRef {
    fn to_value(&self) -> Value {
        let mut map = Map::new();
        map.insert("key".to_owned(), self.key.clone().into());
        for (name, value) in [("property", &self.property), ("version", &self.version)] {
            if !value.is_empty() {
                map.insert(name.to_owned(), value.clone().into());
            }
        }
        Value::Object(map)
    }
}

/// Environment variables and files, sorted into plain ones and secret ones.
#[derive(Debug, Default)]
pub(crate) struct Configurations {
    config_envs: Vec<(String, String)>,
    config_files: Vec<(String, String, String)>,
    secret_envs: Vec<(String, RemoteRef)>,
    secret_files: Vec<(String, String, RemoteRef)>,
}

impl Configurations {
    /// # Errors
    /// When a secret reference or one of its keys is not known.
    pub(crate) fn new(container: &Container, secrets: &Secrets) -> Result<Self, String> {
        let mut sorted = Self::default();
        for EnvVar {
            key,
            value,
            value_from,
        } in &container.env
        {
            match remote(value_from.as_ref(), secrets)? {
                Some(remote) => sorted.secret_envs.push((key.clone(), remote)),
                None => sorted
                    .config_envs
                    .push((key.clone(), value.clone().unwrap_or_default())),
            }
        }
        for FileVar {
            key,
            mount_path,
            value,
            value_from,
        } in &container.files
        {
            match remote(value_from.as_ref(), secrets)? {
                Some(remote) => {
                    sorted
                        .secret_files
                        .push((key.clone(), mount_path.clone(), remote));
                }
                None => {
                    let value = value.clone().unwrap_or_default();
                    sorted
                        .config_files
                        .push((key.clone(), mount_path.clone(), value));
                }
            }
        }
        Ok(sorted)
    }

    /// The variable `configurations`.
    pub(crate) fn variable(&self) -> Value {
        let config_envs: Vec<_> = self
            .config_envs
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect();
        let config_files: Vec<_> = (self.config_files.iter())
            .map(|(name, path, value)| json!({"name": name, "mountPath": path, "value": value}))
            .collect();
        let secret_envs = self.secret_env_values();
        let secret_files: Vec<_> = (self.secret_files.iter())
            .map(|(name, path, remote)| {
                json!({
                    "name": name, "mountPath": path, "value": "", "remoteRef": remote.to_value(),
                })
            })
            .collect();
        json!({
            "configs": {"envs": config_envs, "files": config_files},
            "secrets": {"envs": secret_envs, "files": secret_files},
        })
    }

    /// The fields of `derived` that the methods on `configurations` stand for.
    pub(crate) fn derive(
        &self,
        prefix: &str,
        wanted: Wanted<'_>,
        derived: &mut Map<String, Value>,
    ) {
        wanted.derive(derived, "configFileList", || self.config_file_list(prefix));
        wanted.derive(derived, "secretFileList", || self.secret_file_list(prefix));
        wanted.derive(derived, "containerEnvFrom", || self.env_from(prefix));
        wanted.derive(derived, "configVolumeMounts", || self.volume_mounts());
        wanted.derive(derived, "configVolumes", || self.volumes(prefix));
        wanted.derive(derived, "configEnvs", || self.config_env_list(prefix));
        wanted.derive(derived, "secretEnvs", || self.secret_env_list(prefix));
    }

    fn config_file_list(&self, prefix: &str) -> Vec<Value> {
        (self.config_files.iter())
            .map(|(name, path, value)| {
                json!({
                    "name": name, "mountPath": path, "value": value,
                    "resourceName": config_file(prefix, name),
                })
            })
            .collect()
    }

    fn secret_file_list(&self, prefix: &str) -> Vec<Value> {
        (self.secret_files.iter())
            .map(|(name, path, remote)| {
                json!({
                    "name": name, "mountPath": path, "remoteRef": remote.to_value(),
                    "resourceName": secret_file(prefix, name, remote),
                })
            })
            .collect()
    }

    fn env_from(&self, prefix: &str) -> Vec<Value> {
        let mut sources = Vec::new();
        if !self.config_envs.is_empty() {
            sources.push(json!({"configMapRef": {"name": config_envs(prefix)}}));
        }
        if !self.secret_envs.is_empty() {
            sources.push(json!({"secretRef": {"name": self.secret_envs_name(prefix)}}));
        }
        sources
    }

    fn volume_mounts(&self) -> Vec<Value> {
        let configs = self.config_files.iter().map(|(name, path, _)| (name, path));
        let secrets = self.secret_files.iter().map(|(name, path, _)| (name, path));
        configs
            .chain(secrets)
            .map(|(name, path)| {
                json!({
                    "name": volume(path, name),
                    "mountPath": format!("{path}/{name}"),
                    "subPath": name,
                })
            })
            .collect()
    }

    fn volumes(&self, prefix: &str) -> Vec<Value> {
        let mut volumes = BTreeMap::new();
        for (name, path, _) in &self.config_files {
            let source = json!({"name": config_file(prefix, name)});
            let volume = volume(path, name);
            volumes
                .entry(volume.clone())
                .or_insert(json!({"name": volume, "configMap": source}));
        }
        for (name, path, remote) in &self.secret_files {
            let source = json!({"secretName": secret_file(prefix, name, remote)});
            let volume = volume(path, name);
            volumes
                .entry(volume.clone())
                .or_insert(json!({"name": volume, "secret": source}));
        }
        volumes.into_values().collect()
    }

    fn config_env_list(&self, prefix: &str) -> Vec<Value> {
        if self.config_envs.is_empty() {
            return Vec::new();
        }
        let envs: Vec<_> = self
            .config_envs
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect();
        vec![json!({"resourceName": config_envs(prefix), "envs": envs})]
    }

    fn secret_env_list(&self, prefix: &str) -> Vec<Value> {
        if self.secret_envs.is_empty() {
            return Vec::new();
        }
        let envs = self.secret_env_values();
        vec![json!({"resourceName": self.secret_envs_name(prefix), "envs": envs})]
    }

    /// Secret variables as templates see them: the value is there and empty.
    fn secret_env_values(&self) -> Vec<Value> {
        (self.secret_envs.iter())
            .map(
                |(name, remote)| json!({"name": name, "value": "", "remoteRef": remote.to_value()}),
            )
            .collect()
    }

    /// The name changes with what is referred to, so that a change rolls the pods.
    fn secret_envs_name(&self, prefix: &str) -> String {
        let mut text = String::new();
        for (name, remote) in &self.secret_envs {
            for part in [name, &remote.key, &remote.property, &remote.version] {
                text.push_str(part);
                text.push('\0');
            }
        }
        let extra = format!("{:08x}", name::fnv1a_32(text.as_bytes()));
        name::generate_with_extra(&[prefix, "env-secrets"], Some(&extra), name::MAX_NAME)
    }
}

fn remote(source: Option<&ValueSource>, secrets: &Secrets) -> Result<Option<RemoteRef>, String> {
    let Some(reference) = source.and_then(|source| source.secret_key_ref.as_ref()) else {
        return Ok(None);
    };
    let keys = secrets
        .get(&reference.name)
        .ok_or_else(|| format!("SecretReference {:?} not found", reference.name))?;
    let remote = keys.get(&reference.key).ok_or_else(|| {
        format!(
            "SecretReference {:?} has no key {:?}",
            reference.name, reference.key
        )
    })?;
    Ok(Some(remote.clone()))
}

fn config_envs(prefix: &str) -> String {
    name::generate(&[prefix, "env-configs"], name::MAX_NAME)
}

fn config_file(prefix: &str, file: &str) -> String {
    name::generate(&[prefix, "config", &file.replace('.', "-")], name::MAX_NAME)
}

fn secret_file(prefix: &str, file: &str, remote: &RemoteRef) -> String {
    let text = format!("{}\0{}\0{}", remote.key, remote.property, remote.version);
    let extra = format!("{:08x}", name::fnv1a_32(text.as_bytes()));
    name::generate_with_extra(
        &[prefix, "secret", &file.replace('.', "-")],
        Some(&extra),
        name::MAX_NAME,
    )
}

fn volume(mount_path: &str, file: &str) -> String {
    format!(
        "file-mount-{:08x}",
        name::fnv1a_32(format!("{mount_path}/{file}").as_bytes())
    )
}

/// The container with the overrides of a binding: by key, new ones at the end.
pub(crate) fn overridden(container: &Container, env: &[EnvVar], files: &[FileVar]) -> Container {
    let mut merged = container.clone();
    for new in env {
        match merged.env.iter_mut().find(|old| old.key == new.key) {
            Some(old) => *old = new.clone(),
            None => merged.env.push(new.clone()),
        }
    }
    for new in files {
        match merged.files.iter_mut().find(|old| old.key == new.key) {
            Some(old) => *old = new.clone(),
            None => merged.files.push(new.clone()),
        }
    }
    merged
}
