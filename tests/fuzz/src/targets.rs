//! What is fuzzed, and what must hold.

use clap::ValueEnum;
use serde_json::{Map, Value, json};

use compile::{
    functions::{self, Methods},
    patch::{self, Operation},
    schema::Schema,
    template::{Context, Engine},
};
use expr::{Bindings, Budget, Declarations, Limits, Numbers, StaticType};
use model::kinds::trait_::PatchOp;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    Parser,
    Checker,
    Evaluator,
    Template,
    Patch,
    Schema,
}

impl Target {
    pub(crate) const ALL: &[Self] = &[
        Self::Parser,
        Self::Checker,
        Self::Evaluator,
        Self::Template,
        Self::Patch,
        Self::Schema,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Parser => "parser",
            Self::Checker => "checker",
            Self::Evaluator => "evaluator",
            Self::Template => "template",
            Self::Patch => "patch",
            Self::Schema => "schema",
        }
    }

    /// Tries one input.
    ///
    /// # Errors
    /// The promise that it breaks.
    pub(crate) fn run(self, input: &str) -> Result<(), String> {
        match self {
            Self::Parser => parser(input),
            Self::Checker => checker(input),
            Self::Evaluator => evaluator(input),
            Self::Template => template(input),
            Self::Patch => patch(input),
            Self::Schema => schema(input),
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

fn parser(input: &str) -> Result<(), String> {
    let environment = functions::environment(Methods::Component);
    let Err(error) = environment.compile(input) else {
        return Ok(());
    };
    let rendered = error.render(input);
    if rendered.is_empty() {
        return Err("an error without a text".to_owned());
    }
    Ok(())
}

fn checker(input: &str) -> Result<(), String> {
    let environment = functions::environment(Methods::Component);
    let mut declared = Declarations::new();
    for name in variables().keys() {
        declared = declared.with(name.as_str(), StaticType::Dyn);
    }
    let (first, second) = (
        environment.check(input, &declared),
        environment.check(input, &declared),
    );
    same(&first, &second)
}

fn evaluator(input: &str) -> Result<(), String> {
    let environment = functions::environment(Methods::Component);
    let Ok(program) = environment.compile(input) else {
        return Ok(());
    };
    let values = variables();
    let bindings = Bindings::new().with_all(values.iter().map(|(name, value)| {
        (
            name.as_str(),
            expr::Value::from_json(value, Numbers::AsWritten),
        )
    }));
    let once = || {
        let mut budget = Budget::for_all(&LIMITS);
        let result = program.evaluate_within(&bindings, &mut budget);
        (result, budget.steps_left(), budget.bytes_left())
    };
    same(&once(), &once())
}

fn template(input: &str) -> Result<(), String> {
    let engine = Engine::new(Methods::Component);
    let context = || Context::from_json(&variables()).within(&LIMITS);
    let body = json!({"key": input, input: "x", "list": [input, "${oc_omit()}"]});
    same(
        &engine.render(&body, &context()),
        &engine.render(&body, &context()),
    )
}

fn patch(input: &str) -> Result<(), String> {
    let row: Value = serde_json::from_str(input).unwrap_or_default();
    let path = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| input.to_owned(), str::to_owned)
    };
    let mut operations = Vec::new();
    for operation in row["operations"].as_array().into_iter().flatten().take(8) {
        operations.push(Operation {
            op: match operation["op"].as_str() {
                Some("remove") => PatchOp::Remove,
                Some("replace") => PatchOp::Replace,
                _ => PatchOp::Add,
            },
            path: path(&operation["path"]),
            value: operation["value"].clone(),
        });
    }
    operations.push(Operation {
        op: PatchOp::Add,
        path: input.to_owned(),
        value: json!(1),
    });
    let target =
        json!({"a": [{"a": "b", "list": [1, 2]}, {"a": null}], "spec": {"c": [{"name": "x"}]}});
    let once = || {
        let mut object = target.clone();
        let applied = patch::apply(&mut object, &operations);
        applied.map(|()| object)
    };
    same(&once(), &once())
}

fn schema(input: &str) -> Result<(), String> {
    let row: Value = serde_json::from_str(input).unwrap_or_default();
    let candidates = row.as_object().into_iter().flat_map(Map::values);
    for raw in candidates.filter_map(Value::as_object) {
        let parsed = Schema::parse(raw);
        same(&parsed, &Schema::parse(raw))?;
        let Ok(parsed) = parsed else { continue };
        let filled = parsed.default(&variables());
        same(&filled, &parsed.default(&filled))?;
        let value = Value::Object(filled);
        same(&parsed.validate(&value), &parsed.validate(&value))?;
    }
    Ok(())
}
