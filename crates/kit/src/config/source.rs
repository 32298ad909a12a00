//! One place that configuration values come from.

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

use super::known::Place;
use super::load::Error;

/// Values and where they come from, as a person would say it.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) source: String,
    pub(super) values: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.source.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

/// The prefix of the environment's variables.
pub(super) const PREFIX: &str = "QUINTET_";

impl Layer {
    /// The values of a YAML text; nothing but comments counts as no values.
    pub(super) fn yaml(source: String, text: &str) -> Result<Self, Error> {
        // A snippet of the file in an error could show a secret.
        let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
        let values: Option<Dict> =
            serde_saphyr::from_str_with_options(text, options).map_err(|error| Error::Yaml {
                source_name: source.clone(),
                source: Box::new(error),
            })?;
        Ok(Self {
            source,
            values: values.unwrap_or_default(),
        })
    }

    /// The value of one environment variable, `None` if it is not a setting.
    ///
    /// A name without `__` is a setting only if it names a key at the top: Kubernetes puts variables such as
    /// `QUINTET_GATEWAY_SERVICE_HOST` into every pod.
    pub(super) fn variable(root: &Place<'_>, name: &str, value: &str) -> Option<Self> {
        let path = name.strip_prefix(PREFIX)?.to_lowercase();
        let keys: Vec<&str> = path.split("__").collect();
        if keys.len() == 1 && root.child(keys[0]).is_none() {
            return None;
        }
        let source = format!("the environment variable `{name}`");
        Some(Self {
            source,
            values: nest(root, &keys, value),
        })
    }

    /// The value of one `--set section.key=value`.
    pub(super) fn argument(root: &Place<'_>, argument: &str) -> Result<Self, Error> {
        let (path, value) = argument
            .split_once('=')
            .ok_or_else(|| Error::Argument(argument.to_owned()))?;
        let keys: Vec<&str> = path.trim().split('.').collect();
        if keys.iter().any(|key| key.is_empty()) {
            return Err(Error::Argument(path.to_owned()));
        }
        let source = format!("the argument `--set {path}`");
        Ok(Self {
            source,
            values: nest(root, &keys, value),
        })
    }
}

fn nest(root: &Place<'_>, keys: &[&str], text: &str) -> Dict {
    let place = keys
        .iter()
        .try_fold(root.clone(), |place, key| place.child(key));
    let value = place.map_or_else(|| Value::from(text), |place| place.read(text));
    let value = keys[1..].iter().rev().fold(value, |value, key| {
        Value::from(Dict::from([((*key).to_owned(), value)]))
    });
    Dict::from([(keys[0].to_owned(), value)])
}
