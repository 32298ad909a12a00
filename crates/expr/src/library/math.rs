//! Numbers.

use std::cmp::Ordering;

use super::{Function, Outcome, global, integer, mismatch};
use crate::error::Error;
use crate::evaluate::Budget;
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    global(
        "math.greatest",
        &[
            "int... -> int",
            "uint... -> uint",
            "double... -> double",
            "list(int) -> int",
            "list(uint) -> uint",
            "list(double) -> double",
            "else list(dyn) -> dyn",
            "else dyn... -> dyn",
        ],
        |arguments, budget| extreme(arguments, budget, true),
    ),
    global(
        "math.least",
        &[
            "int... -> int",
            "uint... -> uint",
            "double... -> double",
            "list(int) -> int",
            "list(uint) -> uint",
            "list(double) -> double",
            "else list(dyn) -> dyn",
            "else dyn... -> dyn",
        ],
        |arguments, budget| extreme(arguments, budget, false),
    ),
    global("math.ceil", &["double -> double"], |arguments, _| {
        rounded("math.ceil", arguments, f64::ceil)
    }),
    global("math.floor", &["double -> double"], |arguments, _| {
        rounded("math.floor", arguments, f64::floor)
    }),
    global("math.round", &["double -> double"], |arguments, _| {
        rounded("math.round", arguments, f64::round)
    }),
    global("math.trunc", &["double -> double"], |arguments, _| {
        rounded("math.trunc", arguments, f64::trunc)
    }),
    global(
        "math.abs",
        &["int -> int", "uint -> uint", "double -> double"],
        abs,
    ),
    global(
        "math.sign",
        &["int -> int", "uint -> uint", "double -> double"],
        sign,
    ),
    global(
        "math.sqrt",
        &["double -> double", "int -> double", "uint -> double"],
        sqrt,
    ),
    global("math.isInf", &["double -> bool"], |arguments, _| {
        tested("math.isInf", arguments, f64::is_infinite)
    }),
    global("math.isNaN", &["double -> bool"], |arguments, _| {
        tested("math.isNaN", arguments, f64::is_nan)
    }),
    global("math.isFinite", &["double -> bool"], |arguments, _| {
        tested("math.isFinite", arguments, f64::is_finite)
    }),
    global(
        "math.bitAnd",
        &["int, int -> int", "uint, uint -> uint"],
        |arguments, _| bits("math.bitAnd", arguments, |l, r| l & r),
    ),
    global(
        "math.bitOr",
        &["int, int -> int", "uint, uint -> uint"],
        |arguments, _| bits("math.bitOr", arguments, |l, r| l | r),
    ),
    global(
        "math.bitXor",
        &["int, int -> int", "uint, uint -> uint"],
        |arguments, _| bits("math.bitXor", arguments, |l, r| l ^ r),
    ),
    global("math.bitNot", &["int -> int", "uint -> uint"], bit_not),
    global(
        "math.bitShiftLeft",
        &["int, int -> int", "uint, int -> uint"],
        |arguments, _| shifted("math.bitShiftLeft", arguments, u64::checked_shl),
    ),
    global(
        "math.bitShiftRight",
        &["int, int -> int", "uint, int -> uint"],
        |arguments, _| shifted("math.bitShiftRight", arguments, u64::checked_shr),
    ),
];

/// The greatest or the least of the arguments, or of the one list given.
fn extreme(arguments: &[Value], budget: &mut Budget, greatest: bool) -> Outcome {
    let name = if greatest {
        "math.greatest"
    } else {
        "math.least"
    };
    let candidates = match arguments {
        [Value::List(items)] => items.as_slice(),
        _ => arguments,
    };
    budget.steps(candidates.len())?;
    let mut best: Option<&Value> = None;
    for candidate in candidates {
        if !candidate.is_number() {
            return Err(mismatch(name, arguments));
        }
        let wins = match best {
            Some(best) => match candidate.order(best).ok_or_else(Error::nan_order)? {
                Ordering::Greater => greatest,
                Ordering::Less => !greatest,
                Ordering::Equal => false,
            },
            None => true,
        };
        if wins {
            best = Some(candidate);
        }
    }
    best.cloned()
        .ok_or_else(|| Error::argument(format!("{name}() must have arguments")))
}

