//! JSON Schemas of kinds, generated from their Rust types, and the check of a spec against them.
//!
//! A schema is *structural* as Kubernetes means it: no references, one `type` for each place, words
//! as `enum`. It is the one source of a kind's lengths, patterns, ranges and defaults: admission
//! checks by it, and the published schemas and OpenAPI documents are made of it. In cluster scope a
//! reference may name only kinds of the whole platform, so the words of each reference are narrowed.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Value, json};

use crate::{Kind, KindName, KindVisitor, ObjectMeta, Scope};

mod check;
mod nearest;
mod shape;
mod structural;

pub(crate) use check::check;
pub(crate) use shape::of as shape_of;

/// The schema of the spec of kind `K` in `scope`.
#[must_use]
pub fn spec<K: Kind>(scope: Scope) -> Value {
    let mut schema = generate::<K>();
    match scope {
        Scope::Cluster if K::NAME.has_twin() => {
            structural::narrow(&mut schema, K::REQUIRED_IN_CLUSTER);
        }
        Scope::Cluster => {}
        Scope::Namespaced => structural::leave_out(&mut schema, K::ONLY_IN_CLUSTER),
    }
    schema
}

/// The schema of the status of kind `K`.
#[must_use]
pub fn status<K: Kind>() -> Value {
    generate::<K::Status>()
}

/// The schema of whole documents of `kind` in `scope`.
#[must_use]
pub fn document(kind: KindName, scope: Scope) -> Value {
    struct Document(Scope);
    impl KindVisitor for Document {
        type Output = Value;
        fn visit<K: Kind>(self) -> Value {
            let spec = spec::<K>(self.0);
            let required: &[&str] = match spec.get("required") {
                Some(_) => &["apiVersion", "kind", "metadata", "spec"],
                None => &["apiVersion", "kind", "metadata"],
            };
            json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "title": K::NAME.public_name(self.0),
                "type": "object",
                "properties": {
                    "apiVersion": {"type": "string", "enum": [K::NAME.api_version()]},
                    "kind": {"type": "string", "enum": [K::NAME.public_name(self.0)]},
                    "metadata": generate::<ObjectMeta>(),
                    "spec": spec,
                    "status": status::<K>(),
                },
                "required": required,
                "additionalProperties": false,
            })
        }
    }
    kind.visit(Document(scope))
}

fn generate<T: JsonSchema>() -> Value {
    let generator = SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.inline_subschemas = true;
            settings.meta_schema = None;
        })
        .into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    structural::plain(&mut schema);
    schema
}

/// Schema of a time in status.
pub(crate) fn time(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "format": "date-time" })
}

/// Whether a generation was never looked at.
pub(crate) fn is_zero(generation: &u64) -> bool {
    *generation == 0
}
