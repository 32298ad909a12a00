//! Expressions: that they are wrapped, compile, name what is there and give what is wanted.

use serde_json::Value;

use expr::Type;
use model::{Diagnostics, kinds::template::PostRenderValidation};

use crate::{
    functions::Methods,
    render,
    template::{Engine, find_expressions},
};

/// The variables of component types; traits and projects have others.
const COMPONENT: &[&str] = &[
    "metadata",
    "parameters",
    "environmentConfigs",
    "dataplane",
    "environment",
    "gateway",
    "workload",
    "configurations",
    "dependencies",
    crate::functions::DERIVED,
];

/// The variables that an expression may name.
#[derive(Debug, Clone, Default)]
pub(super) struct Names<'a>(Vec<&'a str>);

impl<'a> Names<'a> {
    pub(super) fn of_component_type() -> Self {
        Self(COMPONENT.to_vec())
    }

    pub(super) fn of_trait() -> Self {
        Self::of_component_type().and("trait")
    }

    pub(super) fn of_project() -> Self {
        let names = &[
            "metadata",
            "parameters",
            "environmentConfigs",
            "dataplane",
            "environment",
        ];
        Self(names.to_vec()).and("gateway")
    }

    pub(super) fn of_workflow() -> Self {
        Self(vec!["metadata", "parameters", "workflowplane"])
    }

    pub(super) fn and(&self, name: &'a str) -> Self {
        let mut names = self.0.clone();
        names.push(name);
        Self(names)
    }

    /// With the variable of a loop, if there is a loop.
    pub(super) fn in_loop(&self, for_each: Option<&str>, var: Option<&'a str>) -> Self {
        match for_each.filter(|each| !each.is_empty()) {
            Some(_) => self.and(render::variable(var)),
            None => self.clone(),
        }
    }
}

/// Compiles expressions in the environment in which they will be evaluated.
pub(super) struct Expressions {
    engine: Engine,
}

impl Expressions {
    pub(super) fn new(methods: Methods) -> Self {
        Self {
            engine: Engine::new(methods),
        }
    }

    /// Every expression in a template, in keys and values.
    pub(super) fn template(
        &self,
        value: &Value,
        names: &Names<'_>,
        path: &str,
        diagnostics: &mut Diagnostics,
    ) {
        match value {
            Value::String(text) => self.text(text, names, path, diagnostics),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.template(item, names, &format!("{path}[{index}]"), diagnostics);
                }
            }
            Value::Object(map) => {
                for (key, child) in map {
                    let path = format!("{path}.{key}");
                    self.text(key, names, &path, diagnostics);
                    self.template(child, names, &path, diagnostics);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A text that may hold expressions.
    pub(super) fn text(
        &self,
        text: &str,
        names: &Names<'_>,
        path: &str,
        diagnostics: &mut Diagnostics,
    ) {
        let found = match find_expressions(text) {
            Ok(found) => found,
            Err(error) => return diagnostics.push(path, error.to_string()),
        };
        for expression in found {
            if let Err(reason) = self.compile(expression.source, names) {
                diagnostics.push_hint(
                    path,
                    format!("invalid CEL expression '{}': {reason}", expression.source),
                    HINT,
                );
            }
        }
    }

    /// An expression alone that must give a boolean.
    pub(super) fn condition(
        &self,
        what: &str,
        text: Option<&str>,
        names: &Names<'_>,
        path: &str,
        diagnostics: &mut Diagnostics,
    ) {
        self.alone((what, "boolean"), text, names, path, diagnostics, |found| {
            found == Type::Bool
        });
    }

    /// An expression alone that must give a list or a map.
    pub(super) fn iterable(
        &self,
        text: Option<&str>,
        names: &Names<'_>,
        path: &str,
        diagnostics: &mut Diagnostics,
    ) {
        let fits = |found| matches!(found, Type::List | Type::Map);
        self.alone(
            ("forEach", "list or map"),
            text,
            names,
            path,
            diagnostics,
            fits,
        );
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one private step under two names"
    )]
    fn alone(
        &self,
        (what, wanted): (&str, &str),
        text: Option<&str>,
        names: &Names<'_>,
        path: &str,
        diagnostics: &mut Diagnostics,
        fits: impl Fn(Type) -> bool,
    ) {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return;
        };
        let found = find_expressions(text).unwrap_or_default();
        let [expression] = &*found else {
            return diagnostics.push(path, format!("{what} must be wrapped in ${{...}}"));
        };
        if text[expression.start..expression.end] != *text.trim() {
            return diagnostics.push(path, format!("{what} must be wrapped in ${{...}}"));
        }
        let reason = match self.compile(expression.source, names) {
            Err(reason) => reason,
            Ok(Some(given)) if !fits(given) => {
                format!("expression must return {wanted}, got {}", given.name())
            }
            Ok(_) => return,
        };
        diagnostics.push_hint(path, format!("{what} must return {wanted}: {reason}"), HINT);
    }

    /// The type that an expression gives, where its text alone tells.
    fn compile(&self, source: &str, names: &Names<'_>) -> Result<Option<Type>, String> {
        let program = self
            .engine
            .environment()
            .compile(source)
            .map_err(|error| error.to_string())?;
        program
            .check(|name| names.0.contains(&name))
            .map_err(|error| error.to_string())?;
        Ok(program.result_type())
    }

    /// Post-render rules: `where` and `rule` see the object and the loop variable, `when` neither.
    pub(super) fn post_rules(
        &self,
        rules: &[PostRenderValidation],
        names: &Names<'_>,
        path: &str,
        diagnostics: &mut Diagnostics,
    ) {
        for (index, rule) in rules.iter().enumerate() {
            let path = format!("{path}[{index}]");
            self.condition(
                "when",
                rule.when.as_deref(),
                names,
                &format!("{path}.when"),
                diagnostics,
            );
            let each = rule.for_each.as_deref();
            self.iterable(each, names, &format!("{path}.forEach"), diagnostics);
            let inner = names.in_loop(each, rule.var.as_deref()).and("resource");
            let clause = rule.target.condition.as_deref();
            self.condition(
                "where",
                clause,
                &inner,
                &format!("{path}.target.where"),
                diagnostics,
            );
            self.condition(
                "rule",
                Some(&rule.rule),
                &inner,
                &format!("{path}.rule"),
                diagnostics,
            );
        }
    }
}

const HINT: &str = "correct the expression between ${ and }";
