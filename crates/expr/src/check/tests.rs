//! Types as cel-go finds them, by the recorded cases of cel-spec.

use serde_json::Value as Json;

use super::{Declarations, StaticType};
use crate::compat::{Tally, cases};
use crate::environment::{Environment, Overloads};
use crate::error::Error;
use crate::value::Value;

#[test]
fn types_are_those_of_the_specification() {
    let mut tally = Tally::new("types", &[]);
    for (id, case) in cases(&["chk", "conf", "par", "comp"]) {
        let source = case["original"]["expr"].as_str().unwrap();
        let Some((environment, declared)) = surroundings(&case) else {
            tally.skip();
            continue;
        };
        tally.check(&id, source, compare(&environment, &declared, source, &case));
    }
    tally.finish();
}

fn compare(
    environment: &Environment,
    declared: &Declarations,
    source: &str,
    case: &Json,
) -> Result<(), String> {
    let recorded = case["type"].as_str();
    match (environment.check(source, declared), recorded) {
        (Ok(own), Some(recorded)) if own.to_string() == recorded => Ok(()),
        (Ok(own), recorded) => Err(format!("{own} not {recorded:?} {}", case["error"])),
        (Err(_), None) => Ok(()),
        (Err(errors), Some(recorded)) => {
            let errors: Vec<_> = errors.iter().map(Error::to_string).collect();
            Err(format!("{} not {recorded}", errors.join("; ")))
        }
    }
}

/// Words of records that are about messages, containers, or features that the record's checker had not.
const OTHERS: &[&str] = &[
    "unsupported syntax",
    "recursion",
    "lookahead limit",
    "TestAllTypes",
    "cel.block(",
    "Value{",
    "google.protobuf.Any",
    "google.protobuf.Struct{",
    "wrapper",
    // Methods cannot be registered.
    "fi_s_s",
];

/// Macros and functions that the checker of the records had not.
const MISSING: &[&str] = &[
    "all",
    "exists",
    "existsOne",
    "exists_one",
    "transformList",
    "transformMap",
    "transformMapEntry",
];

/// Variables that every record of the checker has.
const VARIABLES: &[(&str, StaticType)] = &[
    ("is", StaticType::String),
    ("ii", StaticType::Int),
    ("iu", StaticType::Uint),
    ("iz", StaticType::Bool),
    ("id", StaticType::Double),
    ("ix", StaticType::Null),
    ("ib", StaticType::Bytes),
];

/// The functions and variables of a case; `None` where it is about what the engine does not have.
fn surroundings(case: &Json) -> Option<(Environment, Declarations)> {
    let original = &case["original"];
    let error = case["error"].as_str().unwrap_or_default();
    let text = original.to_string();
    let other = |words: &&str| error.contains(*words) || text.contains(*words);
    if OTHERS.iter().any(other)
        || MISSING
            .iter()
            .any(|name| error.contains(&format!("undeclared reference to '{name}'")))
        || original.get("container").is_some()
        || case["type"].is_null() && error.is_empty()
    {
        return None;
    }
    let function = Overloads::of(&["-> string"]);
    let mut builder = Environment::builder()
        .with_bind()
        .function("fg_s", function, |_| Ok(Value::Null));
    let mut declared = Declarations::new();
    for (name, known) in VARIABLES {
        declared = declared.with(*name, known.clone());
    }
    for item in original["typeEnv"].as_array().into_iter().flatten() {
        // There are no names with dots.
        let name = item["name"].as_str().filter(|name| !name.contains('.'))?;
        if let Some(ident) = item.get("ident") {
            declared = declared.with(name, of(&ident["type"])?);
        }
        let overloads = item["function"]["overloads"].as_array();
        let mut texts = Vec::new();
        for overload in overloads.into_iter().flatten() {
            if overload.get("isInstanceFunction").is_some() {
                return None;
            }
            texts.push(signature(overload)?);
        }
        if !texts.is_empty() {
            let texts: Vec<_> = texts.iter().map(String::as_str).collect();
            let name: &'static str = name.to_owned().leak();
            builder = builder.function(name, Overloads::of(&texts), |_| Ok(Value::Null));
        }
    }
    for (name, _) in original["bindings"].as_object().into_iter().flatten() {
        declared.find(name)?;
    }
    Some((builder.build(), declared))
}

fn signature(overload: &Json) -> Option<String> {
    let parameters = overload["params"].as_array().into_iter().flatten();
    let parameters: Vec<_> = parameters
        .map(|parameter| {
            Some(
                of(parameter)?
                    .to_string()
                    .replace("optional_type", "optional"),
            )
        })
        .collect::<Option<_>>()?;
    let result = of(&overload["resultType"])?.to_string();
    Some(format!("{} -> {result}", parameters.join(", ")))
}

/// A type as cel-spec writes it.
fn of(json: &Json) -> Option<StaticType> {
    let (kind, of_kind) = json.as_object()?.iter().next()?;
    Some(match (kind.as_str(), of_kind) {
        ("dyn", _) => StaticType::Dyn,
        ("null", _) => StaticType::Null,
        ("primitive", name) => match name.as_str()? {
            "BOOL" => StaticType::Bool,
            "INT64" => StaticType::Int,
            "UINT64" => StaticType::Uint,
            "DOUBLE" => StaticType::Double,
            "STRING" => StaticType::String,
            "BYTES" => StaticType::Bytes,
            _ => return None,
        },
        ("wellKnown", name) => match name.as_str()? {
            "TIMESTAMP" => StaticType::Timestamp,
            "DURATION" => StaticType::Duration,
            _ => return None,
        },
        ("listType", list) => StaticType::list(match list.get("elemType") {
            Some(item) => of(item)?,
            None => StaticType::Dyn,
        }),
        ("mapType", map) => StaticType::map(of(&map["keyType"])?, of(&map["valueType"])?),
        ("type", inner) => StaticType::type_of(of(inner).unwrap_or(StaticType::Dyn)),
        ("typeParam", letter) => StaticType::Parameter(letter.as_str()?.chars().next()?),
        ("abstractType", of_type) => {
            let parameters = of_type["parameterTypes"].as_array().into_iter().flatten();
            let parameters: Vec<_> = parameters.map(of).collect::<Option<_>>()?;
            match (of_type["name"].as_str()?, &*parameters) {
                ("optional_type", [held]) => StaticType::optional(held.clone()),
                (name, _) => StaticType::opaque(name, parameters),
            }
        }
        _ => return None,
    })
}
