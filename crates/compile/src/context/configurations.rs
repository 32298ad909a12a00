//! `configurations`: environment variables and files of a workload, and the lists that templates make
//! of them.

use std::collections::BTreeMap;

use serde::Serialize;

use expr::Value;
use model::{
    kinds::container::{Container, EnvVar, FileVar, ValueSource},
    name,
};

use crate::{
    component::variables::{Derived, Wanted},
    tree::{self, record},
};

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
        let reference = tree::some([
            ("key", Some(self.key.as_str().into())),
            ("property", tree::text(&self.property)),
            ("version", tree::text(&self.version)),
        ]);
        reference.unwrap_or_else(|| record([]))
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
        let config_files = (self.config_files.iter()).map(|(name, path, value)| {
            record([
                ("name", name.as_str().into()),
                ("mountPath", path.as_str().into()),
                ("value", value.as_str().into()),
            ])
        });
        let secret_files = (self.secret_files.iter()).map(|(name, path, remote)| {
            record([
                ("name", name.as_str().into()),
                ("mountPath", path.as_str().into()),
                ("value", "".into()),
                ("remoteRef", remote.to_value()),
            ])
        });
        let group = |envs: Vec<Value>, files: Vec<Value>| {
            record([("envs", Value::list(envs)), ("files", Value::list(files))])
        };
        record([
            (
                "configs",
                group(self.config_env_values(), config_files.collect()),
            ),
            (
                "secrets",
                group(self.secret_env_values(), secret_files.collect()),
            ),
        ])
    }

    /// The fields of `derived` that the methods on `configurations` stand for.
    pub(crate) fn derive(&self, prefix: &str, wanted: Wanted<'_>, derived: &mut Derived) {
        wanted.derive(derived, "configFileList", || self.config_file_list(prefix));
        wanted.derive(derived, "secretFileList", || self.secret_file_list(prefix));
        wanted.derive(derived, "containerEnvFrom", || self.env_from(prefix));
        wanted.derive(derived, "configVolumeMounts", || self.volume_mounts());
        wanted.derive(derived, "configVolumes", || self.volumes(prefix));
        wanted.derive(derived, "configEnvs", || self.config_env_list(prefix));
        wanted.derive(derived, "secretEnvs", || self.secret_env_list(prefix));
    }

    fn config_file_list(&self, prefix: &str) -> Vec<Value> {
        let files = self.config_files.iter().map(|(name, path, value)| {
            record([
                ("name", name.as_str().into()),
                ("mountPath", path.as_str().into()),
                ("value", value.as_str().into()),
                ("resourceName", config_file(prefix, name).into()),
            ])
        });
        files.collect()
    }

    fn secret_file_list(&self, prefix: &str) -> Vec<Value> {
        let files = self.secret_files.iter().map(|(name, path, remote)| {
            record([
                ("name", name.as_str().into()),
                ("mountPath", path.as_str().into()),
                ("remoteRef", remote.to_value()),
                ("resourceName", secret_file(prefix, name, remote).into()),
            ])
        });
        files.collect()
    }

    fn env_from(&self, prefix: &str) -> Vec<Value> {
        let source = |field: &str, name: String| record([(field, record([("name", name.into())]))]);
        let mut sources = Vec::new();
        if !self.config_envs.is_empty() {
            sources.push(source("configMapRef", config_envs(prefix)));
        }
        if !self.secret_envs.is_empty() {
            sources.push(source("secretRef", self.secret_envs_name(prefix)));
        }
        sources
    }

    fn volume_mounts(&self) -> Vec<Value> {
        let configs = self.config_files.iter().map(|(name, path, _)| (name, path));
        let secrets = self.secret_files.iter().map(|(name, path, _)| (name, path));
        let mounts = configs.chain(secrets).map(|(name, path)| {
            record([
                ("name", volume(path, name).into()),
                ("mountPath", format!("{path}/{name}").into()),
                ("subPath", name.as_str().into()),
            ])
        });
        mounts.collect()
    }

    fn volumes(&self, prefix: &str) -> Vec<Value> {
        let entry = |volume: String, kind: &str, source: (&str, String)| {
            let source = record([(source.0, source.1.into())]);
            let value = record([("name", volume.as_str().into()), (kind, source)]);
            (volume, value)
        };
        let configs = self.config_files.iter().map(|(name, path, _)| {
            let source = ("name", config_file(prefix, name));
            entry(volume(path, name), "configMap", source)
        });
        let secrets = self.secret_files.iter().map(|(name, path, remote)| {
            let source = ("secretName", secret_file(prefix, name, remote));
            entry(volume(path, name), "secret", source)
        });
        // The first of a name counts.
        let mut volumes = BTreeMap::new();
        for (name, value) in configs.chain(secrets) {
            volumes.entry(name).or_insert(value);
        }
        volumes.into_values().collect()
    }

    fn config_env_list(&self, prefix: &str) -> Vec<Value> {
        if self.config_envs.is_empty() {
            return Vec::new();
        }
        env_list(config_envs(prefix), self.config_env_values())
    }

    fn secret_env_list(&self, prefix: &str) -> Vec<Value> {
        if self.secret_envs.is_empty() {
            return Vec::new();
        }
        env_list(self.secret_envs_name(prefix), self.secret_env_values())
    }

    fn config_env_values(&self) -> Vec<Value> {
        let values = self.config_envs.iter().map(|(name, value)| {
            record([
                ("name", name.as_str().into()),
                ("value", value.as_str().into()),
            ])
        });
        values.collect()
    }

    /// Secret variables as templates see them: the value is there and empty.
    fn secret_env_values(&self) -> Vec<Value> {
        let values = self.secret_envs.iter().map(|(name, remote)| {
            record([
                ("name", name.as_str().into()),
                ("value", "".into()),
                ("remoteRef", remote.to_value()),
            ])
        });
        values.collect()
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

fn env_list(resource: String, envs: Vec<Value>) -> Vec<Value> {
    vec![record([
        ("resourceName", resource.into()),
        ("envs", Value::list(envs)),
    ])]
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