fn rounded(name: &str, arguments: &[Value], round: fn(f64) -> f64) -> Outcome {
    match arguments {
        [Value::Double(double)] => Ok(Value::Double(round(*double))),
        _ => Err(mismatch(name, arguments)),
    }
}

fn tested(name: &str, arguments: &[Value], test: fn(f64) -> bool) -> Outcome {
    match arguments {
        [Value::Double(double)] => Ok(Value::Bool(test(*double))),
        _ => Err(mismatch(name, arguments)),
    }
}

fn abs(arguments: &[Value], _: &mut Budget) -> Outcome {
    match arguments {
        [Value::Int(int)] => int
            .checked_abs()
            .map(Value::Int)
            .ok_or(Error::Overflow("integer")),
        [uint @ Value::Uint(_)] => Ok(uint.clone()),
        [Value::Double(double)] => Ok(Value::Double(double.abs())),
        _ => Err(mismatch("math.abs", arguments)),
    }
}

fn sign(arguments: &[Value], _: &mut Budget) -> Outcome {
    match arguments {
        [Value::Int(int)] => Ok(Value::Int(int.signum())),
        [Value::Uint(uint)] => Ok(Value::Uint((*uint).min(1))),
        [Value::Double(double)] if double.is_nan() || *double == 0.0 => Ok(Value::Double(*double)),
        [Value::Double(double)] => Ok(Value::Double(double.signum())),
        _ => Err(mismatch("math.sign", arguments)),
    }
}

fn sqrt(arguments: &[Value], _: &mut Budget) -> Outcome {
    let double = match arguments {
        [Value::Double(double)] => *double,
        [Value::Int(int)] => *int as f64,
        [Value::Uint(uint)] => *uint as f64,
        _ => return Err(mismatch("math.sqrt", arguments)),
    };
    Ok(Value::Double(double.sqrt()))
}

fn bits(name: &str, arguments: &[Value], combine: fn(u64, u64) -> u64) -> Outcome {
    match arguments {
        [Value::Int(left), Value::Int(right)] => Ok(Value::Int(
            combine(left.cast_unsigned(), right.cast_unsigned()).cast_signed(),
        )),
        [Value::Uint(left), Value::Uint(right)] => Ok(Value::Uint(combine(*left, *right))),
        _ => Err(mismatch(name, arguments)),
    }
}

fn bit_not(arguments: &[Value], _: &mut Budget) -> Outcome {
    match arguments {
        [Value::Int(int)] => Ok(Value::Int(!int)),
        [Value::Uint(uint)] => Ok(Value::Uint(!uint)),
        _ => Err(mismatch("math.bitNot", arguments)),
    }
}

/// Shifts all 64 bits, the sign included; 64 places or more leave nothing.
fn shifted(name: &str, arguments: &[Value], shift: fn(u64, u32) -> Option<u64>) -> Outcome {
    let places = integer(name, arguments, 1)?;
    if places < 0 {
        return Err(Error::argument(format!(
            "{name}() negative offset: {places}"
        )));
    }
    let by = |bits: u64| {
        u32::try_from(places)
            .ok()
            .and_then(|places| shift(bits, places))
    };
    match arguments.first() {
        Some(Value::Int(int)) => Ok(Value::Int(
            by(int.cast_unsigned()).unwrap_or_default().cast_signed(),
        )),
        Some(Value::Uint(uint)) => Ok(Value::Uint(by(*uint).unwrap_or_default())),
        _ => Err(mismatch(name, arguments)),
    }
}
