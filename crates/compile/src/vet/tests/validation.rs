//! The parts of admission against the recorded ones.

use serde_json::{Value, json};

use expr::{Declarations, StaticType};
use model::{
    Diagnostics,
    kinds::{ComponentType, Trait, component::TraitInstance, template::ResourceTemplate},
};
use testkit::compat::{Table, agree, result};

use super::decode;
use crate::{
    functions::{self, Methods},
    vet::{
        component_type, expressions,
        expressions::Expressions,
        schemas, template, traits, uses,
        variables::{of_component_type, of_trait},
    },
};

const TABLE: &str = "validation.jsonl";

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn section(schema: &Value) -> Value {
    if schema.is_null() {
        Value::Null
    } else {
        json!({"openAPIV3Schema": schema})
    }
}

/// The variables that a validator of a row declares.
fn names(validator: &Value) -> Result<Declarations, String> {
    let options = &validator["options"];
    let parameters = decode(&section(&options["parametersSchema"]))?;
    let configs = decode(&section(&options["environmentConfigsSchema"]))?;
    let sections = (Option::as_ref(&parameters), Option::as_ref(&configs));
    Ok(if validator["resourceType"] == 1 {
        of_trait(sections)
    } else {
        of_component_type(sections)
    })
}

/// The variables that a row declares. It does not say which further ones its caller declared: the
/// object that a clause is about, and a loop variable where the row compiles.
fn row_names(row: &Value) -> Result<Declarations, String> {
    let declared = names(&row["input"]["validator"])?.with("resource", StaticType::Dyn);
    if row.get("error").is_some() {
        return Ok(declared);
    }
    let environment = functions::environment(Methods::Component);
    let program = environment
        .compile(text(&row["input"], "expr"))
        .map_err(|error| error.to_string())?;
    let loops = program
        .references()
        .iter()
        .filter(|reference| declared.find(&reference.name).is_none());
    Ok(loops.fold(declared.clone(), |declared, reference| {
        declared.with(reference.name.clone(), StaticType::Dyn)
    }))
}

/// The words of a message that are the platform's own.
fn words(message: &str) -> &str {
    let library = message
        .find("type check error:")
        .or(message.find("parse error:"));
    library.map_or(message, |at| &message[..at])
}

/// Whether what an expression is refused for is what the reference says.
fn refused(diagnostics: &Diagnostics, prefix: &str, row: &Value) -> Result<(), String> {
    let own = diagnostics
        .iter()
        .next()
        .map(|problem| problem.message.as_str());
    match (own, row["error"]["message"].as_str()) {
        (None, None) => Ok(()),
        (Some(own), Some(expected)) => {
            let rest = own.strip_prefix(prefix).unwrap_or(own);
            if rest.starts_with(words(expected)) {
                Ok(())
            } else {
                Err(format!("\n     {own}\n not {expected}"))
            }
        }
        (own, expected) => Err(format!("{own:?} instead of {expected:?}")),
    }
}

#[test]
fn expressions_are_typed_as_in_the_reference() {
    let wrapped = |row: &Value| format!("${{{}}}", text(&row["input"], "expr"));
    let expressions = Expressions::new(Methods::Component);
    Table::of(TABLE, "component.CELValidator.ValidateBooleanExpression").check(|row| {
        let mut found = Diagnostics::default();
        let (names, text) = (row_names(row)?, wrapped(row));
        expressions.condition("rule", Some(&text), &names, "", &mut found);
        refused(&found, "rule must return boolean: ", row)
    });
    Table::of(TABLE, "component.CELValidator.ValidateExpression").check(|row| {
        let mut found = Diagnostics::default();
        expressions.text(&wrapped(row), &row_names(row)?, "", &mut found);
        let prefix = format!("invalid CEL expression '{}': ", text(&row["input"], "expr"));
        refused(&found, &prefix, row)
    });
    Table::of(TABLE, "component.CELValidator.ValidateIterableExpression").check(|row| {
        let mut found = Diagnostics::default();
        let text = wrapped(row);
        expressions.in_loop((Some(&text), None), &row_names(row)?, "", &mut found);
        refused(&found, "forEach must return list or map: ", row)
    });
}

