//! The one reader of YAML in the workspace, so that all of it reads as `kubectl` does.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// A text is not the YAML that was expected.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

/// Every document of `text` as JSON; empty documents are left out.
///
/// Octal numbers as `0755` and YAML 1.1 booleans as `yes` mean what they mean to `kubectl`;
/// duplicate keys are refused.
///
/// # Errors
/// When the text is not YAML; line, column and the offending piece are named.
pub fn documents(text: &str) -> Result<Vec<Value>, Error> {
    let documents: Vec<Value> = serde_saphyr::from_multiple_with_options(text, options())
        .map_err(|error| Error(error.to_string()))?;
    Ok(documents
        .into_iter()
        .filter(|document| !document.is_null())
        .collect())
}

/// One document as a type.
///
/// # Errors
/// When the text is not YAML or has another shape; line and column are named.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| Error(error.to_string()))
}

/// `value` as a YAML document.
#[must_use]
pub fn to_string(value: &impl Serialize) -> String {
    serde_saphyr::to_string(value).expect("values of the model have string keys")
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! { legacy_octal_numbers: true }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_reads_as_kubectl_does() {
        let text = "---\nmode: 0755\non: yes\n---\n---\nb: |\n  x\n";
        assert_eq!(
            documents(text).unwrap(),
            [json!({"mode": 493, "on": true}), json!({"b": "x\n"})]
        );
        let error = documents("a: 1\na: 2").unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
    }
}
