//! What an expression gives, and whether it can work, before any value is there.
//!
//! The algorithm is cel-go's: a type for every node from the inside out, overloads chosen by which of them take the
//! arguments, `dyn` where nothing is known. Macros are checked as what they stand for. Every problem is collected;
//! what has one counts as `dyn` further out, so that one mistake is reported once.

mod declarations;
mod loops;
mod signature;
mod static_type;
mod unify;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::environment::Environment;
use crate::error::{Error, Position};
use crate::library::{self, Function, Style};
use crate::program::{Meaning, Place};
use crate::syntax::{Chain, Entry, Expr, Item, Kind, split_root};
use crate::value::{Type, Value};

pub use declarations::Declarations;
pub(crate) use signature::Signature;
pub use static_type::{ObjectType, StaticType};
use unify::Unifier;

/// Problems that are told of one expression.
const MAX_PROBLEMS: usize = 16;

/// What is known of an expression before evaluation.
pub(crate) struct Checked {
    pub(crate) result: StaticType,
    pub(crate) chosen: Chosen,
}

/// The functions of the calls, by where they stand, that are not the first of their name: which one it is follows
/// from the types of the arguments.
pub(crate) type Chosen = HashMap<usize, &'static Function>;

/// Checks an expression where these variables are declared.
///
/// # Errors
/// Every problem, in the order of the text.
pub(crate) fn check(
    environment: &Environment,
    source: &str,
    tree: &Expr,
    declared: &Declarations,
) -> Result<Checked, Vec<Error>> {
    let mut checker = Checker {
        place: Place {
            environment,
            source,
        },
        declared,
        scope: Vec::new(),
        unifier: Unifier::default(),
        letters: HashMap::new(),
        chosen: Chosen::new(),
        problems: Vec::new(),
    };
    let found = checker.expr(tree);
    let result = checker.unifier.settle(&found);
    if checker.problems.is_empty() {
        let chosen = checker.chosen;
        Ok(Checked { result, chosen })
    } else {
        checker.problems.sort_by_key(|problem| problem.position());
        Err(checker.problems)
    }
}

struct Checker<'a> {
    place: Place<'a>,
    declared: &'a Declarations,
    /// Loop variables from the outermost in.
    scope: Vec<(Arc<str>, StaticType)>,
    unifier: Unifier,
    /// What the letters in the types of variables stand for.
    letters: HashMap<char, StaticType>,
    chosen: Chosen,
    problems: Vec<Error>,
}

