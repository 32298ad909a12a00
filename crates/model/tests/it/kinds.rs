//! What every kind must have and must keep: fixtures, idempotent defaults, lossless documents,
//! readable diagnostics, current schemas.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use model::{Diagnostics, Draft, Envelope, Kind, KindName, KindVisitor, RawJson, schema, yaml};

use crate::compat::admit;

/// Fields that no valid object has beside others, with the reason.
const EXCLUSIVE: &[(&str, &str)] = &[
    ("validations", "an older name of preRenderValidations"),
    ("resourceName", "excludes componentName"),
];

#[test]
fn every_kind_has_fixtures() {
    for kind in KindName::ALL {
        let folder = folder(*kind);
        for name in [
            "minimal.yaml",
            "full.yaml",
            "v1alpha1/minimal.yaml",
            "v1alpha1/full.yaml",
        ] {
            assert!(
                folder.join(name).exists(),
                "{} lacks {name}",
                folder.display()
            );
        }
        let invalid = files(&folder.join("invalid"), "yaml");
        assert!(
            !invalid.is_empty(),
            "{} lacks a refused document",
            folder.display()
        );
    }
}

#[test]
fn full_fixtures_have_every_field() {
    let mut missing = Vec::new();
    for kind in KindName::ALL {
        let document = document(&folder(*kind).join("full.yaml"));
        let schema = schema::document(*kind, kind.scopes()[0]);
        for part in ["spec", "status"] {
            let of = format!("{} {part}", kind.as_str());
            lacks(
                &of,
                &schema["properties"][part],
                &[&document[part]],
                &mut missing,
            );
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// Collects the fields of `schema` that none of `values` has.
fn lacks(path: &str, schema: &Value, values: &[&Value], missing: &mut Vec<String>) {
    for (name, below) in schema["properties"].as_object().into_iter().flatten() {
        if EXCLUSIVE.iter().any(|(field, _)| field == name) {
            continue;
        }
        let path = format!("{path}.{name}");
        let here: Vec<&Value> = values.iter().filter_map(|value| value.get(name)).collect();
        if here.is_empty() {
            missing.push(path);
        } else {
            lacks(&path, below, &here, missing);
        }
    }
    let path = format!("{path}[]");
    if schema["items"].is_object() {
        let items: Vec<&Value> = values
            .iter()
            .filter_map(|value| value.as_array())
            .flatten()
            .collect();
        lacks(&path, &schema["items"], &items, missing);
    }
    if schema["additionalProperties"].is_object() {
        let maps = values.iter().filter_map(|value| value.as_object());
        let entries: Vec<&Value> = maps.flat_map(serde_json::Map::values).collect();
        lacks(&path, &schema["additionalProperties"], &entries, missing);
    }
}

#[test]
fn defaults_applied_twice_are_defaults_applied_once() {
    for kind in KindName::ALL {
        for name in ["minimal.yaml", "full.yaml"] {
            let document = document(&folder(*kind).join(name));
            let once =
                admit(&document, None).unwrap_or_else(|problems| panic!("{kind:?}: {problems}"));
            let once = once.envelope().to_document();
            let twice = admit(&once, None).unwrap().envelope().to_document();
            assert_eq!(once, twice, "{kind:?} {name}");
        }
    }
}

#[test]
fn full_objects_survive_every_form() {
    struct Retype<'a>(&'a Envelope);
    impl KindVisitor for Retype<'_> {
        type Output = Envelope;
        fn visit<K: Kind>(self) -> Envelope {
            let mut envelope = self.0.clone();
            envelope.spec = RawJson::of(&envelope.spec::<K>().unwrap());
            if !envelope.status.is_null() {
                envelope.status = RawJson::of(&envelope.status::<K>().unwrap());
            }
            envelope
        }
    }
    for kind in KindName::ALL {
        let document = document(&folder(*kind).join("full.yaml"));
        let envelope = Envelope::from_document(&document, None).unwrap();
        let typed = kind.visit(Retype(&envelope));
        assert_eq!(typed.to_document(), document, "{kind:?}");
        let text = yaml::to_string(&typed.to_document());
        assert_eq!(yaml::documents(&text).unwrap(), [document], "{kind:?}");
    }
}

#[test]
fn refused_documents_say_what_to_mend() {
    for kind in KindName::ALL {
        for path in files(&folder(*kind).join("invalid"), "yaml") {
            let problems = admit(&document(&path), None).err();
            let problems = problems.unwrap_or_else(|| panic!("{} is admitted", path.display()));
            assert_eq!(
                lines(&problems),
                read(&path.with_extension("txt")),
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn published_fixtures_still_mean_what_they_meant() {
    for kind in KindName::ALL {
        for path in files(&folder(*kind).join("v1alpha1"), "yaml") {
            let envelope = Envelope::from_document(&document(&path), None).unwrap();
            let checked = Draft {
                envelope,
                old: None,
            }
            .check()
            .unwrap();
            let expected: Value =
                serde_json::from_str(&read(&path.with_extension("expected.json"))).unwrap();
            assert_eq!(
                checked.envelope().to_document(),
                expected,
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn committed_schemas_are_current() {
    for (kind, scope) in KindName::each_scope() {
        let path = root()
            .join("schema")
            .join(format!("{}.json", kind.public_name(scope)));
        let current = format!("{:#}\n", schema::document(kind, scope));
        let hint = "run `cargo run -p model --example schemas`";
        assert_eq!(read(&path), current, "{}: {hint}", path.display());
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of a kind's fixtures: its name in snake case.
fn folder(kind: KindName) -> PathBuf {
    let mut name = String::new();
    for letter in kind.as_str().chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    root().join("fixtures").join(name)
}

fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|own| own == end))
        .collect()
}

fn document(path: &Path) -> Value {
    yaml::documents(&read(path))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .remove(0)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn lines(problems: &Diagnostics) -> String {
    problems
        .iter()
        .map(|problem| format!("{problem}\n"))
        .collect()
}
