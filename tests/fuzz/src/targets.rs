//! What is fuzzed, and what must hold.

mod components;
mod documents;
mod endpoint_schemas;
mod expressions;
mod planted;
mod templates;

use clap::ValueEnum;
use serde_json::{Map, Value, json};

use expr::Limits;

use crate::oracle;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// Expressions are parsed, or refused with a text.
    Parser,
    /// Types are found, the same each time.
    Checker,
    /// Expressions are evaluated, to the same and for the same price each time.
    Evaluator,
    /// Another engine says the same of an expression.
    Oracle,
    /// Templates are rendered.
    Template,
    /// Patches are applied.
    Patch,
    /// Schemas are parsed; what they fill in needs no more.
    Schema,
    /// Operations are read from OpenAPI documents.
    Openapi,
    /// Operations are read from Protocol Buffers definitions.
    Protobuf,
    /// Components become bundles, the same each time and within the limits.
    Component,
    /// Documents are admitted; what is admitted is admitted again.
    Vet,
    /// Fails in every way there is, for the tests of fuzzing itself.
    #[value(hide = true)]
    Planted,
}

impl Target {
    /// All that say something of the product.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let all = Self::value_variants().iter().copied();
        all.filter(|target| *target != Self::Planted)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Parser => "parser",
            Self::Checker => "checker",
            Self::Evaluator => "evaluator",
            Self::Oracle => "oracle",
            Self::Template => "template",
            Self::Patch => "patch",
            Self::Schema => "schema",
            Self::Openapi => "openapi",
            Self::Protobuf => "protobuf",
            Self::Component => "component",
            Self::Vet => "vet",
            Self::Planted => "planted",
        }
    }

    /// Tries one input.
    ///
    /// # Errors
    /// The promise that it breaks.
    pub(crate) fn run(self, input: &str) -> Result<(), String> {
        match self {
            Self::Parser => expressions::parser(input),
            Self::Checker => expressions::checker(input),
            Self::Evaluator => expressions::evaluator(input),
            Self::Oracle => oracle::agrees(input),
            Self::Template => templates::template(input),
            Self::Patch => templates::patch(input),
            Self::Schema => templates::schema(input),
            Self::Openapi => endpoint_schemas::openapi(input),
            Self::Protobuf => endpoint_schemas::protobuf(input),
            Self::Component => components::component(input),
            Self::Vet => documents::vet(input),
            Self::Planted => planted::planted(input),
        }
    }
}

const LIMITS: Limits = Limits {
    source_bytes: 64 << 10,
    depth: 128,
    steps: 20_000,
    bytes: 1 << 20,
};

fn variables() -> Map<String, Value> {
    let variables = json!({
        "a": {"b": [1, 2, {"c": null}], "s": "text é"}, "x": 3, "list": ["a", "b"], "parameters": {"port": 8080},
        "metadata": {"name": "n", "labels": {"k": "v"}}, "item": {"key": "k", "value": [1.5]},
    });
    variables.as_object().cloned().unwrap_or_default()
}

fn same<T: PartialEq + std::fmt::Debug>(first: &T, second: &T) -> Result<(), String> {
    // What is not a number is not equal to itself.
    if first == second || format!("{first:?}") == format!("{second:?}") {
        return Ok(());
    }
    Err(format!("two results: {first:?} and {second:?}"))
}