impl Checker<'_> {
    fn problem(&mut self, error: Error) -> StaticType {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(error);
        }
        StaticType::Dyn
    }

    fn mismatch(&mut self, at: Range<usize>, message: String) -> StaticType {
        let at = Position::over(self.place.source, at);
        self.problem(Error::Type { at, message })
    }

    /// The type of a node. Delegates at once: this frame is on the stack at every level.
    fn expr(&mut self, expr: &Expr) -> StaticType {
        match &expr.kind {
            Kind::Literal(value) => StaticType::of(value.type_of()),
            Kind::Name(name) => self.name(name, expr),
            Kind::Select {
                operand,
                field,
                optional,
            } => self.select(operand, field, *optional, expr),
            Kind::Index {
                operand,
                index,
                optional,
            } => self.operator(
                if *optional { "_[?_]" } else { "_[_]" },
                &[operand, index],
                expr,
            ),
            Kind::Call { arguments, .. } => self.call(expr, arguments),
            Kind::List(items) => self.list(items),
            Kind::Map(entries) => self.map(entries),
            Kind::Not(operand) => self.operator("!_", &[operand], expr),
            Kind::Negate(operand) => self.operator("-_", &[operand], expr),
            Kind::Chain(chain, operands) => self.chain(*chain, operands, expr),
            Kind::Binary(operator, left, right) => {
                self.operator(operator.name(), &[left, right], expr)
            }
            Kind::Conditional(parts) => {
                let [condition, yes, no] = &**parts;
                self.operator("_?_:_", &[condition, yes, no], expr)
            }
        }
    }

    fn name(&mut self, written: &str, expr: &Expr) -> StaticType {
        let (absolute, name) = split_root(written);
        let mut locals = self.scope.iter().rev();
        let local = locals.find(|(local, _)| !absolute && **local == *name);
        if let Some((_, known)) = local {
            return known.clone();
        }
        if let Some(declared) = self.declared.find(name) {
            return self.unifier.instantiate(declared, &mut self.letters);
        }
        // Where anything may be declared, so may be a variable named like a type.
        if self.declared.is_open() {
            return StaticType::Dyn;
        }
        if let Some(kind) = Type::parse(name) {
            return StaticType::type_of(StaticType::of(kind));
        }
        let at = Position::over(self.place.source, expr.mark());
        self.problem(Error::Undeclared {
            at,
            name: written.to_owned(),
        })
    }

    fn select(&mut self, operand: &Expr, field: &str, optional: bool, expr: &Expr) -> StaticType {
        let local = |name: &str| self.scope.iter().any(|(local, _)| &**local == name);
        if let Some(kind) = self.place.type_named(operand, field, local) {
            return StaticType::type_of(StaticType::of(kind));
        }
        let of = self.expr(operand);
        self.field(&of, field, optional, expr)
    }

    /// The type of a field of a value of a type; an optional where the value is one.
    fn field(&mut self, of: &StaticType, field: &str, optional: bool, expr: &Expr) -> StaticType {
        let of = self.unifier.resolve(of);
        let (of, optional) = match of {
            StaticType::Optional(held) => (StaticType::clone(&held), true),
            other => (other, optional),
        };
        let found = match &of {
            StaticType::Map(entry) => entry.1.clone(),
            StaticType::Object(object) => match object.field(field) {
                Some(found) => found.clone(),
                None => {
                    let message = undefined(field, object);
                    return self.mismatch(expr.mark(), message);
                }
            },
            StaticType::Variable(_) => {
                self.unifier.assign(&StaticType::Dyn, &of);
                StaticType::Dyn
            }
            StaticType::Dyn => StaticType::Dyn,
            other => {
                let message = format!("type '{other}' does not support field selection");
                return self.mismatch(expr.mark(), message);
            }
        };
        if optional {
            StaticType::optional(found)
        } else {
            found
        }
    }

    fn operator(&mut self, name: &str, operands: &[&Expr], expr: &Expr) -> StaticType {
        let operands: Vec<_> = operands.iter().map(|operand| self.expr(operand)).collect();
        self.resolve(
            name,
            signature::operator(name),
            false,
            operands,
            expr.mark(),
        )
    }

    fn chain(&mut self, chain: Chain, operands: &[Expr], expr: &Expr) -> StaticType {
        let name = match chain {
            Chain::Or => "_||_",
            Chain::And => "_&&_",
            Chain::Add => "_+_",
        };
        let mut operands = operands.iter();
        let Some(first) = operands.next() else {
            return StaticType::Dyn;
        };
        let mut so_far = self.expr(first);
        for operand in operands {
            let next = self.expr(operand);
            let pair = vec![so_far, next];
            so_far = self.resolve(name, signature::operator(name), false, pair, expr.mark());
        }
        so_far
    }

    fn list(&mut self, items: &[Item]) -> StaticType {
        let mut joined = None;
        for item in items {
            let found = self.expr(&item.value);
            let found = self.unwrapped(found, item.optional, &item.value);
            joined = Some(self.join(joined, found));
        }
        StaticType::list(joined.unwrap_or_else(|| self.unifier.fresh()))
    }

    fn map(&mut self, entries: &[Entry]) -> StaticType {
        let (mut keys, mut values) = (None, None);
        for entry in entries {
            let key = self.expr(&entry.key);
            keys = Some(self.join(keys, key));
            let value = self.expr(&entry.value);
            let value = self.unwrapped(value, entry.optional, &entry.value);
            values = Some(self.join(values, value));
        }
        let key = keys.unwrap_or_else(|| self.unifier.fresh());
        let value = values.unwrap_or_else(|| self.unifier.fresh());
        StaticType::map(key, value)
    }

    /// What an optional entry of a literal holds.
    fn unwrapped(&mut self, found: StaticType, optional: bool, expr: &Expr) -> StaticType {
        if !optional {
            return found;
        }
        match self.unifier.resolve(&found) {
            StaticType::Optional(held) => StaticType::clone(&held),
            StaticType::Dyn | StaticType::Variable(_) => StaticType::Dyn,
            other => {
                let message = format!("expected type 'optional_type({other})' but found '{other}'");
                self.mismatch(expr.mark(), message)
            }
        }
    }

    /// One type for all that a literal holds: theirs if they agree, else any.
    fn join(&mut self, before: Option<StaticType>, next: StaticType) -> StaticType {
        match before {
            None => next,
            Some(before) if self.unifier.assign(&before, &next) => {
                self.unifier.more_general(&before, &next)
            }
            Some(_) => StaticType::Dyn,
        }
    }

    fn call(&mut self, expr: &Expr, arguments: &[Expr]) -> StaticType {
        let scope = &self.scope;
        let local = |name: &str| scope.iter().any(|(local, _)| &**local == name);
        let meaning = match self.place.meaning(expr, local) {
            Ok(meaning) => meaning,
            Err(error) => {
                self.problem(error);
                // What else is wrong with the arguments of a function that is not there.
                for argument in arguments {
                    self.expr(argument);
                }
                return StaticType::Dyn;
            }
        };
        match meaning {
            Meaning::Has { operand, field } => {
                let of = self.expr(operand);
                self.field(&of, field, false, &arguments[0]);
                StaticType::Bool
            }
            Meaning::Bind {
                variable,
                value,
                body,
            } => {
                let bound = self.expr(value);
                self.within(vec![(variable, bound)], |inner| inner.expr(body))
            }
            Meaning::OptionalMap {
                target,
                variable,
                body,
                flat,
            } => self.optional_map(target, variable, body, flat),
            Meaning::Loop(shape) => self.pass(&shape),
            Meaning::Field { object, field, key } => {
                let of = self.name(&object, expr);
                let found = self.field(&of, &field, false, expr);
                match key {
                    Some(key) => {
                        let key = self.expr(key);
                        let overloads = signature::operator("_[?_]");
                        self.resolve("_[?_]", overloads, false, vec![found, key], expr.mark())
                    }
                    None => found,
                }
            }
            Meaning::Function {
                name,
                style,
                receiver,
            } => self.function(&name, style, receiver, arguments, expr),
        }
    }

    fn function(
        &mut self,
        name: &str,
        style: Style,
        receiver: Option<&Expr>,
        arguments: &[Expr],
        expr: &Expr,
    ) -> StaticType {
        if let (Some(Kind::Literal(Value::String(format))), "format") =
            (receiver.map(|receiver| &receiver.kind), name)
        {
            let items = match arguments {
                [list] => self.items(list),
                _ => None,
            };
            if let Err(error) = library::check_format(format, items.as_deref()) {
                return self.problem(self.place.error(expr.at, error.to_string()));
            }
        }
        let all: Vec<_> = receiver
            .into_iter()
            .chain(arguments)
            .map(|argument| self.expr(argument))
            .collect();
        if style == Style::Global
            && let Some(custom) = self.place.environment.custom(name)
        {
            if let Some(message) = custom.refuses(all.len()) {
                return self.problem(self.place.error(expr.at, message));
            }
            return self.resolve(name, custom.overloads(), false, all, expr.mark());
        }
        let builtins = self.place.environment.builtins();
        let overloads = builtins.signatures(name, style);
        let found = self.matching(overloads, &all);
        if let Some((_, overload)) = found
            && let Some(function) = builtins.other(name, style, overload, all.len())
        {
            self.chosen.insert(expr.at, function);
        }
        self.given(found, name, style == Style::Member, &all, expr.mark())
    }

    /// The types of the items of a list that is written out.
    fn items(&mut self, list: &Expr) -> Option<Vec<StaticType>> {
        let Kind::List(items) = &list.kind else {
            return None;
        };
        if items.iter().any(|item| item.optional) {
            return None;
        }
        // Whatever is wrong with them is told when they are looked at as arguments.
        let told = self.problems.len();
        let types = items.iter().map(|item| self.expr(&item.value)).collect();
        self.problems.truncate(told);
        Some(types)
    }

    /// The result of the overloads that take these arguments.
    fn resolve(
        &mut self,
        name: &str,
        overloads: &[Signature],
        member: bool,
        arguments: Vec<StaticType>,
        at: Range<usize>,
    ) -> StaticType {
        let found = self.matching(overloads, &arguments);
        self.given(found, name, member, &arguments, at)
    }

    /// The result of the overloads that take these arguments, and the first of them.
    fn matching(
        &mut self,
        overloads: &[Signature],
        arguments: &[StaticType],
    ) -> Option<(StaticType, usize)> {
        let mut result: Option<(StaticType, usize)> = None;
        for (index, overload) in overloads.iter().enumerate() {
            if overload.is_fallback() && result.is_some() {
                continue;
            }
            let Some(parameters) = overload.parameters(arguments.len()) else {
                continue;
            };
            let mut letters = HashMap::new();
            let parameters: Vec<_> = parameters
                .map(|parameter| self.unifier.instantiate(parameter, &mut letters))
                .collect();
            let pairs: Vec<_> = arguments.iter().zip(&parameters).collect();
            if !self.unifier.assign_all(&pairs) {
                continue;
            }
            let given = self.unifier.instantiate(&overload.result, &mut letters);
            let given = self.unifier.resolve(&given);
            result = Some(match result {
                None => (given, index),
                Some((before, first)) if before == given => (before, first),
                Some((_, first)) => (StaticType::Dyn, first),
            });
        }
        result
    }

    /// The result that was found, or the problem that there is none.
    fn given(
        &mut self,
        found: Option<(StaticType, usize)>,
        name: &str,
        member: bool,
        arguments: &[StaticType],
        at: Range<usize>,
    ) -> StaticType {
        match found {
            Some((result, _)) => result,
            None => {
                let message = no_overload(name, member, arguments, &mut self.unifier);
                self.mismatch(at, message)
            }
        }
    }

    /// Runs `inner` with these variables in scope.
    fn within<T>(
        &mut self,
        variables: Vec<(Arc<str>, StaticType)>,
        inner: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let outside = self.scope.len();
        self.scope.extend(variables);
        let result = inner(self);
        self.scope.truncate(outside);
        result
    }
}

