//! The small functions of the reference that ours have too: paths, patterns, conditions, subjects.

use serde_json::{Value, json};

use authz::{Action, Attribute, ScopePath, evaluate::entitlement, pattern::Pattern, vet};
use testkit::compat::{Difference, Table, agree, leave_out, outcome, result};

use crate::worlds;

const FILE: &str = "authz.jsonl";

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row["input"][name].as_str().unwrap_or_default()
}

fn texts(value: &Value) -> Vec<String> {
    let list = value.as_array().into_iter().flatten();
    list.map(|it| it.as_str().unwrap_or_default().to_owned())
        .collect()
}

fn hierarchy(path: &ScopePath) -> Value {
    let parts = [
        ("namespace", &path.namespace),
        ("project", &path.project),
        ("component", &path.component),
        ("resource", &path.resource),
    ];
    let given = parts.into_iter().filter(|(_, name)| !name.is_empty());
    given
        .map(|(part, name)| (part.to_owned(), json!(name)))
        .collect()
}

/// The place that a part of a request names.
pub(crate) fn path(hierarchy: &Value) -> ScopePath {
    let part = |name: &str| hierarchy[name].as_str().unwrap_or_default().to_owned();
    ScopePath {
        namespace: part("namespace"),
        project: part("project"),
        component: part("component"),
        resource: part("resource"),
    }
}

#[test]
fn places_are_written_and_compared_as_in_the_reference() {
    Table::of(FILE, "casbin.resourceHierarchyToPath").check(|row| {
        let own = path(&row["input"]["hierarchy"]).to_string();
        agree(&own.into(), result(row))
    });
    Table::of(FILE, "casbin.resourcePathToHierarchy").check(|row| {
        let own = ScopePath::parse(text(row, "resourcePath")).unwrap_or_default();
        agree(&hierarchy(&own), result(row))
    });
    let compare = |left: &str, right: &str, compare: fn(&ScopePath, &ScopePath) -> bool| {
        let places = ScopePath::parse(left).zip(ScopePath::parse(right));
        json!(places.is_some_and(|(left, right)| compare(&left, &right)))
    };
    Table::of(FILE, "casbin.resourceMatch").check(|row| {
        let (outer, inner) = (text(row, "policyResource"), text(row, "requestResource"));
        agree(&compare(outer, inner, ScopePath::contains), result(row))
    });
    Table::of(FILE, "casbin.isWithinScope").check(|row| {
        let (own, scope) = (text(row, "policyResource"), text(row, "scopePath"));
        agree(&compare(own, scope, ScopePath::overlaps), result(row))
    });
}

#[test]
fn actions_match_as_in_the_reference() {
    let matches = |pattern: &str, action: &str| json!(Pattern::new(pattern).matches(action));
    Table::of(FILE, "casbin.actionMatch").check(|row| {
        agree(
            &matches(text(row, "roleAction"), text(row, "requestAction")),
            result(row),
        )
    });
    Table::of(FILE, "casbin.roleActionMatchWrapper").check(|row| {
        agree(
            &matches(text(row, "storedRuleValue"), text(row, "requestValue")),
            result(row),
        )
    });
    Table::of(FILE, "casbin.extractActionResourceType").check(|row| {
        agree(
            &Action::named(text(row, "action")).resource().into(),
            result(row),
        )
    });
    Table::of(FILE, "core.ExpandActionPattern").check(|row| {
        let pattern = Pattern::new(text(row, "pattern"));
        let known: Vec<_> = pattern.known().map(|known| known.name.as_str()).collect();
        let own = if known.is_empty() {
            Value::Null
        } else {
            json!(known)
        };
        agree(&own, result(row))
    });
    Table::of(FILE, "casbin.expandActionWildcard").check(|row| {
        let pattern = text(row, "actionPattern");
        let known = texts(&row["input"]["actionIndex"]["actionsStringList"]);
        let meant = known
            .iter()
            .filter(|action| Pattern::new(pattern).matches(action));
        let own: Vec<_> = match pattern.ends_with('*') {
            true => meant.map(String::as_str).collect(),
            false => Pattern::new(pattern)
                .expand()
                .into_iter()
                .map(|_| pattern)
                .collect(),
        };
        agree(&json!(own), result(row))
    });
}

fn attribute(attribute: Attribute) -> Value {
    json!({"key": attribute.key(), "description": attribute.description(), "celType": "string"})
}

fn all(attributes: &[Attribute]) -> Value {
    attributes.iter().copied().map(attribute).collect()
}

/// Some rows were made with a table of attributes that is not the platform's.
const MADE_UP: Difference = Difference {
    name: "made-up-attributes",
    shows: |row| {
        let actions = texts(&row["input"]["actions"]);
        let own = vet::common_attributes(&actions);
        !actions.is_empty() && agree(&all(&own), result(row)).is_err()
    },
};

#[test]
fn attributes_are_those_of_the_reference() {
    Table::of(FILE, "core.LookupConditions").check(|row| {
        let action = Action::named(text(row, "action"));
        match action.attributes() {
            [] => agree(&Value::Null, result(row)),
            attributes => agree(&all(attributes), result(row)),
        }
    });
    Table::of(FILE, "core.IntersectConditionsForActions")
        .but(&[MADE_UP])
        .check(|row| match texts(&row["input"]["actions"]).as_slice() {
            [] => agree(&Value::Null, result(row)),
            actions => agree(&all(&vet::common_attributes(actions)), result(row)),
        });
}

#[test]
fn conditions_are_about_the_actions_of_the_reference() {
    Table::of(FILE, "casbin.filterConditionsByAction").check(|row| {
        let action = text(row, "requestAction");
        let conditions = row["input"]["conds"].to_string();
        let mut conditions = match row["input"]["conds"].is_null() {
            true => Vec::new(),
            false => worlds::conditions(&conditions),
        };
        conditions.retain(|it| {
            it.actions
                .iter()
                .any(|text| Pattern::new(text).matches(action))
        });
        let own = if conditions.is_empty() {
            Value::Null
        } else {
            json!(conditions)
        };
        agree(&own, result(row))
    });
}

#[test]
fn subjects_are_claims_with_values() {
    Table::of(FILE, "casbin.formatSubject").check(|row| {
        let own = entitlement(text(row, "claim"), text(row, "value"));
        let own = own.map(|it| format!("{}:{}", it.claim, it.value).into());
        outcome(own.map_err(|error| error.to_string()), row)
    });
}

#[test]
fn what_only_the_program_of_the_reference_has_is_left_out() {
    let whole = "a policy is compiled as a whole, so that nothing is added to it or taken from it";
    leave_out(FILE, "casbin.computeActionsDiff", whole);
    leave_out(FILE, "casbin.computePolicyDiff", whole);
    let typed = "subjects and places are never joined to one text";
    leave_out(FILE, "casbin.parseSubject", typed);
    leave_out(FILE, "casbin.normalizeNamespace", typed);
}