#[test]
fn expressions_are_told_from_text_as_in_the_reference() {
    Table::of(TABLE, "component.extractCELFromTemplate").check(|row| {
        let given = text(&row["input"], "templateExpr");
        let found = expressions::alone(given);
        let own = json!({"result": found.unwrap_or(given), "result1": found.is_some()});
        agree(&own, &row["output"])
    });
    Table::of(TABLE, "component.containsCELExpression").check(|row| {
        let found = crate::template::find_expressions(text(&row["input"], "str"));
        agree(
            &json!(found.is_ok_and(|found| !found.is_empty())),
            result(row),
        )
    });
}

/// A place as a dotted path: the reference writes keys of templates in brackets.
fn place(path: &str) -> String {
    path.replace('[', ".").replace(']', "")
}

/// Compares problems by place, and by the platform's own words.
fn compare(own: &Diagnostics, expected: &Value) -> Result<(), String> {
    let mut own: Vec<_> = own
        .iter()
        .map(|problem| (place(&problem.path), problem.message.clone()))
        .collect();
    own.sort();
    let entries = expected.as_array().into_iter().flatten();
    let mut expected: Vec<_> = entries
        .map(|entry| {
            (
                place(text(entry, "field")),
                text(entry, "detail").to_owned(),
            )
        })
        .collect();
    expected.sort();
    let same = |((path, message), (field, detail)): (&(String, String), &(String, String))| {
        path == field && message.starts_with(words(detail))
    };
    if own.len() == expected.len() && own.iter().zip(&expected).all(same) {
        Ok(())
    } else {
        Err(format!("\n     {own:?}\n not {expected:?}"))
    }
}

/// The spec of a row with the schemas that the row gives beside it.
fn with_schemas(spec: &Value, input: &Value) -> Value {
    let mut spec = spec.clone();
    for (field, schema) in [
        ("parameters", &input["parametersSchema"]),
        ("environmentConfigs", &input["environmentConfigsSchema"]),
    ] {
        if !schema.is_null() {
            spec[field] = section(schema);
        }
    }
    spec
}

fn check_type(spec: &Value, base: &str) -> Result<Diagnostics, String> {
    let spec: ComponentType = decode(spec)?;
    let sections = (spec.parameters.as_ref(), spec.environment_configs.as_ref());
    let (names, mut found) = (of_component_type(sections), Diagnostics::default());
    let expressions = Expressions::new(Methods::Component);
    component_type::templates(&expressions, &spec, &names, base, &mut found);
    // The reference looks at the objects of templates in another step, that of the workload.
    let objects = structures(&spec.resources, &format!("{base}.resources"));
    Ok(without(found, &objects))
}

/// What objects that templates give do not say.
fn structures(resources: &[ResourceTemplate], base: &str) -> Diagnostics {
    let mut found = Diagnostics::default();
    for (index, resource) in resources
        .iter()
        .enumerate()
        .filter(|(_, resource)| !resource.template.is_empty())
    {
        let body = Value::Object(resource.template.clone());
        template::structure(&body, &format!("{base}[{index}].template"), &mut found);
    }
    found
}

fn without(all: Diagnostics, others: &Diagnostics) -> Diagnostics {
    let mut kept = Diagnostics::default();
    for problem in all
        .iter()
        .filter(|problem| !others.iter().any(|other| other == *problem))
    {
        kept.push(problem.path.clone(), problem.message.clone());
    }
    kept
}

fn check_trait(spec: &Value, base: &str) -> Result<Diagnostics, String> {
    let (spec, mut found): (Trait, _) = (decode(spec)?, Diagnostics::default());
    traits::check(
        &Expressions::new(Methods::Component),
        &spec,
        base,
        &mut found,
    );
    Ok(found)
}

#[test]
fn templates_of_component_types_are_checked_as_in_the_reference() {
    for (function, name) in [
        ("component.ValidateComponentTypeResourcesWithSchema", "ct"),
        (
            "component.ValidateClusterComponentTypeResourcesWithSchema",
            "cct",
        ),
    ] {
        Table::of(TABLE, function).check(|row| {
            let spec = with_schemas(&row["input"][name]["spec"], &row["input"]);
            compare(&check_type(&spec, "spec")?, result(row))
        });
    }
    Table::of(TABLE, "component.ValidateResourcesWithSchema").check(|row| {
        let input = &row["input"];
        let mut spec = json!({"workloadType": "deployment", "resources": []});
        for field in [
            "resources",
            "validations",
            "preRenderValidations",
            "postRenderValidations",
        ] {
            if !input[field].is_null() {
                spec[field] = input[field].clone();
            }
        }
        let own = check_type(&with_schemas(&spec, input), text(input, "basePath"))?;
        compare(&own, result(row))
    });
}

