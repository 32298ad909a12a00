//! Who gives a variable its value.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use compile::{component, project};
use model::kinds::template::{FreeForm, SchemaSection};

use super::{Place, Read, Scene, reads::Found};
use crate::workspace::MadeFrom;

/// Where an expression stands, as far as that decides what its variables are.
pub(super) struct Scope {
    /// The use of a trait.
    pub(super) instance: Option<String>,
    /// Name and expression of the loop around it.
    pub(super) turn: Option<(String, String)>,
}

/// Who gives a value, and where.
type Origin = (String, Option<Place>);

/// Values that somebody gives for a schema.
struct Given<'a> {
    values: &'a FreeForm,
    who: &'static str,
    /// Where they are given.
    place: Place,
    schema: Option<&'a SchemaSection>,
    /// Where the schema stands in the release.
    schema_path: String,
}

impl Scene<'_> {
    /// A variable that was read, and who gives it.
    pub(super) fn read(&self, scope: &Scope, found: Found) -> Read {
        let (from, place) = self.origin(scope, &found);
        Read {
            variable: found.path.join("."),
            value: found.value,
            from,
            place,
        }
    }

    fn origin(&self, scope: &Scope, found: &Found) -> Origin {
        let root = found.path.first().map_or("", String::as_str);
        if let Some((var, each)) = &scope.turn
            && var == root
        {
            let each: Vec<_> = each.split_whitespace().collect();
            return (format!("each of {}", each.join(" ")), None);
        }
        if matches!(root, "parameters" | CONFIGS)
            && let Some(given) = self.given(scope, root)
        {
            return self.value_of(&given, found);
        }
        let parts = &self.unit.parts;
        let at = |object: &model::ObjectKey, path: &str| {
            Some(Place {
                object: object.clone(),
                path: path.to_owned(),
            })
        };
        let workload = parts.workload.as_ref().unwrap_or(&parts.owner);
        match root {
            "metadata" | "trait" => ("the platform, from the names of things".to_owned(), None),
            "workload" => ("the workload".to_owned(), at(workload, "spec")),
            "configurations" if self.overrides() => {
                let path = "spec.workloadOverrides.container";
                let from = "the workload, with what the binding overrides".to_owned();
                (from, at(&parts.binding, path))
            }
            "configurations" => (
                "variables and files of the workload".to_owned(),
                at(workload, "spec.container"),
            ),
            "dependencies" => (
                "what the workload depends on".to_owned(),
                at(workload, "spec.dependencies"),
            ),
            "gateway" | "environment" | "dataplane" => {
                ("the environment and its data plane".to_owned(), None)
            }
            _ => ("the template".to_owned(), None),
        }
    }

    fn overrides(&self) -> bool {
        match &self.unit.made_from {
            MadeFrom::Component(snapshot) => snapshot.binding.workload_overrides.is_some(),
            MadeFrom::Cell(_) => false,
        }
    }

    /// The values behind `parameters` or `environmentConfigs` of a scope.
    fn given(&self, scope: &Scope, root: &str) -> Option<Given<'_>> {
        match (&self.unit.made_from, &scope.instance) {
            (MadeFrom::Cell(snapshot), _) => Some(self.given_to_cell(snapshot, root)),
            (MadeFrom::Component(snapshot), None) => Some(self.given_to_type(snapshot, root)),
            (MadeFrom::Component(snapshot), Some(instance)) => {
                self.given_to_trait(snapshot, instance, root)
            }
        }
    }

    /// A place in the binding for configurations, or else in the component or project.
    fn own(&self, root: &str, at_binding: &str, at_owner: &str) -> (&'static str, Place) {
        let parts = &self.unit.parts;
        let (who, object, path) = match (root, &parts.workload) {
            (CONFIGS, _) => ("the binding", &parts.binding, at_binding),
            (_, Some(_)) => ("the component", &parts.owner, at_owner),
            (_, None) => ("the project", &parts.owner, at_owner),
        };
        let place = Place {
            object: object.clone(),
            path: path.to_owned(),
        };
        (who, place)
    }

    fn given_to_cell<'s>(&self, snapshot: &'s project::Snapshot, root: &str) -> Given<'s> {
        let spec = &snapshot.release.project_type.spec;
        let (who, place) = self.own(root, "spec.environmentConfigs", "spec.parameters");
        Given {
            values: match root {
                CONFIGS => &snapshot.binding.environment_configs,
                _ => &snapshot.release.parameters,
            },
            who,
            place,
            schema: section(root, &spec.parameters, &spec.environment_configs),
            schema_path: format!("spec.projectType.spec.{root}"),
        }
    }

    fn given_to_type<'s>(&self, snapshot: &'s component::Snapshot, root: &str) -> Given<'s> {
        let spec = &snapshot.release.component_type.spec;
        let profile = snapshot.release.component_profile.as_ref();
        let at_binding = "spec.componentTypeEnvironmentConfigs";
        let (who, place) = self.own(root, at_binding, "spec.parameters");
        Given {
            values: match root {
                CONFIGS => &snapshot.binding.component_type_environment_configs,
                _ => profile.map_or(&EMPTY, |profile| &profile.parameters),
            },
            who,
            place,
            schema: section(root, &spec.parameters, &spec.environment_configs),
            schema_path: format!("spec.componentType.spec.{root}"),
        }
    }

    fn given_to_trait<'s>(
        &self,
        snapshot: &'s component::Snapshot,
        instance: &str,
        root: &str,
    ) -> Option<Given<'s>> {
        let release = &snapshot.release;
        let schema = |kind, name: &str| {
            let index = (release.traits.iter())
                .position(|found| found.kind == kind && found.name == name)?;
            let spec = &release.traits[index].spec;
            let section = section(root, &spec.parameters, &spec.environment_configs);
            Some((section, format!("spec.traits[{index}].spec.{root}")))
        };
        let embedded = &release.component_type.spec.traits;
        if let Some(index) = (embedded.iter()).position(|used| used.instance_name == instance) {
            let used = &embedded[index];
            let (schema, schema_path) = schema(used.kind, &used.name)?;
            return Some(Given {
                values: match root {
                    CONFIGS => &used.environment_configs,
                    _ => &used.parameters,
                },
                who: "the type, which uses the trait",
                place: self.place(&format!("spec.componentType.spec.traits[{index}].{root}")),
                schema,
                schema_path,
            });
        }
        let own = &release.component_profile.as_ref()?.traits;
        let index = own.iter().position(|used| used.instance_name == instance)?;
        let used = &own[index];
        let (schema, schema_path) = schema(used.kind, &used.name)?;
        let (who, place) = self.own(
            root,
            &format!("spec.traitEnvironmentConfigs.{instance}"),
            &format!("spec.traits[{index}].parameters"),
        );
        let configs = &snapshot.binding.trait_environment_configs;
        Some(Given {
            values: match root {
                CONFIGS => configs.get(instance).unwrap_or(&EMPTY),
                _ => &used.parameters,
            },
            who,
            place,
            schema,
            schema_path,
        })
    }

    /// Whether somebody gives a value or it is a default, and where.
    fn value_of(&self, given: &Given<'_>, found: &Found) -> Origin {
        let names = &found.path[1..];
        let own = names.iter().try_fold(None::<&Value>, |at, name| {
            let next = match at {
                None => given.values.get(name),
                Some(at) => at.get(name),
            };
            next.map(Some)
        });
        let is_given = matches!(own, Some(Some(_))) || names.is_empty() && !given.values.is_empty();
        let whole = names.iter().map(|name| format!(".{name}"));
        let suffix: String = whole.collect();
        if is_given {
            let partly = matches!(own, Some(Some(own)) if found.value.as_ref() != Some(own));
            let rest = if partly { ", and defaults" } else { "" };
            let place = Place {
                path: format!("{}{suffix}", given.place.path),
                object: given.place.object.clone(),
            };
            return (format!("{}{rest}", given.who), Some(place));
        }
        let raw = given.schema.map(|section| &section.open_api_v3_schema);
        let default = raw.and_then(|raw| default_path(raw, names));
        match (&found.value, default) {
            (Some(_), Some(path)) => {
                let path = format!("{}.openAPIV3Schema{path}", given.schema_path);
                ("the default".to_owned(), Some(self.place(&path)))
            }
            (Some(_), None) => ("defaults of the schema".to_owned(), {
                Some(self.place(&given.schema_path))
            }),
            (None, _) => {
                let place = Place {
                    path: format!("{}{suffix}", given.place.path),
                    object: given.place.object.clone(),
                };
                ("nobody; it would be given in".to_owned(), Some(place))
            }
        }
    }
}

static EMPTY: LazyLock<FreeForm> = LazyLock::new(FreeForm::new);

/// The variable of what environments configure; the other one is `parameters`.
const CONFIGS: &str = "environmentConfigs";

fn section<'a>(
    root: &str,
    parameters: &'a Option<SchemaSection>,
    environment_configs: &'a Option<SchemaSection>,
) -> Option<&'a SchemaSection> {
    match root {
        CONFIGS => environment_configs.as_ref(),
        _ => parameters.as_ref(),
    }
}

/// Where the default stands that gives the value at these names: the innermost on the way.
fn default_path(schema: &Map<String, Value>, names: &[String]) -> Option<String> {
    let mut at = schema;
    let (mut path, mut best) = (String::new(), None);
    for name in names {
        let next = at.get("properties").and_then(|all| all.get(name));
        let Some(next) = next.and_then(Value::as_object) else {
            break;
        };
        path.push_str(&format!(".properties.{name}"));
        at = next;
        if at.contains_key("default") {
            best = Some(format!("{path}.default"));
        }
    }
    best
}
