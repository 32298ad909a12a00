//! What a change does to every environment: the objects of two states side by side, the same change of
//! many components told once.
//!
//! Beside step 6; what the command line's `diff` shows and the control plane's preview call answers. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use compile::{names, object};
use model::{canonical, label};

use crate::workspace::{Subject, Unit};

/// An object that is not the same in both states.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The unit that it belongs to.
    pub subject: Subject,
    /// `Kind/name`.
    pub object: String,
    /// The object before; absent if it is added.
    pub before: Option<Value>,
    /// The object after; absent if it is removed.
    pub after: Option<Value>,
}

/// Changes that are the same but for the names of their components, projects and environments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Whom it concerns; never empty.
    pub concerned: Vec<Concerned>,
    /// The object of the first of them before; absent if it is added.
    pub before: Option<Value>,
    /// The object of the first of them after; absent if it is removed.
    pub after: Option<Value>,
}

/// An object that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concerned {
    /// The unit that it belongs to.
    pub subject: Subject,
    /// `Kind/name`.
    pub object: String,
}

/// Every object that differs, by subject and name.
#[must_use]
pub fn changes(before: &[Unit], after: &[Unit]) -> Vec<Change> {
    let (before, after) = (by_subject(before), by_subject(after));
    let subjects: BTreeSet<&Subject> = before.keys().chain(after.keys()).copied().collect();
    let mut changes = Vec::new();
    for subject in subjects {
        let none = BTreeMap::new();
        let old = before.get(subject).unwrap_or(&none);
        let new = after.get(subject).unwrap_or(&none);
        let keys: BTreeSet<&Key<'_>> = old.keys().chain(new.keys()).collect();
        for key in keys {
            let (old, new) = (old.get(key).copied(), new.get(key).copied());
            if old != new {
                let title = old.or(new).map(object::title);
                changes.push(Change {
                    subject: subject.clone(),
                    object: title.unwrap_or_default(),
                    before: old.cloned(),
                    after: new.cloned(),
                });
            }
        }
    }
    changes
}

/// The same changes, grouped, in the order in which the first of each group comes.
#[must_use]
pub fn group(changes: Vec<Change>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for change in changes {
        let index = *known.entry(essence(&change)).or_insert(groups.len());
        let concerned = Concerned {
            subject: change.subject,
            object: change.object,
        };
        match groups.get_mut(index) {
            Some(group) => group.concerned.push(concerned),
            None => groups.push(Group {
                concerned: vec![concerned],
                before: change.before,
                after: change.after,
            }),
        }
    }
    groups
}

type Key<'a> = (&'a str, &'a str, &'a str, &'a str);

fn by_subject(units: &[Unit]) -> BTreeMap<&Subject, BTreeMap<Key<'_>, &Value>> {
    let mut all: BTreeMap<&Subject, BTreeMap<Key<'_>, &Value>> = BTreeMap::new();
    for unit in units {
        let objects = all.entry(&unit.subject).or_default();
        for object in &unit.objects {
            let key = (
                object::kind(object),
                object::api_version(object),
                object::namespace(object),
                object::name(object),
            );
            objects.insert(key, object);
        }
    }
    all
}

/// What a change comes to, without the names of whom it is about: equal for the same change.
fn essence(change: &Change) -> String {
    let kind = change.before.as_ref().or(change.after.as_ref());
    let kind = kind.map_or("", |object| object::kind(object));
    let names = Names::of(change);
    let (before, after) = (
        change.before.as_ref().map(|object| names.plain(object)),
        change.after.as_ref().map(|object| names.plain(object)),
    );
    let content = match (&before, &after) {
        (Some(before), Some(after)) => {
            let mut fields = Vec::new();
            compare(before, after, "", &mut fields);
            Value::Array(fields)
        }
        (before, after) => Value::Array(vec![
            before.clone().unwrap_or_default(),
            after.clone().unwrap_or_default(),
        ]),
    };
    let form = match (&before, &after) {
        (Some(_), Some(_)) => "changed",
        (None, _) => "added",
        (_, None) => "removed",
    };
    format!("{form} {kind} {}", canonical::to_string(&content))
}

