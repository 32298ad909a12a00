//! Traits: additions to what a component renders to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    template::{
        self, EXPRESSION, FreeForm, PatchTarget, PostRenderValidation, SchemaSection, TargetPlane,
        VARIABLE, ValidationRule,
    },
    text_enum::text_enum,
};
use crate::{Diagnostics, Kind, KindName, Scope, kind::NoStatus};

/// Spec of a trait.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trait {
    /// What components with this trait may set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<SchemaSection>,
    /// What bindings of such components may set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment_configs: Option<SchemaSection>,
    /// Objects that it adds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub creates: Vec<TraitCreate>,
    /// Changes that it makes to objects of the type and of earlier traits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<TraitPatch>,
    /// Objects that it takes away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removes: Vec<TraitRemove>,
    /// Older name of `preRenderValidations`; only one of the two may be used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("deprecated" = true))]
    pub validations: Vec<ValidationRule>,
    /// Conditions that must hold before anything is rendered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pre_render_validations: Vec<ValidationRule>,
    /// Conditions that must hold for what was rendered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post_render_validations: Vec<PostRenderValidation>,
}

impl Trait {
    /// The rules that the schema does not show, for a trait that stands at `path`.
    pub(super) fn check(&self, path: &str, diagnostics: &mut Diagnostics) {
        let mut check =
            |list: &str, index: usize, for_each: &Option<String>, var: &Option<String>| {
                let path = format!("{path}.{list}[{index}]");
                template::check_loop(for_each.as_ref(), var.as_ref(), &path, diagnostics);
            };
        for (index, create) in self.creates.iter().enumerate() {
            check("creates", index, &create.for_each, &create.var);
        }
        for (index, patch) in self.patches.iter().enumerate() {
            check("patches", index, &patch.for_each, &patch.var);
        }
        for (index, remove) in self.removes.iter().enumerate() {
            check("removes", index, &remove.for_each, &remove.var);
        }
        template::check_rule_names(
            &self.validations,
            &self.pre_render_validations,
            path,
            diagnostics,
        );
        template::check_post_render(&self.post_render_validations, path, diagnostics);
    }

    /// The conditions that must hold before anything is rendered, under whichever name.
    #[must_use]
    pub fn pre_render_rules(&self) -> (&'static str, &[ValidationRule]) {
        template::pre_render_rules(&self.validations, &self.pre_render_validations)
    }
}

/// Objects that a trait adds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TraitCreate {
    /// Which plane receives the objects.
    #[serde(default)]
    pub target_plane: TargetPlane,
    /// Rendered only if this expression is true; absent: always.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = EXPRESSION))]
    pub include_when: Option<String>,
    /// Done once for each entry of this list or map.
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

/// Changes that a trait makes to objects.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TraitPatch {
    /// Done once for each entry of this list or map.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = EXPRESSION))]
    pub for_each: Option<String>,
    /// Name of the loop variable; required with `forEach`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = VARIABLE))]
    pub var: Option<String>,
    /// The objects.
    pub target: PatchTarget,
    /// The plane whose objects are changed.
    #[serde(default)]
    pub target_plane: TargetPlane,
    /// The changes, in order.
    #[schemars(length(min = 1))]
    pub operations: Vec<PatchOperation>,
}

text_enum! {
    /// What a patch does at its path.
    #[derive(Default)]
    pub enum PatchOp {
        /// Sets a member or inserts an item.
        #[default]
        Add = "add",
        /// Sets what is there.
        Replace = "replace",
        /// Takes away what is there.
        Remove = "remove",
    }
}

/// One change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PatchOperation {
    /// What is done.
    pub op: PatchOp,
    /// Where: a JSON pointer with array filters, and with expressions.
    pub path: String,
    /// The value to add or to put in place, with expressions in its texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// Objects that a trait takes away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TraitRemove {
    /// Done once for each entry of this list or map.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = EXPRESSION))]
    pub for_each: Option<String>,
    /// Name of the loop variable; required with `forEach`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = VARIABLE))]
    pub var: Option<String>,
    /// The objects.
    pub target: PatchTarget,
    /// The plane whose objects are taken away.
    #[serde(default)]
    pub target_plane: TargetPlane,
}

impl Kind for Trait {
    const NAME: KindName = KindName::Trait;
    const SHORT_NAMES: &'static [(Scope, &'static str)] = &[
        (Scope::Namespaced, "trait"),
        (Scope::Namespaced, "traits"),
        (Scope::Cluster, "ctrait"),
        (Scope::Cluster, "ctraits"),
    ];
    type Status = NoStatus;

    fn validate(&self, _old: Option<&Self>, _scope: Scope, diagnostics: &mut Diagnostics) {
        self.check("spec", diagnostics);
    }
}
