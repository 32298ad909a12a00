//! Evaluation of programs.
//!
//! A walk over the nodes, with a budget that every node and every built byte is charged to. The
//! stack is as deep as the tree, which the parser bounds. `&&`, `||`, `all` and `exists` absorb an
//! error when another operand decides the result; no operator absorbs a limit.

mod access;
mod budget;
mod loops;
mod operator;

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::error::Error;
use crate::program::{Arithmetic, Callee, Comparison, Node, Root};
use crate::value::{Key, Map, Value};

pub use budget::Budget;
#[cfg(feature = "kubernetes")]
pub(crate) use operator::add;

/// Evaluates a program whose references have these values.
pub(crate) fn run(
    root: &Node,
    globals: &[Option<&Value>],
    slots: usize,
    budget: &mut Budget,
) -> Result<Value, Error> {
    // The commonest expression is a field of a variable.
    if let (Node::Path(Root::Global(_), path), [Some(start)]) = (root, globals) {
        budget.step()?;
        return walk(start, path).map(Cow::into_owned);
    }
    let mut machine = Machine {
        globals,
        locals: smallvec::smallvec![Value::Null; slots],
        budget,
    };
    machine.value(root)
}

struct Machine<'a> {
    /// Absent only for names that are types.
    globals: &'a [Option<&'a Value>],
    locals: SmallVec<[Value; 2]>,
    budget: &'a mut Budget,
}

