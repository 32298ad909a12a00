//! Patches of traits: JSON-pointer paths with filters and wildcards (reference 3.4).
//!
//! A path is expanded against the object as it was before the operation, and the last of several
//! places is changed first, so that no index shifts under the operation (the reference removes the
//! wrong elements there). A number names a key where there is a map, and an index where there is a
//! list.

mod path;

use serde_json::{Map, Value};

use model::kinds::trait_::PatchOp;

use crate::template::budget::{self, Spent};

use path::Step;
pub use path::expand;

/// A patch cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    message: String,
}

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

/// One operation, its path and value rendered.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// What is done.
    pub op: PatchOp,
    /// Where.
    pub path: String,
    /// With what; ignored by remove.
    pub value: Value,
}

/// Applies operations in order.
///
/// # Errors
/// The first operation that fails, by number; the object is then of no more use.
pub fn apply(object: &mut Value, operations: &[Operation]) -> Result<(), Error> {
    let charge = |spent: Spent| {
        if spent.bytes as u64 > budget::BYTES {
            return Err(Error::new(format!(
                "the patch builds more than {} bytes",
                budget::BYTES
            )));
        }
        Ok(())
    };
    apply_charged(object, operations, &charge, &mut |_, _| {})
}

/// As [`apply`], charging what each operation builds before it does, and telling what it left.
pub(crate) fn apply_charged(
    object: &mut Value,
    operations: &[Operation],
    charge: &dyn Fn(Spent) -> Result<(), Error>,
    done: &mut dyn FnMut(usize, &Value),
) -> Result<(), Error> {
    for (index, operation) in operations.iter().enumerate() {
        apply_one(object, operation, charge)
            .map_err(|error| Error::new(format!("operation #{index} failed: {error}")))?;
        done(index, object);
    }
    Ok(())
}

fn apply_one(
    object: &mut Value,
    operation: &Operation,
    charge: &dyn Fn(Spent) -> Result<(), Error>,
) -> Result<(), Error> {
    let targets = path::expand_steps(object, &operation.path)?;
    if targets.is_empty() {
        return Err(Error::new(format!(
            "path {:?} contains a filter or wildcard but matched 0 elements \
             (filter criteria not met or target does not exist)",
            operation.path
        )));
    }
    charge(Spent::json(&operation.value).times(targets.len()))?;
    for target in targets.iter().rev() {
        let Some((last, parents)) = target.split_last() else {
            let op = operation.op;
            return Err(Error::new(format!(
                "cannot apply {op} operation to root document"
            )));
        };
        match operation.op {
            PatchOp::Add => add(object, parents, last, &operation.value)?,
            PatchOp::Replace => replace(object, parents, last, &operation.value)?,
            PatchOp::Remove => remove(object, parents, last)?,
        }
    }
    Ok(())
}

fn add(object: &mut Value, parents: &[Step], last: &Step, value: &Value) -> Result<(), Error> {
    let parent = make_parents(object, parents, last)?;
    match (parent, last) {
        (Value::Object(map), Step::Key(key)) => {
            map.insert(key.clone(), value.clone());
            Ok(())
        }
        (Value::Array(items), Step::Append) => {
            items.push(value.clone());
            Ok(())
        }
        (Value::Array(items), Step::Index(index)) if *index < items.len() => {
            items.insert(*index, value.clone());
            Ok(())
        }
        (Value::Array(items), Step::Index(index)) => Err(out_of_range(*index, items.len())),
        (parent, step) => Err(mismatch(parent, step)),
    }
}

fn replace(object: &mut Value, parents: &[Step], last: &Step, value: &Value) -> Result<(), Error> {
    match (find(object, parents)?, last) {
        (Value::Object(map), Step::Key(key)) => match map.get_mut(key) {
            Some(slot) => {
                *slot = value.clone();
                Ok(())
            }
            None => Err(Error::new(format!(
                "replace operation failed: key {key:?} does not exist"
            ))),
        },
        (Value::Array(items), Step::Index(index)) => {
            let length = items.len();
            let slot = items
                .get_mut(*index)
                .ok_or_else(|| out_of_range(*index, length))?;
            *slot = value.clone();
            Ok(())
        }
        (parent, step) => Err(mismatch(parent, step)),
    }
}

fn remove(object: &mut Value, parents: &[Step], last: &Step) -> Result<(), Error> {
    match (find(object, parents)?, last) {
        (Value::Object(map), Step::Key(key)) => {
            map.shift_remove(key);
            Ok(())
        }
        (Value::Array(items), Step::Index(index)) if *index < items.len() => {
            items.remove(*index);
            Ok(())
        }
        (Value::Array(items), Step::Index(index)) => Err(out_of_range(*index, items.len())),
        (parent, step) => Err(mismatch(parent, step)),
    }
}

/// The value at a path, which must be there.
fn find<'a>(object: &'a mut Value, path: &[Step]) -> Result<&'a mut Value, Error> {
    path.iter().try_fold(object, |at, step| match (at, step) {
        (Value::Object(map), Step::Key(key)) => map
            .get_mut(key)
            .ok_or_else(|| Error::new(format!("path does not exist at segment {key:?}"))),
        (Value::Array(items), Step::Index(index)) => {
            let length = items.len();
            items
                .get_mut(*index)
                .ok_or_else(|| out_of_range(*index, length))
        }
        (at, step) => Err(mismatch(at, step)),
    })
}

/// The parent of a new value; maps that are missing are made, and an array where the next step
/// appends.
fn make_parents<'a>(
    object: &'a mut Value,
    parents: &[Step],
    last: &Step,
) -> Result<&'a mut Value, Error> {
    let mut at = object;
    for (index, step) in parents.iter().enumerate() {
        let next = parents.get(index + 1).unwrap_or(last);
        at = match (at, step) {
            (Value::Object(map), Step::Key(key)) => {
                let slot = map.entry(key.as_str()).or_insert(Value::Null);
                if slot.is_null() {
                    *slot = match next {
                        Step::Append => Value::Array(Vec::new()),
                        Step::Key(_) | Step::Index(_) => Value::Object(Map::new()),
                    };
                }
                slot
            }
            (Value::Array(items), Step::Index(index)) => {
                let length = items.len();
                items
                    .get_mut(*index)
                    .ok_or_else(|| out_of_range(*index, length))?
            }
            (at, step) => return Err(mismatch(at, step)),
        };
    }
    Ok(at)
}

fn out_of_range(index: usize, length: usize) -> Error {
    Error::new(format!(
        "array index {index} out of bounds (length {length})"
    ))
}

fn mismatch(at: &Value, step: &Step) -> Error {
    if at.is_array() && *step == Step::Append {
        return Error::new("expected array index at segment -");
    }
    Error::new(format!("{step} does not fit {}", crate::go::type_name(at)))
}