#[test]
fn traits_are_checked_as_in_the_reference() {
    let function = "component.ValidateClusterTraitCreatesAndPatchesWithSchema";
    Table::of(TABLE, function).check(|row| {
        let spec = with_schemas(&row["input"]["ct"]["spec"], &row["input"]);
        compare(&check_trait(&spec, "spec")?, result(row))
    });
    Table::of(TABLE, "component.ValidateTraitSpec").check(|row| {
        let spec = with_schemas(&row["input"]["spec"], &row["input"]);
        compare(
            &check_trait(&spec, text(&row["input"], "basePath"))?,
            result(row),
        )
    });
    Table::of(TABLE, "component.ValidateTraitCreateTemplates").check(|row| {
        let creates = row["input"]["creates"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        compare(
            &check_trait(&json!({"creates": creates}), "spec")?,
            result(row),
        )
    });
}

#[test]
fn objects_are_checked_as_in_the_reference() {
    Table::of(TABLE, "component.ValidateResourceTemplateStructure").check(|row| {
        let mut found = Diagnostics::default();
        let (template, path) = (&row["input"]["template"], text(&row["input"], "fieldPath"));
        if template.is_null() {
            found.push(path, "template is required");
        } else {
            template::structure(template, path, &mut found);
        }
        compare(&found, &row["output"]["result1"])
    });
    Table::of(TABLE, "component.ValidateWorkloadResources").check(|row| {
        let input = &row["input"];
        let resources = input["resources"].as_array().cloned().unwrap_or_default();
        let resources: Vec<ResourceTemplate> = decode(&json!(resources))?;
        let workload_type = decode(&input["workloadType"])?;
        let mut found = structures(&resources, text(input, "basePath"));
        template::workload(
            workload_type,
            &resources,
            text(input, "basePath"),
            &mut found,
        );
        compare(&found, result(row))
    });
    Table::of(TABLE, "component.isAllowedNamespaceValue").check(|row| {
        agree(
            &json!(template::is_cell(text(&row["input"], "val"))),
            result(row),
        )
    });
    Table::of(TABLE, "component.IsWorkloadResourceKind").check(|row| {
        agree(
            &json!(template::is_workload(text(&row["input"], "kind"))),
            result(row),
        )
    });
    Table::of(TABLE, "component.IsBuiltInWorkloadGVK").check(|row| {
        let (group, kind) = (text(&row["input"], "group"), text(&row["input"], "kind"));
        agree(
            &json!(template::is_built_in_workload(group, kind)),
            result(row),
        )
    });
    Table::of(TABLE, "schemautil.ExtractStructuralSchemas").check(|row| {
        let (input, mut found) = (&row["input"], Diagnostics::default());
        let sections = (
            &decode(&input["parameters"])?,
            &decode(&input["environmentConfigs"])?,
        );
        schemas::check_pair(sections, text(input, "basePath"), &mut found);
        compare(&found, &row["output"]["result2"])
    });
}

/// The traits of a component of a row, and a type with its embedded and allowed ones.
fn uses(input: &Value) -> Result<(Vec<TraitInstance>, ComponentType), String> {
    let list = |name: &str| input[name].as_array().cloned().unwrap_or_default();
    let spec = json!({
        "workloadType": "deployment", "resources": [],
        "traits": list("embeddedTraits"), "allowedTraits": list("allowedTraits"),
    });
    Ok((decode(&json!(list("compTraits")))?, decode(&spec)?))
}

#[test]
fn components_use_traits_as_in_the_reference() {
    let agree = |own: Result<(), String>, row: &Value| match (own, &row["error"]["message"]) {
        (Ok(()), Value::Null) => Ok(()),
        (Err(own), expected) if *expected == *own => Ok(()),
        (own, expected) => Err(format!("{own:?} not {expected}")),
    };
    Table::of(TABLE, "component.ValidateAllowedTraits").check(|row| {
        let (own, spec) = uses(&row["input"])?;
        agree(uses::of_component(&own, &spec), row)
    });
    Table::of(TABLE, "component.ValidateTraitInstanceNameUniqueness").check(|row| {
        let (own, mut spec) = uses(&row["input"])?;
        // These rows ask for names alone.
        let allowed = own
            .iter()
            .map(|instance| json!({"kind": instance.kind, "name": instance.name}));
        spec.allowed_traits = decode(&json!(allowed.collect::<Vec<_>>()))?;
        agree(uses::of_component(&own, &spec), row)
    });
}
