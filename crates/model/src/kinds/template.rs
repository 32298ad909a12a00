//! Parts of types and traits: templates of Kubernetes objects, schemas and rules.
//!
//! Texts in `${…}` are expressions; `compile` reads them, this crate checks only that they are
//! wrapped.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::text_enum::text_enum;
use crate::Diagnostics;

/// A tree whose shape someone else defines.
pub type FreeForm = Map<String, Value>;

/// An expression alone: `${`, anything, `}`.
pub(crate) const EXPRESSION: &str = r"^\$\{[\s\S]+\}\s*$";
/// The name of a loop variable.
pub(crate) const VARIABLE: &str = "^[a-zA-Z_][a-zA-Z0-9_]*$";

text_enum! {
    /// Which plane of an environment receives an object.
    #[derive(Default)]
    pub enum TargetPlane {
        /// The data plane.
        #[default]
        DataPlane = "dataplane",
        /// The observability plane of the data plane.
        ObservabilityPlane = "observabilityplane",
    }
}

/// The schema of parameters that users of a type or trait may set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SchemaSection {
    /// An OpenAPI v3 schema, with defaults.
    #[serde(
        rename = "openAPIV3Schema",
        default,
        skip_serializing_if = "Map::is_empty"
    )]
    pub open_api_v3_schema: FreeForm,
}

/// A condition that must hold before anything is rendered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ValidationRule {
    /// The condition, an expression.
    #[schemars(regex(pattern = EXPRESSION))]
    pub rule: String,
    /// What users read when it does not hold.
    #[schemars(length(min = 1))]
    pub message: String,
}

/// A template of Kubernetes objects.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceTemplate {
    /// Name of the template within its type.
    #[schemars(length(min = 1))]
    pub id: String,
    /// Which plane receives the objects.
    #[serde(default)]
    pub target_plane: TargetPlane,
    /// Rendered only if this expression is true; absent: always.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = EXPRESSION))]
    pub include_when: Option<String>,
    /// Rendered once for each entry of this list or map.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = EXPRESSION))]
    pub for_each: Option<String>,
    /// Name of the loop variable; required with `forEach`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = VARIABLE))]
    pub var: Option<String>,
    /// The object, with expressions in its texts.
    pub template: FreeForm,
}

/// Picks rendered objects.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PatchTarget {
    /// API group; empty for the core group.
    pub group: String,
    /// API version.
    #[schemars(length(min = 1))]
    pub version: String,
    /// Kind.
    #[schemars(length(min = 1))]
    pub kind: String,
    /// Only those for which this expression over `resource` is true.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = EXPRESSION))]
    pub condition: Option<String>,
}

/// Picks the rendered objects that a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ValidationTarget {
    /// API group; empty for the core group.
    pub group: String,
    /// API version.
    #[schemars(length(min = 1))]
    pub version: String,
    /// Kind.
    #[schemars(length(min = 1))]
    pub kind: String,
    /// Only those for which this expression over `resource` is true.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = EXPRESSION))]
    pub condition: Option<String>,
    /// Whether it is an error that no object is picked.
    #[serde(default = "yes")]
    pub must_match: bool,
}

impl ValidationTarget {
    /// What it picks, without the question whether anything must be picked.
    #[must_use]
    pub fn picks(&self) -> PatchTarget {
        PatchTarget {
            group: self.group.clone(),
            version: self.version.clone(),
            kind: self.kind.clone(),
            condition: self.condition.clone(),
        }
    }
}

/// A loop needs a name for its variable.
pub(crate) fn check_loop(
    for_each: Option<&String>,
    var: Option<&String>,
    path: &str,
    diagnostics: &mut Diagnostics,
) {
    if for_each.is_some() && var.is_none() {
        diagnostics.push_hint(
            format!("{path}.var"),
            "var is required when forEach is specified",
            "name the loop variable, as `var: item`",
        );
    }
}

/// Rules go under one name.
pub(crate) fn check_rule_names(
    older: &[ValidationRule],
    newer: &[ValidationRule],
    path: &str,
    diagnostics: &mut Diagnostics,
) {
    if !older.is_empty() && !newer.is_empty() {
        diagnostics.push_hint(
            format!("{path}.validations"),
            format!(
                "set only one of {path}.validations or {path}.preRenderValidations; validations is \
                 deprecated, use preRenderValidations"
            ),
            "move the rules to preRenderValidations",
        );
    }
}

/// The rules that hold before rendering, under whichever of the two names they stand.
pub(crate) fn pre_render_rules<'a>(
    older: &'a [ValidationRule],
    newer: &'a [ValidationRule],
) -> (&'static str, &'a [ValidationRule]) {
    if newer.is_empty() {
        ("validations", older)
    } else {
        ("preRenderValidations", newer)
    }
}

/// The loops of rules over what was rendered.
pub(crate) fn check_post_render(
    rules: &[PostRenderValidation],
    path: &str,
    diagnostics: &mut Diagnostics,
) {
    for (index, rule) in rules.iter().enumerate() {
        let path = format!("{path}.postRenderValidations[{index}]");
        check_loop(
            rule.for_each.as_ref(),
            rule.var.as_ref(),
            &path,
            diagnostics,
        );
    }
}

/// The loops of templates.
pub(crate) fn check_templates(
    templates: &[ResourceTemplate],
    path: &str,
    diagnostics: &mut Diagnostics,
) {
    for (index, template) in templates.iter().enumerate() {
        let path = format!("{path}.resources[{index}]");
        check_loop(
            template.for_each.as_ref(),
            template.var.as_ref(),
            &path,
            diagnostics,
        );
    }
}

const fn yes() -> bool {
    true
}

/// A condition that must hold for what was rendered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PostRenderValidation {
    /// Checked only if this expression is true; absent: always.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = EXPRESSION))]
    pub when: Option<String>,
    /// Checked once for each entry of this list or map.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = EXPRESSION))]
    pub for_each: Option<String>,
    /// Name of the loop variable; required with `forEach`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = VARIABLE))]
    pub var: Option<String>,
    /// The objects that it is about.
    pub target: ValidationTarget,
    /// The plane whose objects are looked at.
    #[serde(default)]
    pub target_plane: TargetPlane,
    /// The condition, an expression over `resource`.
    #[schemars(regex(pattern = EXPRESSION))]
    pub rule: String,
    /// What users read when it does not hold.
    #[schemars(length(min = 1))]
    pub message: String,
}
