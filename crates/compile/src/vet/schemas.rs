//! Parameter schemas: that they are schemas, and say nothing that would be ignored.

use serde_json::{Map, Value};

use model::{Diagnostics, kinds::template::SchemaSection};

use crate::schema::Schema;

/// Checks the schemas of parameters and of environment configurations.
pub(super) fn check_pair(
    (parameters, configs): (&Option<SchemaSection>, &Option<SchemaSection>),
    base: &str,
    diagnostics: &mut Diagnostics,
) {
    check("parameters", parameters.as_ref(), base, diagnostics);
    check("environmentConfigs", configs.as_ref(), base, diagnostics);
}

/// Checks one schema.
pub(super) fn check(
    what: &str,
    section: Option<&SchemaSection>,
    base: &str,
    diagnostics: &mut Diagnostics,
) {
    let raw = section
        .map(|section| &section.open_api_v3_schema)
        .filter(|raw| !raw.is_empty());
    let Some(raw) = raw else { return };
    let path = format!("{base}.{what}");
    if let Err(error) = Schema::parse(raw) {
        return diagnostics.push(path, format!("failed to parse {what} schema: {error}"));
    }
    let mut problems = Vec::new();
    keywords(raw, "openAPIV3Schema", 0, &mut problems);
    for problem in problems {
        let message = format!("openAPIV3Schema contains unknown or invalid fields: {problem}");
        diagnostics.push(&path, message);
    }
}

/// What a keyword holds.
#[derive(Clone, Copy)]
enum Holds {
    Text,
    Truth,
    Number,
    List,
    Anything,
    Schema,
    Schemas,
    NamedSchemas,
    SchemaOrTruth,
}

const KEYWORDS: &[(&str, Holds)] = &[
    ("$defs", Holds::NamedSchemas),
    ("$ref", Holds::Text),
    ("$schema", Holds::Text),
    ("additionalItems", Holds::SchemaOrTruth),
    ("additionalProperties", Holds::SchemaOrTruth),
    ("allOf", Holds::Schemas),
    ("anyOf", Holds::Schemas),
    ("default", Holds::Anything),
    ("definitions", Holds::NamedSchemas),
    ("dependencies", Holds::Anything),
    ("description", Holds::Text),
    ("enum", Holds::List),
    ("example", Holds::Anything),
    ("exclusiveMaximum", Holds::Truth),
    ("exclusiveMinimum", Holds::Truth),
    ("externalDocs", Holds::Anything),
    ("format", Holds::Text),
    ("id", Holds::Text),
    ("items", Holds::Schema),
    ("maxItems", Holds::Number),
    ("maxLength", Holds::Number),
    ("maxProperties", Holds::Number),
    ("maximum", Holds::Number),
    ("minItems", Holds::Number),
    ("minLength", Holds::Number),
    ("minProperties", Holds::Number),
    ("minimum", Holds::Number),
    ("multipleOf", Holds::Number),
    ("not", Holds::Schema),
    ("nullable", Holds::Truth),
    ("oneOf", Holds::Schemas),
    ("pattern", Holds::Text),
    ("patternProperties", Holds::NamedSchemas),
    ("properties", Holds::NamedSchemas),
    ("required", Holds::List),
    ("title", Holds::Text),
    ("type", Holds::Text),
    ("uniqueItems", Holds::Truth),
];

/// Deepest schema that is looked at; deeper ones were refused when they were parsed.
const MAX_DEPTH: usize = 64;

fn keywords(schema: &Map<String, Value>, path: &str, depth: usize, problems: &mut Vec<String>) {
    if depth > MAX_DEPTH {
        return;
    }
    for (keyword, value) in schema {
        if keyword.starts_with("x-") {
            continue;
        }
        let place = format!("{path}.{keyword}");
        match KEYWORDS.iter().find(|(known, _)| known == keyword) {
            None => problems.push(format!("unknown field {keyword:?} at {path}")),
            Some((_, holds)) => holds.check(value, &place, depth + 1, problems),
        }
    }
}

impl Holds {
    fn check(self, value: &Value, path: &str, depth: usize, problems: &mut Vec<String>) {
        let (fits, wanted) = match self {
            Self::Anything => (true, "anything"),
            Self::Text => (value.is_string(), "a string"),
            Self::Truth => (value.is_boolean(), "true or false"),
            Self::Number => (value.is_number(), "a number"),
            Self::List | Self::Schemas => (value.is_array(), "a list"),
            Self::Schema | Self::NamedSchemas => (value.is_object(), "a map"),
            Self::SchemaOrTruth => (
                value.is_object() || value.is_boolean(),
                "a schema or a boolean",
            ),
        };
        if !fits {
            problems.push(format!("{path} must be {wanted}"));
            return;
        }
        match (self, value) {
            (Self::Schema | Self::SchemaOrTruth, Value::Object(schema)) => {
                keywords(schema, path, depth, problems);
            }
            (Self::Schemas, Value::Array(schemas)) => {
                for (index, schema) in schemas.iter().enumerate() {
                    Self::Schema.check(schema, &format!("{path}[{index}]"), depth, problems);
                }
            }
            (Self::NamedSchemas, Value::Object(schemas)) => {
                for (name, schema) in schemas {
                    Self::Schema.check(schema, &format!("{path}.{name}"), depth, problems);
                }
            }
            (_, _) => {}
        }
    }
}
