//! Outputs: what a resource offers to workloads, once the status of its objects is known.

use serde_json::{Map, Value, json};

use model::{
    Diagnostic, Diagnostics,
    kinds::output::{KeyRef, Output},
};

use super::{Compiled, Observed, TYPE};
use crate::{
    go, render,
    template::{Context, Engine},
};

/// What a resource offers, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outputs {
    /// Those that are known, in the order of the type.
    pub resolved: Vec<Output>,
    /// Why the others are not.
    pub problems: Diagnostics,
}

impl Compiled {
    /// What the resource offers where its objects have this status. An output that fails leaves the
    /// others.
    #[must_use]
    pub fn outputs(&self, observed: &Observed) -> Outputs {
        let context = with_applied(&self.context, observed);
        resolve(&self.engine, &context, &self.outputs)
    }
}

/// These variables, and `applied`.
pub(super) fn with_applied(context: &Context, observed: &Observed) -> Context {
    let applied = observed
        .iter()
        .map(|(id, status)| (id.clone(), json!({ "status": status })));
    let applied: Map<String, Value> = applied.collect();
    context.with("applied", &Value::Object(applied))
}

pub(super) fn resolve(engine: &Engine, context: &Context, outputs: &[Output]) -> Outputs {
    let mut all = Outputs::default();
    for (index, output) in outputs.iter().enumerate() {
        let path = format!("{TYPE}.outputs[{index}]");
        match one(engine, context, output, &path) {
            Ok(resolved) => all.resolved.push(resolved),
            Err(Diagnostic { path, message, .. }) => {
                let message = format!("output {:?}: {message}", output.name);
                all.problems.extend(render::fault(&path, message).into());
            }
        }
    }
    all
}

fn one(
    engine: &Engine,
    context: &Context,
    output: &Output,
    path: &str,
) -> Result<Output, Diagnostic> {
    let text = |template: &str, field: &str| text(engine, context, template, (path, field));
    let reference = |reference: &KeyRef, field: &str| -> Result<KeyRef, Diagnostic> {
        let part = |template: &str, part: &str| {
            let field = format!("{field}.{part}");
            match text(template, &field)? {
                empty if empty.is_empty() => {
                    let message = format!("{field} must not be empty");
                    Err(render::fault(&format!("{path}.{field}"), message))
                }
                found => Ok(found),
            }
        };
        Ok(KeyRef {
            name: part(&reference.name, "name")?,
            key: part(&reference.key, "key")?,
        })
    };
    let mut resolved = Output {
        name: output.name.clone(),
        ..Output::default()
    };
    match (&output.secret_key_ref, &output.config_map_key_ref) {
        (Some(secret), _) => resolved.secret_key_ref = Some(reference(secret, "secretKeyRef")?),
        (None, Some(config)) => {
            resolved.config_map_key_ref = Some(reference(config, "configMapKeyRef")?);
        }
        (None, None) => {
            let template = output.value.as_deref().unwrap_or_default();
            resolved.value = Some(text(template, "value")?);
        }
    }
    Ok(resolved)
}

/// A template that must give a text.
fn text(
    engine: &Engine,
    context: &Context,
    template: &str,
    (path, field): (&str, &str),
) -> Result<String, Diagnostic> {
    let fault = |message| render::fault(&format!("{path}.{field}"), message);
    let rendered = engine
        .render(&Value::String(template.to_owned()), context)
        .map_err(|error| fault(error.to_string()))?;
    let rendered = rendered.unwrap_or_default();
    let got = go::type_name(&rendered);
    if let Value::String(text) = rendered {
        return Ok(text);
    }
    Err(fault(format!("{field} must evaluate to string, got {got}")))
}
