//! Conditions of bindings: compiled once, evaluated within a budget, and closed where they fail.

use std::sync::LazyLock;

use expr::{Bindings, Declarations, Environment, Key, Limits, Program, StaticType, Value};
use model::kinds::authz_role_binding::AuthzCondition;

use crate::{Action, Attribute, Attributes, pattern::Patterns};

/// What a condition may cost. Conditions compare a few short texts; whoever needs more does not
/// decide about access.
const LIMITS: Limits = Limits {
    source_bytes: 16 << 10,
    depth: 64,
    steps: 10_000,
    bytes: 256 << 10,
};

/// What conditions are compiled in.
pub(crate) fn environment() -> &'static Environment {
    static ENVIRONMENT: LazyLock<Environment> =
        LazyLock::new(|| Environment::builder().limits(LIMITS).build());
    &ENVIRONMENT
}

/// What conditions may name: one map, whose fields are the attributes.
pub(crate) fn declared() -> Declarations {
    let fields = StaticType::map(StaticType::String, StaticType::Dyn);
    Declarations::new().with(Attribute::VARIABLE, fields)
}

/// A restriction on some actions.
#[derive(Debug)]
pub(crate) struct Condition {
    about: Patterns,
    expression: String,
    program: Result<Program, expr::Error>,
}

/// What the conditions of a grant say of an action on an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// No condition is about the action.
    Free,
    /// One of those that are holds.
    Holds,
    /// None holds.
    Fails,
    /// One could not be evaluated, so that nobody knows what it was to say.
    Broken,
}

impl Condition {
    pub(crate) fn compile(condition: &AuthzCondition) -> Self {
        Self {
            about: Patterns::new(&condition.actions),
            program: compile(&condition.expression),
            expression: condition.expression.clone(),
        }
    }

    pub(crate) fn is_about(&self, action: &Action) -> bool {
        self.about.matches(action)
    }

    pub(crate) fn expression(&self) -> &str {
        &self.expression
    }

    /// Why it cannot be evaluated.
    pub(crate) fn fault(&self) -> Option<&expr::Error> {
        self.program.as_ref().err()
    }

    fn evaluate(&self, bindings: &Bindings) -> Outcome {
        match self.program.as_ref().map(|it| it.evaluate(bindings)) {
            Ok(Ok(Value::Bool(true))) => Outcome::Holds,
            Ok(Ok(Value::Bool(false))) => Outcome::Fails,
            Ok(_) | Err(_) => Outcome::Broken,
        }
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.about == other.about && self.expression == other.expression
    }
}

fn compile(expression: &str) -> Result<Program, expr::Error> {
    let problems = environment().check(expression, &declared()).err();
    match problems.and_then(|problems| problems.into_iter().next()) {
        Some(problem) => Err(problem),
        None => environment().compile(expression),
    }
}

/// What these conditions say: of those that are about the action one must hold, and none may be broken.
pub(crate) fn outcome(conditions: &[Condition], action: &Action, given: &Attributes) -> Outcome {
    let mut about = conditions
        .iter()
        .filter(|it| it.is_about(action))
        .peekable();
    if about.peek().is_none() {
        return Outcome::Free;
    }
    let bindings = bindings(action, given);
    let mut so_far = Outcome::Fails;
    for condition in about {
        match condition.evaluate(&bindings) {
            Outcome::Broken => return Outcome::Broken,
            Outcome::Holds => so_far = Outcome::Holds,
            Outcome::Free | Outcome::Fails => {}
        }
    }
    so_far
}

/// The variables of conditions on an action: its own attributes and no others, so that a condition
/// which names another is broken rather than false.
fn bindings(action: &Action, given: &Attributes) -> Bindings {
    let attributes = action.attributes();
    if attributes.is_empty() {
        return Bindings::new();
    }
    let fields = attributes.iter().map(|attribute| {
        let value = Value::from(given.value(*attribute));
        (Key::string(attribute.field()), value)
    });
    Bindings::new().with(Attribute::VARIABLE, Value::map(fields.collect()))
}