fn no_overload(
    name: &str,
    member: bool,
    arguments: &[StaticType],
    unifier: &mut Unifier,
) -> String {
    let types: Vec<_> = arguments
        .iter()
        .map(|argument| unifier.settle(argument).to_string())
        .collect();
    let applied = match (&*types, member) {
        ([receiver, rest @ ..], true) => format!("{receiver}.({})", rest.join(", ")),
        (all, _) => format!("({})", all.join(", ")),
    };
    format!("found no matching overload for '{name}' applied to '{applied}'")
}

/// That a field is not there, and which one may be meant.
fn undefined(field: &str, object: &ObjectType) -> String {
    /// More are not read.
    const LISTED: usize = 12;
    let known: Vec<_> = object.fields().collect();
    let near = known
        .iter()
        .map(|name| (distance(field, name), name))
        .filter(|(distance, name)| *distance <= name.len().max(field.len()).div_ceil(3))
        .min();
    let advice = match (near, &*known) {
        (Some((_, name)), _) => format!("; did you mean '{name}'?"),
        (None, []) => "; it has no fields".to_owned(),
        (None, known) if known.len() <= LISTED => format!("; it has {}", known.join(", ")),
        (None, _) => String::new(),
    };
    format!("undefined field '{field}' on '{}'{advice}", object.name())
}

/// Edits that make one name of the other (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, symbol) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (index, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(symbol != *other);
            diagonal = row[index + 1];
            row[index + 1] = replaced.min(diagonal + 1).min(row[index] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests;
