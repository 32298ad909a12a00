//! Types that are known before evaluation.
//!
//! Only what the text alone tells is known here; everything that comes from a variable is not. It
//! is enough to refuse at compile time what no value could make right.

use crate::syntax::Operator;
use crate::value::Type;

/// The type of the result, or the fact that no overload takes these operands.
pub(super) fn binary(
    operator: Operator,
    left: Option<Type>,
    right: Option<Type>,
) -> Result<Option<Type>, ()> {
    match operator {
        Operator::Equal | Operator::NotEqual => match (left, right) {
            (Some(left), Some(right)) if left != right && !nullable(left, right) => Err(()),
            _ => Ok(Some(Type::Bool)),
        },
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            match (left, right) {
                (Some(left), Some(right)) if left != right && !(number(left) && number(right)) => {
                    Err(())
                }
                (Some(kind), _) | (_, Some(kind)) if !ordered(kind) => Err(()),
                _ => Ok(Some(Type::Bool)),
            }
        }
        Operator::In => match right {
            Some(kind) if !matches!(kind, Type::List | Type::Map) => Err(()),
            _ => Ok(Some(Type::Bool)),
        },
        Operator::Add
        | Operator::Subtract
        | Operator::Multiply
        | Operator::Divide
        | Operator::Remainder => arithmetic(operator, left, right),
    }
}

fn arithmetic(
    operator: Operator,
    left: Option<Type>,
    right: Option<Type>,
) -> Result<Option<Type>, ()> {
    let takes = |kind: Type| match operator {
        Operator::Add => {
            number(kind) || matches!(kind, Type::String | Type::Bytes | Type::List) || time(kind)
        }
        Operator::Subtract => number(kind) || time(kind),
        _ => number(kind),
    };
    if [left, right].into_iter().flatten().any(|kind| !takes(kind)) {
        return Err(());
    }
    let (Some(left), Some(right)) = (left, right) else {
        return Ok(None);
    };
    match (left, right) {
        _ if left == right && !time(left) => Ok(Some(left)),
        (Type::Int, Type::Double) | (Type::Double, Type::Int) => Ok(Some(Type::Double)),
        _ if time(left) && time(right) => Ok(None),
        _ => Err(()),
    }
}

const fn number(kind: Type) -> bool {
    matches!(kind, Type::Int | Type::Uint | Type::Double)
}

const fn time(kind: Type) -> bool {
    matches!(kind, Type::Timestamp | Type::Duration)
}

const fn ordered(kind: Type) -> bool {
    number(kind) || time(kind) || matches!(kind, Type::Bool | Type::String | Type::Bytes)
}

/// Null equals what may be null.
const fn nullable(left: Type, right: Type) -> bool {
    matches!(left, Type::Null) && time(right) || time(left) && matches!(right, Type::Null)
}
