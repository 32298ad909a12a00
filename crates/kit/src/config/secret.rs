//! A configured value that nobody should read over a shoulder.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use secrecy::{ExposeSecret, SecretString};

/// What is shown instead of a secret.
pub(crate) const MASK: &str = "********";

const UNQUOTED: &str = "a secret is a string: put it in quotes";

/// A secret: a value, or `{file: path}` naming the file that holds it.
///
/// Its value is never printed, logged or serialized; the path of its file is. The file is read each time the secret
/// is [loaded](Self::load), so a mounted secret may be rotated under a running process.
#[derive(Clone, Default)]
pub struct Secret(Source);

#[derive(Clone, Default)]
enum Source {
    #[default]
    Unset,
    Value(SecretString),
    File(PathBuf),
}

/// A secret's file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the secret from `{}`", path.display())]
pub struct UnreadableSecret {
    path: PathBuf,
    #[source]
    source: std::io::Error,
}

impl Secret {
    /// A secret of this value; an empty one is [unset](Self::is_set).
    pub fn from_value(value: impl Into<String>) -> Self {
        let value: String = value.into();
        if value.is_empty() {
            Self::default()
        } else {
            Self(Source::Value(value.into()))
        }
    }

    /// A secret that is read from a file.
    pub fn from_file(path: impl Into<PathBuf>) -> Self {
        Self(Source::File(path.into()))
    }

    /// Whether a value or a file was given. The default is neither.
    pub fn is_set(&self) -> bool {
        !matches!(self.0, Source::Unset)
    }

    /// The file that holds the secret, if it is not given as a value.
    pub fn file(&self) -> Option<&Path> {
        match &self.0 {
            Source::File(path) => Some(path),
            Source::Unset | Source::Value(_) => None,
        }
    }

    /// The value, without the line end that editors put at the end of a file. An unset secret is empty.
    ///
    /// # Errors
    ///
    /// When its file cannot be read.
    pub fn load(&self) -> Result<SecretString, UnreadableSecret> {
        match &self.0 {
            Source::Unset => Ok(SecretString::default()),
            Source::Value(value) => Ok(value.clone()),
            Source::File(path) => {
                let text = std::fs::read_to_string(path).map_err(|source| UnreadableSecret {
                    path: path.clone(),
                    source,
                })?;
                Ok(text.trim_end_matches(['\r', '\n']).to_owned().into())
            }
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Unset => f.write_str("Secret(unset)"),
            Source::Value(_) => f.write_str("Secret(********)"),
            Source::File(path) => write!(f, "Secret(file {})", path.display()),
        }
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Source::Unset, Source::Unset) => true,
            (Source::Value(a), Source::Value(b)) => a.expose_secret() == b.expose_secret(),
            (Source::File(a), Source::File(b)) => a == b,
            (Source::Unset | Source::Value(_) | Source::File(_), _) => false,
        }
    }
}

impl Eq for Secret {}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Source::Unset => serializer.serialize_str(""),
            Source::Value(_) => serializer.serialize_str(MASK),
            Source::File(path) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("file", path)?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Secret;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a secret: a string, or `{file: path}`")
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Secret, E> {
                if value == MASK {
                    return Err(E::custom(
                        "this is the mask that --print-config shows, not the secret",
                    ));
                }
                Ok(Secret::from_value(value))
            }

            // The default messages would quote the value.
            fn visit_bool<E: de::Error>(self, _: bool) -> Result<Secret, E> {
                Err(E::custom(UNQUOTED))
            }

            fn visit_i64<E: de::Error>(self, _: i64) -> Result<Secret, E> {
                Err(E::custom(UNQUOTED))
            }

            fn visit_u64<E: de::Error>(self, _: u64) -> Result<Secret, E> {
                Err(E::custom(UNQUOTED))
            }

            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Secret, E> {
                Err(E::custom(UNQUOTED))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Secret, A::Error> {
                let mut file: Option<PathBuf> = None;
                while let Some(key) = map.next_key::<String>()? {
                    if key != "file" {
                        return Err(de::Error::unknown_field(&key, &["file"]));
                    }
                    file = Some(map.next_value()?);
                }
                file.map(Secret::from_file)
                    .ok_or_else(|| de::Error::missing_field("file"))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A secret: its value, or the file that holds it.",
            "oneOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "properties": { "file": { "type": "string" } },
                    "required": ["file"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked_wherever_it_is_shown() {
        let secret: Secret = serde_json::from_str("\"hunter2\"").unwrap();
        assert_eq!(secret.load().unwrap().expose_secret(), "hunter2");
        assert!(!format!("{secret:?}").contains("hunter2"));
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"********\"");
        let masked = serde_json::from_str::<Secret>("\"********\"").unwrap_err();
        assert!(masked.to_string().contains("--print-config"), "{masked}");
    }

    #[test]
    fn a_file_is_read_at_each_load() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let json = serde_json::json!({ "file": path });
        let secret: Secret = serde_json::from_value(json.clone()).unwrap();
        assert!(secret.load().unwrap_err().to_string().contains("token"));
        for value in ["one", "two"] {
            std::fs::write(&path, format!("{value}\n")).unwrap();
            assert_eq!(secret.load().unwrap().expose_secret(), value);
        }
        assert_eq!(serde_json::to_value(&secret).unwrap(), json);
        assert!(serde_json::from_str::<Secret>(r#"{"path": "x"}"#).is_err());
    }

    #[test]
    fn a_number_is_refused_without_being_repeated() {
        for unquoted in ["4711", "-4711", "47.11", "true"] {
            let error = serde_json::from_str::<Secret>(unquoted)
                .unwrap_err()
                .to_string();
            assert!(
                error.contains("quotes") && !error.contains(unquoted),
                "{error}"
            );
        }
    }

    #[test]
    fn an_empty_value_is_unset() {
        assert!(!serde_json::from_str::<Secret>("\"\"").unwrap().is_set());
        assert_eq!(serde_json::to_string(&Secret::default()).unwrap(), "\"\"");
    }
}