/// Every field that differs, as `[pointer, before, after]`. Items of lists are compared by name where
/// all have one.
fn compare(before: &Value, after: &Value, pointer: &str, fields: &mut Vec<Value>) {
    if before == after {
        return;
    }
    let maps = match (before, after) {
        (Value::Object(before), Value::Object(after)) => Some((before.clone(), after.clone())),
        (Value::Array(before), Value::Array(after)) => named(before).zip(named(after)),
        _ => None,
    };
    let Some((before_map, after_map)) = maps else {
        fields.push(Value::Array(vec![
            pointer.into(),
            before.clone(),
            after.clone(),
        ]));
        return;
    };
    let keys: BTreeSet<&String> = before_map.keys().chain(after_map.keys()).collect();
    for key in keys {
        let of = |map: &Map<String, Value>| map.get(key).cloned().unwrap_or_default();
        let pointer = format!("{pointer}/{key}");
        compare(&of(&before_map), &of(&after_map), &pointer, fields);
    }
}

/// The items of a list by their names, if all have one.
fn named(items: &[Value]) -> Option<Map<String, Value>> {
    let name = |item: &Value| Some(item.get("name")?.as_str()?.to_owned());
    items
        .iter()
        .map(|item| Some((name(item)?, item.clone())))
        .collect()
}

/// What is called otherwise in the same change of another component.
struct Names(Vec<(String, &'static str)>);

impl Names {
    fn of(change: &Change) -> Self {
        let subject = &change.subject;
        let component = subject.component.clone().unwrap_or_default();
        let (namespace, project, environment) =
            (&subject.namespace, &subject.project, &subject.environment);
        let own = change.object.split_once('/').map_or("", |(_, name)| name);
        let cell = names::cell_namespace(namespace, project, environment);
        let base = names::component_base(&component, environment);
        let mut all = vec![
            (own.to_owned(), "{object}"),
            (cell, "{cell}"),
            (base, "{base}"),
            (component, "{component}"),
            (project.clone(), "{project}"),
            (environment.clone(), "{environment}"),
        ];
        all.retain(|(name, _)| !name.is_empty());
        // The name of an object often begins with that of its component.
        all.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Self(all)
    }

    /// A copy with marks for names, and without what follows from them.
    fn plain(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.plain(item)).collect(),
            Value::Object(map) => {
                let follows = [
                    label::RESOURCE_HASH,
                    label::UNIT,
                    label::UNIT_ANNOTATION,
                    label::COMPONENT_UID,
                    label::PROJECT_UID,
                    label::ENVIRONMENT_UID,
                ];
                let kept = map
                    .iter()
                    .filter(|(key, _)| !follows.contains(&key.as_str()));
                kept.map(|(key, value)| (self.text(key), self.plain(value)))
                    .collect()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    /// A text with marks for the names that stand in it as whole words.
    fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, mark) in &self.0 {
            let mut marked = String::with_capacity(text.len());
            let mut rest = text.as_str();
            while let Some(at) = rest.find(name.as_str()) {
                let (before, after) = (&rest[..at], &rest[at + name.len()..]);
                marked.push_str(before);
                let whole = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
                let last = marked.chars().next_back();
                let is_whole = whole(last) && whole(after.chars().next());
                marked.push_str(if is_whole { mark } else { name });
                rest = after;
            }
            marked.push_str(rest);
            text = marked;
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(component: &str, environment: &str, replicas: (u32, u32)) -> Change {
        let object = |replicas: u32| {
            json!({"apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"name": format!("{component}-x")},
                "spec": {"replicas": replicas, "app": component}})
        };
        Change {
            subject: Subject {
                environment: environment.to_owned(),
                namespace: "default".to_owned(),
                project: "shop".to_owned(),
                component: Some(component.to_owned()),
            },
            object: format!("Deployment/{component}-x"),
            before: Some(object(replicas.0)),
            after: Some(object(replicas.1)),
        }
    }

    #[test]
    fn the_same_change_of_two_components_is_one_group() {
        let groups = group(vec![
            change("cart", "development", (1, 2)),
            change("checkout", "production", (1, 2)),
            change("cart", "staging", (1, 3)),
        ]);
        let sizes: Vec<_> = groups.iter().map(|group| group.concerned.len()).collect();
        assert_eq!(sizes, [2, 1]);
    }

    #[test]
    fn names_count_only_as_whole_words() {
        let names = Names(vec![("web".to_owned(), "{component}")]);
        assert_eq!(
            names.text("web-1.webs/web"),
            "{component}-1.webs/{component}"
        );
    }
}
