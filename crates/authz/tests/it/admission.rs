//! Admission of conditions, row by row.

use serde_json::{Value, json};

use authz::vet;
use model::{
    Envelope, KindName, ObjectKey, ObjectMeta, RawJson, kinds::authz_role_binding::AuthzCondition,
};
use testkit::compat::{Difference, Table, agree};

/// Where and what, as far as the words are the platform's.
fn told(diagnostics: &model::Diagnostics) -> Value {
    let told = diagnostics
        .iter()
        .map(|it| json!([it.path, words(&it.message)]));
    told.collect()
}

/// A message up to where the library of the reference speaks.
fn words(message: &str) -> &str {
    let library = "CEL compile error";
    if message.starts_with(library) {
        library
    } else {
        message
    }
}

fn expected<'a>(problems: &'a Value, message: &'a str) -> impl Iterator<Item = Value> + 'a {
    let problems = problems.as_array().into_iter().flatten();
    problems.map(move |it| json!([it["field"], words(it[message].as_str().unwrap_or_default())]))
}

#[test]
fn conditions_are_judged_as_in_the_reference() {
    Table::of("admission.jsonl", "authzrolebinding.ValidateCondition").check(|row| {
        let condition = &row["input"]["cond"];
        let texts = |value: &Value| {
            let list = value.as_array().into_iter().flatten();
            list.map(|it| it.as_str().unwrap_or_default().to_owned())
                .collect()
        };
        let condition = AuthzCondition {
            actions: texts(&condition["actions"]),
            expression: condition["expression"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        };
        let path = row["input"]["fieldPath"].as_str().unwrap_or_default();
        let own = vet::condition(&condition, path);
        let expected = expected(&row["output"]["result"], "detail").collect();
        agree(&told(&own), &expected)
    });
}

const OTHER_TYPES: Difference = Difference {
    name: "program-only",
    shows: |row| {
        let message = row["error"]["message"].as_str().unwrap_or_default();
        message.starts_with("expected ") && message.contains(", got ")
    },
};

#[test]
fn bindings_are_judged_as_in_the_reference() {
    for kind in ["AuthzRoleBinding", "ClusterAuthzRoleBinding"] {
        for (verb, object) in [("ValidateCreate", "obj"), ("ValidateUpdate", "newObj")] {
            let function = format!("{}.{kind}Validator.{verb}", kind.to_lowercase());
            Table::of("admission.jsonl", &function)
                .but(&[OTHER_TYPES])
                .check(|row| {
                    let own = vet::object(&binding(&row["input"][object])?);
                    let own = own.iter().map(|it| json!([it.path, words(&it.message)]));
                    let causes = row["error"]["causes"].as_array().into_iter().flatten();
                    let expected = causes.map(|cause| {
                        let message = cause["message"].as_str().unwrap_or_default();
                        let detail = message
                            .rsplit_once(": ")
                            .map_or(message, |(_, detail)| detail);
                        json!([cause["field"], words(detail)])
                    });
                    agree(&own.collect(), &expected.collect())
                });
        }
    }
}

/// The object of a row, which leaves out what the definition requires.
fn binding(object: &Value) -> Result<Envelope, String> {
    let mut spec = object["spec"].clone();
    if spec["roleMappings"].is_null() {
        return Err("not a binding".to_owned());
    }
    for mapping in spec["roleMappings"].as_array_mut().into_iter().flatten() {
        mapping["roleRef"]["kind"] = "ClusterAuthzRole".into();
    }
    Ok(Envelope {
        key: ObjectKey::cluster(KindName::AuthzRoleBinding, "binding"),
        metadata: ObjectMeta::named(None, "binding"),
        spec: RawJson::of(&spec),
        status: RawJson::null(),
    })
}