impl Machine<'_> {
    /// Delegates at once: this frame is on the stack at every level.
    fn value(&mut self, node: &Node) -> Result<Value, Error> {
        self.budget.step()?;
        match node {
            Node::Constant(value) => Ok(value.clone()),
            Node::Path(root, path) => self.path(*root, path).map(Cow::into_owned),
            Node::TypeName(global, kind) => {
                Ok(self.global(*global).cloned().unwrap_or(Value::Type(*kind)))
            }
            Node::Select(operand, field) => self.select(operand, field),
            Node::OptionalSelect(operand, field) => self.optional_select(operand, field),
            Node::Has(operand, field) => self.has(operand, field),
            Node::Index(operand, index) => self.index(operand, index),
            Node::OptionalIndex(operand, index) => self.optional_index(operand, index),
            Node::And(operands) => self.junction(operands, false),
            Node::Or(operands) => self.junction(operands, true),
            Node::Not(operand) => self.not(operand),
            Node::Negate(operand) => self.negate(operand),
            Node::Conditional(parts) => self.conditional(parts),
            Node::Sum(operands) => self.sum(operands),
            Node::Arithmetic(kind, left, right) => self.arithmetic(*kind, left, right),
            Node::Equal(left, right) => self.equal(left, right, true),
            Node::NotEqual(left, right) => self.equal(left, right, false),
            Node::Compare(kind, left, right) => self.compare(*kind, left, right),
            Node::In(item, range) => self.contains(item, range),
            Node::List(items) => self.list(items),
            Node::Map(entries) => self.map(entries),
            Node::Call(callee, arguments) => self.call(callee, arguments),
            Node::Loop(pass) => self.pass(pass),
            Node::Bind { slot, value, body } => {
                let value = self.value(value)?;
                self.bind(*slot, value);
                self.value(body)
            }
            Node::OrValue(parts) => self.or_value(parts),
            Node::OrOptional(parts) => self.or_optional(parts),
            Node::OptionalMap {
                target,
                slot,
                body,
                flat,
            } => self.optional_map(target, *slot, body, *flat),
        }
    }

    fn global(&self, index: usize) -> Option<&Value> {
        self.globals.get(index).copied().flatten()
    }

    /// Walks a path by reference.
    fn path(&self, root: Root, path: &[Key]) -> Result<Cow<'_, Value>, Error> {
        let start = match root {
            Root::Global(index) => self.global(index),
            Root::Local(slot) => self.locals.get(slot),
        };
        walk(
            start.ok_or_else(|| Error::argument("unbound variable"))?,
            path,
        )
    }

    /// What an operation looks at: by reference where it is there already.
    fn operand<'s>(&'s mut self, node: &'s Node) -> Result<Cow<'s, Value>, Error> {
        match node {
            Node::Constant(value) => Ok(Cow::Borrowed(value)),
            Node::Path(root, path) => {
                self.budget.step()?;
                self.path(*root, path)
            }
            other => self.value(other).map(Cow::Owned),
        }
    }

    fn select(&mut self, operand: &Node, field: &Key) -> Result<Value, Error> {
        access::select(&*self.operand(operand)?, field)
    }

    fn optional_select(&mut self, operand: &Node, field: &Key) -> Result<Value, Error> {
        access::optional_select(&*self.operand(operand)?, field)
    }

    fn has(&mut self, operand: &Node, field: &Key) -> Result<Value, Error> {
        access::has(&*self.operand(operand)?, field).map(Value::Bool)
    }

    /// Of what is absent nothing is there at any index, which is not asked for.
    fn index(&mut self, operand: &Node, index: &Node) -> Result<Value, Error> {
        if let Node::Constant(index) = index {
            return access::index(&*self.operand(operand)?, index);
        }
        let operand = self.value(operand)?;
        if matches!(operand, Value::Optional(None)) {
            return Ok(operand);
        }
        access::index(&operand, &*self.operand(index)?)
    }

    /// As [`Self::index`].
    fn optional_index(&mut self, operand: &Node, index: &Node) -> Result<Value, Error> {
        let operand = self.value(operand)?;
        if matches!(operand, Value::Optional(None)) {
            return Ok(operand);
        }
        access::optional_index(&operand, &*self.operand(index)?)
    }

    /// `optional.orValue(otherwise)`, which needs neither the optional nor the other value to be built.
    fn or_value(&mut self, [optional, otherwise]: &[Node; 2]) -> Result<Value, Error> {
        let found = if let Node::OptionalSelect(operand, field) = optional {
            self.budget.step()?;
            access::optional_field(&*self.operand(operand)?, field)?.cloned()
        } else {
            match self.value(optional)? {
                Value::Optional(held) => held.map(|held| Value::clone(&held)),
                other => return Err(no_overload("orValue", &[&other])),
            }
        };
        found.map_or_else(|| self.value(otherwise), Ok)
    }

    /// `optional.or(otherwise)`, where the other one is asked only if the first holds nothing.
    fn or_optional(&mut self, [optional, otherwise]: &[Node; 2]) -> Result<Value, Error> {
        match self.value(optional)? {
            held @ Value::Optional(Some(_)) => Ok(held),
            none @ Value::Optional(None) => match self.value(otherwise)? {
                other @ Value::Optional(_) => Ok(other),
                other => Err(no_overload("or", &[&none, &other])),
            },
            other => Err(no_overload("or", &[&other])),
        }
    }

    fn not(&mut self, operand: &Node) -> Result<Value, Error> {
        operator::not(&self.value(operand)?)
    }

    fn negate(&mut self, operand: &Node) -> Result<Value, Error> {
        operator::negate(&self.value(operand)?)
    }

    fn conditional(&mut self, parts: &[Node; 3]) -> Result<Value, Error> {
        let [condition, yes, no] = parts;
        match self.value(condition)? {
            Value::Bool(true) => self.value(yes),
            Value::Bool(false) => self.value(no),
            other => Err(no_overload("_?_:_", &[&other])),
        }
    }

    fn arithmetic(&mut self, kind: Arithmetic, left: &Node, right: &Node) -> Result<Value, Error> {
        let left = self.value(left)?;
        operator::arithmetic(kind, &left, &*self.operand(right)?)
    }

    fn compare(&mut self, kind: Comparison, left: &Node, right: &Node) -> Result<Value, Error> {
        let left = self.value(left)?;
        operator::compare(kind, &left, &*self.operand(right)?)
    }

    /// `||` where `decisive` is true, `&&` where it is false.
    fn junction(&mut self, operands: &[Node], decisive: bool) -> Result<Value, Error> {
        let mut failure = None;
        for operand in operands {
            match self.value(operand) {
                Ok(Value::Bool(truth)) if truth == decisive => return Ok(Value::Bool(decisive)),
                Ok(Value::Bool(_)) => {}
                Ok(other) => {
                    let name = if decisive { "_||_" } else { "_&&_" };
                    failure.get_or_insert(no_overload(name, &[&other]));
                }
                Err(error) if error.is_limit() => return Err(error),
                Err(error) => {
                    failure.get_or_insert(error);
                }
            }
        }
        failure.map_or(Ok(Value::Bool(!decisive)), Err)
    }

    fn sum(&mut self, operands: &[Node]) -> Result<Value, Error> {
        let mut operands = operands.iter();
        let first = operands
            .next()
            .ok_or_else(|| Error::argument("nothing to add"))?;
        let mut sum = operator::Sum::new(self.value(first)?);
        for operand in operands {
            let value = self.value(operand)?;
            sum.add(value, self.budget)?;
        }
        Ok(sum.finish())
    }

    /// Whether two values are equal, or are not.
    fn equal(&mut self, left: &Node, right: &Node, equal: bool) -> Result<Value, Error> {
        let left = self.value(left)?;
        self.budget.compare(&left)?;
        let found = operator::equal(&left, &*self.operand(right)?)?;
        Ok(Value::Bool(found == equal))
    }

    fn contains(&mut self, item: &Node, range: &Node) -> Result<Value, Error> {
        let item = self.value(item)?;
        let range = self.value(range)?;
        match &range {
            Value::List(items) => {
                self.budget.compare(&range)?;
                Ok(Value::Bool(items.contains(&item)))
            }
            Value::Map(map) => Ok(Value::Bool(
                Key::of(&item).is_some_and(|key| map.contains_key(&key)),
            )),
            other => Err(no_overload("@in", &[&item, other])),
        }
    }

    fn list(&mut self, items: &[(Node, bool)]) -> Result<Value, Error> {
        let mut list = Vec::with_capacity(items.len());
        for (item, optional) in items {
            let value = self.value(item)?;
            if let Some(value) = unwrapped(value, *optional)? {
                list.push(value);
            }
        }
        self.budget.slots(list.len())?;
        Ok(Value::list(list))
    }

    fn map(&mut self, entries: &[(Node, Node, bool)]) -> Result<Value, Error> {
        let mut built = Vec::with_capacity(entries.len());
        for (key, value, optional) in entries {
            let key = match key {
                Node::Constant(key) => literal_key(key)?,
                key => literal_key(&self.value(key)?)?,
            };
            let value = self.value(value)?;
            if let Some(value) = unwrapped(value, *optional)? {
                built.push((key, value));
            }
        }
        self.budget.slots(built.len())?;
        distinct(built)
    }

    fn call(&mut self, callee: &Callee, arguments: &[Node]) -> Result<Value, Error> {
        let mut values = SmallVec::<[Value; 3]>::new();
        for argument in arguments {
            values.push(self.value(argument)?);
        }
        match callee {
            Callee::Library(function) => (function.body)(&values, self.budget),
            Callee::Custom(custom) => {
                for value in &values {
                    self.budget.compare(value)?;
                }
                let value = custom.call(&values)?;
                self.budget.built(&value)?;
                Ok(value)
            }
        }
    }

    fn optional_map(
        &mut self,
        target: &Node,
        slot: usize,
        body: &Node,
        flat: bool,
    ) -> Result<Value, Error> {
        let target = self.value(target)?;
        let Value::Optional(held) = target else {
            return Err(no_overload("optMap", &[&target]));
        };
        let Some(held) = held else {
            return Ok(Value::Optional(None));
        };
        self.bind(slot, Value::clone(&held));
        let result = self.value(body)?;
        match (flat, result) {
            (false, result) => Ok(Value::some(result)),
            (true, result @ Value::Optional(_)) => Ok(result),
            (true, other) => Err(no_overload("optFlatMap", &[&other])),
        }
    }

    fn bind(&mut self, slot: usize, value: Value) {
        if let Some(place) = self.locals.get_mut(slot) {
            *place = value;
        }
    }
}

