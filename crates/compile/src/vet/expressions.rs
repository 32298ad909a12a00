//! Expressions: that they are wrapped, compile, name what is there and give what is wanted.

use serde_json::Value;

use expr::{Declarations, ReadPath, StaticType};
use model::{Diagnostics, kinds::template::PostRenderValidation};

use super::variables;
use crate::{
    functions::Methods,
    render,
    template::{Engine, find_expressions},
};

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
        names: &Declarations,
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
        names: &Declarations,
        path: &str,
        diagnostics: &mut Diagnostics,
    ) {
        let found = match find_expressions(text) {
            Ok(found) => found,
            Err(error) => return diagnostics.push(path, error.to_string()),
        };
        for expression in found {
            if let Err(reason) = self.check(expression.source, names) {
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
        names: &Declarations,
        path: &str,
        diagnostics: &mut Diagnostics,
    ) {
        let fits = |found: &StaticType| matches!(found, StaticType::Bool | StaticType::Dyn);
        self.alone((what, "boolean"), text, names, path, diagnostics, fits);
    }

    /// The variables inside of a loop, if there is a loop, over an expression that must give a list or a map.
    pub(super) fn in_loop(
        &self,
        (for_each, var): (Option<&str>, Option<&str>),
        names: &Declarations,
        path: &str,
        diagnostics: &mut Diagnostics,
    ) -> Declarations {
        use StaticType::{Dyn, List, Map};
        let fits = |found: &StaticType| matches!(found, List(_) | Map(_) | Dyn);
        let what = ("forEach", "list or map");
        let path = format!("{path}.forEach");
        let range = self.alone(what, for_each, names, &path, diagnostics, fits);
        match for_each.filter(|each| !each.is_empty()) {
            Some(_) => {
                let range = range.unwrap_or(Dyn);
                variables::in_loop(names, render::variable(var), &range)
            }
            None => names.clone(),
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one private step under two names"
    )]
    fn alone(
        &self,
        (what, wanted): (&str, &str),
        text: Option<&str>,
        names: &Declarations,
        path: &str,
        diagnostics: &mut Diagnostics,
        fits: impl Fn(&StaticType) -> bool,
    ) -> Option<StaticType> {
        let text = text.filter(|text| !text.is_empty())?;
        let Some(alone) = self::alone(text) else {
            diagnostics.push(path, format!("{what} must be wrapped in ${{...}}"));
            return None;
        };
        let reason = match self.check(alone, names) {
            Err(reason) => reason,
            Ok(given) if !fits(&given) => {
                let whose = if what == "forEach" { "forEach " } else { "" };
                format!("{whose}expression must return {wanted}, got {given}")
            }
            Ok(given) => return Some(given),
        };
        diagnostics.push_hint(path, format!("{what} must return {wanted}: {reason}"), HINT);
        None
    }

    /// The type of a text that is one expression and no more, if it can be told.
    pub(super) fn type_of(&self, text: &str, names: &Declarations) -> Option<StaticType> {
        match &*find_expressions(text).ok()? {
            [only] if text[only.start..only.end] == *text.trim() => {
                self.check(only.source, names).ok()
            }
            _ => None,
        }
    }

    /// What the expressions of a text read of a variable.
    pub(super) fn paths(&self, text: &str, variable: &str) -> Vec<ReadPath> {
        self.engine.paths(text, variable)
    }

    /// The type that an expression gives.
    fn check(&self, source: &str, names: &Declarations) -> Result<StaticType, String> {
        let checked = self.engine.environment().check(source, names);
        checked.map_err(|errors| {
            let rendered: Vec<_> = errors.iter().map(|error| error.render(source)).collect();
            rendered.join("\n")
        })
    }

    /// Post-render rules: `where` and `rule` see the object and the loop variable, `when` neither.
    pub(super) fn post_rules(
        &self,
        rules: &[PostRenderValidation],
        names: &Declarations,
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
            let each = (rule.for_each.as_deref(), rule.var.as_deref());
            let inner = self
                .in_loop(each, names, &path, diagnostics)
                .with("resource", StaticType::Dyn);
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

/// The one expression that a text is, with blanks around it at most.
pub(super) fn alone(text: &str) -> Option<&str> {
    match *find_expressions(text).ok()? {
        [expression] if text[expression.start..expression.end] == *text.trim() => {
            Some(expression.source.trim())
        }
        _ => None,
    }
}

const HINT: &str = "correct the expression between ${ and }";
