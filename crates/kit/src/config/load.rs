//! Defaults, files, environment and arguments, merged and checked.

use std::fmt;
use std::path::PathBuf;

use figment::Figment;
use figment::value::Value;

use super::known::{Place, Unknown};
use super::source::Layer;
use super::{Config, Settings};

/// Where to look for values, beside the defaults.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// YAML files, later ones winning.
    pub files: Vec<PathBuf>,
    /// The environment.
    pub environment: Vec<(String, String)>,
    /// Arguments of the form `section.key=value`, later ones winning.
    pub arguments: Vec<String>,
}

/// Why a configuration is refused. It may have several lines, and never shows the value of a secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read the configuration file `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is not YAML, or not a mapping.
    #[error("{source_name} is no YAML mapping")]
    Yaml {
        /// Which file.
        source_name: String,
        /// What is wrong, with line and column.
        #[source]
        source: Box<serde_saphyr::Error>,
    },
    /// An argument of `--set` has no key or no value.
    #[error("`--set {0}` is not of the form `--set section.key=value`")]
    Argument(String),
    /// Keys that do not exist, or values that are wrong.
    #[error("{}", lines(.0))]
    Faults(Vec<Fault>),
    /// The default configuration cannot be written down, which is a fault of the program.
    #[error("the default configuration cannot be serialized")]
    Defaults(#[source] Box<figment::Error>),
    /// The configuration cannot be shown, which is a fault of the program.
    #[error("the configuration cannot be written as YAML")]
    Show(#[source] Box<serde_saphyr::ser::Error>),
}

/// One thing that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The whole path of the key, such as `kit.admin.listen`.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
    /// Where it was written.
    pub origin: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            problem,
            origin,
        } = self;
        write!(f, "`{path}` in {origin}: {problem}")
    }
}

fn lines(faults: &[Fault]) -> String {
    faults
        .iter()
        .map(Fault::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Finds the configuration of a service, and in it the section `kit`.
///
/// # Errors
///
/// When a file cannot be read, a key does not exist, or a value is wrong; the error names all unknown keys at once.
pub fn load<C: Settings>(sources: &Sources) -> Result<(C, Config), Error> {
    let schema = schema::<C>();
    let root = Place::root(&schema);
    let defaults = Value::serialize(C::default()).map_err(|e| Error::Defaults(Box::new(e)))?;
    let defaults = defaults.into_dict().unwrap_or_default();
    let mut layers = vec![Layer {
        source: "the defaults".to_owned(),
        values: defaults,
    }];
    layers.extend(read(&root, sources)?);

    let unknown: Vec<Fault> = layers
        .iter()
        .skip(1)
        .flat_map(|layer| unknown_keys(&root, layer))
        .collect();
    if !unknown.is_empty() {
        return Err(Error::Faults(unknown));
    }
    let figment = merge(&root, layers);
    let config = figment.extract().map_err(faults)?;
    let kit = match figment.contains("kit") {
        true => figment.extract_inner("kit").map_err(faults)?,
        false => Config::default(),
    };
    Ok((config, kit))
}

fn read(root: &Place<'_>, sources: &Sources) -> Result<Vec<Layer>, Error> {
    let mut layers = Vec::new();
    for path in &sources.files {
        let text = std::fs::read_to_string(path).map_err(|source| Error::File {
            path: path.clone(),
            source,
        })?;
        layers.push(Layer::yaml(
            format!("the file `{}`", path.display()),
            &text,
        )?);
    }
    let mut environment = sources.environment.clone();
    environment.sort();
    layers.extend(
        environment
            .iter()
            .filter_map(|(name, value)| Layer::variable(root, name, value)),
    );
    for argument in &sources.arguments {
        layers.push(Layer::argument(root, argument)?);
    }
    Ok(layers)
}

fn unknown_keys(root: &Place<'_>, layer: &Layer) -> Vec<Fault> {
    let unknown = root.unknown(&layer.values).into_iter();
    let fault = |Unknown { path, key, known }: Unknown<'_>| Fault {
        path,
        problem: format!("there is no key `{key}`; known there: {}", known.join(", ")),
        origin: layer.source.clone(),
    };
    unknown.map(fault).collect()
}

fn merge(root: &Place<'_>, mut layers: Vec<Layer>) -> Figment {
    for index in 1..layers.len() {
        let (earlier, later) = layers.split_at_mut(index);
        for layer in earlier {
            root.make_room(&mut layer.values, &later[0].values);
        }
    }
    layers.into_iter().fold(Figment::new(), Figment::merge)
}

fn faults(error: figment::Error) -> Error {
    let fault = |error: figment::Error| Fault {
        path: error.path.join("."),
        problem: error.kind.to_string(),
        origin: match &error.metadata {
            Some(metadata) => metadata.name.to_string(),
            None => "the configuration".to_owned(),
        },
    };
    Error::Faults(error.into_iter().map(fault).collect())
}

/// The JSON Schema of a service's configuration.
pub fn schema<C: Settings>() -> serde_json::Value {
    schemars::schema_for!(C).to_value()
}

/// The configuration as YAML, secrets masked.
///
/// # Errors
///
/// When one of its values cannot be written as YAML.
pub fn show<C: Settings>(config: &C) -> Result<String, Error> {
    serde_saphyr::to_string(config).map_err(|error| Error::Show(Box::new(error)))
}