/// The value to put into a literal, or `None` where an optional one is absent.
fn unwrapped(value: Value, optional: bool) -> Result<Option<Value>, Error> {
    match (optional, value) {
        (false, value) => Ok(Some(value)),
        (true, Value::Optional(held)) => Ok(held.map(|held| Value::clone(&held))),
        (true, other) => Err(Error::argument(format!(
            "cannot initialize optional entry from non-optional value of type {}",
            other.type_of().name()
        ))),
    }
}

/// The value at a path of fields.
fn walk<'v>(start: &'v Value, path: &[Key]) -> Result<Cow<'v, Value>, Error> {
    let mut current = start;
    for (depth, field) in path.iter().enumerate() {
        match current {
            Value::Map(map) => {
                current = map
                    .get(field)
                    .ok_or_else(|| Error::NoSuchKey(field.to_string()))?;
            }
            // What follows an optional is optional; that builds values, so it leaves the path.
            other => {
                let rest = &path[depth..];
                return rest
                    .iter()
                    .try_fold(other.clone(), |value, field| access::select(&value, field))
                    .map(Cow::Owned);
            }
        }
    }
    Ok(Cow::Borrowed(current))
}

/// The map of these entries.
///
/// # Errors
/// A key is there twice.
fn distinct(entries: Vec<(Key, Value)>) -> Result<Value, Error> {
    let map = Map::from_distinct(entries);
    map.map(Value::map)
        .map_err(|twice| Error::DuplicateKey(twice.to_string()))
}

fn literal_key(value: &Value) -> Result<Key, Error> {
    let wrong = || Error::argument(format!("unsupported key type: {}", value.type_of().name()));
    Key::of(value).ok_or_else(wrong)
}

/// The error for operands that no overload of `function` takes.
pub(crate) fn no_overload(function: &str, operands: &[&Value]) -> Error {
    let types: Vec<_> = operands
        .iter()
        .map(|value| value.type_of().name())
        .collect();
    Error::NoSuchOverload(format!("{function} applied to ({})", types.join(", ")))
}
