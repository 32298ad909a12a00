//! Templates of objects: what each must say literally, and may not say.

use serde_json::Value;

use model::{
    Diagnostics,
    kinds::{
        component_type::WorkloadType,
        template::{FreeForm, ResourceTemplate},
    },
};

use expr::Declarations;

use super::expressions::Expressions;
use crate::object;

/// Kinds that run pods for as long as they are wanted.
const WORKLOADS: [&str; 5] = ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job"];

/// Whether a kind is one of the workloads, in any case.
pub(super) fn is_workload(kind: &str) -> bool {
    WORKLOADS
        .iter()
        .any(|workload| workload.eq_ignore_ascii_case(kind))
}

/// Whether a kind of a group is a workload of Kubernetes itself.
pub(super) fn is_built_in_workload(group: &str, kind: &str) -> bool {
    matches!(group, "apps" | "batch") && is_workload(kind)
}

/// One template: its condition, its loop, its expressions and its structure.
pub(super) fn resource(
    expressions: &Expressions,
    resource: &ResourceTemplate,
    names: &Declarations,
    path: &str,
    diagnostics: &mut Diagnostics,
) {
    let condition = resource.include_when.as_deref();
    let each = (resource.for_each.as_deref(), resource.var.as_deref());
    expressions.condition(
        "includeWhen",
        condition,
        names,
        &format!("{path}.includeWhen"),
        diagnostics,
    );
    let inner = expressions.in_loop(each, names, path, diagnostics);
    body(
        expressions,
        &resource.template,
        &inner,
        &format!("{path}.template"),
        diagnostics,
    );
}

/// The body of a template: its expressions and its structure.
pub(super) fn body(
    expressions: &Expressions,
    template: &FreeForm,
    names: &Declarations,
    path: &str,
    diagnostics: &mut Diagnostics,
) {
    if template.is_empty() {
        return diagnostics.push(path, "template is required");
    }
    let body = Value::Object(template.clone());
    expressions.template(&body, names, path, diagnostics);
    structure(&body, path, diagnostics);
}

/// `apiVersion`, `kind` and `metadata.name` are there, the kind is literal, the namespace is the cell.
pub(super) fn structure(body: &Value, path: &str, diagnostics: &mut Diagnostics) {
    let fields = [
        ("apiVersion", object::api_version(body)),
        ("kind", object::kind(body)),
        ("metadata.name", object::name(body)),
    ];
    for (field, value) in fields {
        if value.is_empty() {
            let message = format!("{field} is required in resource template");
            diagnostics.push(format!("{path}.{field}"), message);
        }
    }
    if object::kind(body).contains("${") {
        let message = "kind must be a literal value, not a template expression";
        diagnostics.push(format!("{path}.kind"), message);
    }
    let namespace = object::namespace(body);
    if !namespace.is_empty() && !is_cell(namespace) {
        diagnostics.push_hint(
            format!("{path}.metadata.namespace"),
            format!("if metadata.namespace is specified, it must be \"${{metadata.namespace}}\", not {namespace:?}"),
            "leave it out: the platform fills it in",
        );
    }
}

/// Whether a namespace is `${metadata.namespace}`, with blanks anywhere around.
pub(super) fn is_cell(namespace: &str) -> bool {
    let inner = namespace
        .trim()
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'));
    inner.is_some_and(|inner| inner.trim() == "metadata.namespace")
}

/// Exactly one template is the workload of the type; a proxy has none.
pub(super) fn workload(
    workload_type: WorkloadType,
    resources: &[ResourceTemplate],
    path: &str,
    diagnostics: &mut Diagnostics,
) {
    let kind_of = |resource: &ResourceTemplate| -> String {
        let kind = resource
            .template
            .get("kind")
            .and_then(Value::as_str)
            .unwrap_or_default();
        kind.to_owned()
    };
    let kinds: Vec<_> = resources.iter().map(kind_of).collect();
    let wanted = workload_type.as_str();
    let place = |index: usize| format!("{path}[{index}].template.kind");
    let proxy = workload_type == WorkloadType::Proxy;
    for (index, kind) in kinds.iter().enumerate() {
        if !is_workload(kind) || !proxy && kind.eq_ignore_ascii_case(wanted) {
            continue;
        }
        let message = match proxy {
            true => format!(
                "workloadType \"proxy\" must not have workload resources, got kind {kind:?}"
            ),
            false => format!(
                "resource kind {kind:?} is a workload type that does not match the declared \
                 workloadType {wanted:?}; only one workload resource is allowed"
            ),
        };
        diagnostics.push(place(index), message);
    }
    if proxy {
        return;
    }
    let matching: Vec<_> = (0..kinds.len())
        .filter(|index| kinds[*index].eq_ignore_ascii_case(wanted))
        .collect();
    let rule = format!("must have exactly one resource with kind matching workloadType {wanted:?}");
    match *matching {
        [_] => {}
        [] => diagnostics.push(path, rule),
        [..] => {
            for index in &matching {
                diagnostics.push(place(*index), format!("duplicate value: {wanted:?}"));
            }
            diagnostics.push(path, format!("{rule}, found {}", matching.len()));
        }
    }
}
