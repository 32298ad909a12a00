//! Quantities from text.

use super::{Decimal, Quantity};
use crate::error::Error;
use crate::evaluate::Budget;

const WRONG_FORM: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const WRONG_NUMBER: &str = "unable to parse numeric part of quantity";
const WRONG_SUFFIX: &str = "unable to parse quantity's suffix";

/// Digits that 64 bits are sure to hold.
const DIGITS: i32 = 18;
/// The power of ten of the last digit that is kept.
const LAST: i32 = -9;

/// What a text is made of.
struct Parts<'a> {
    negative: bool,
    /// The digits before and after the point, without leading zeros.
    whole: &'a str,
    fraction: &'a str,
    suffix: &'a str,
}

/// What a number is to be multiplied by.
#[derive(Clone, Copy)]
enum Unit {
    /// A power of ten.
    Decimal(i32),
    /// A power of two.
    Binary(u32),
}

/// Reads a quantity, or says what is wrong with the text.
///
/// # Errors
/// The budget is spent.
pub(super) fn parse(
    text: &str,
    budget: &mut Budget,
) -> Result<Result<Quantity, &'static str>, Error> {
    budget.steps(text.len())?;
    let parts = match split(text) {
        Ok(parts) => parts,
        Err(wrong) => return Ok(Err(wrong)),
    };
    let Some(unit) = unit(parts.suffix) else {
        return Ok(Err(WRONG_SUFFIX));
    };
    match (small(&parts, unit), is_number(text)) {
        (Some(small), _) => Ok(Ok(small)),
        (None, false) => Ok(Err(WRONG_NUMBER)),
        (None, true) => large(&parts, unit, budget).map(Ok),
    }
}

/// Whether there is a digit before the suffix.
fn is_number(text: &str) -> bool {
    let number = text.trim_start_matches(['+', '-', '.']);
    number.starts_with(|first: char| first.is_ascii_digit())
}

fn split(text: &str) -> Result<Parts<'_>, &'static str> {
    if text.is_empty() {
        return Err(WRONG_FORM);
    }
    let negative = text.starts_with('-');
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let rest = rest.trim_start_matches('0');
    let (whole, rest) = digits(rest);
    let (fraction, suffix) = match rest.strip_prefix('.') {
        Some(rest) => digits(rest),
        None => ("", rest),
    };
    let exponent = suffix.trim_start_matches(|letter| "eEinumkKMGTP".contains(letter));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if !digits(exponent).1.is_empty() {
        return Err(WRONG_FORM);
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    Ok(Parts {
        negative,
        whole,
        fraction,
        suffix,
    })
}

/// The digits that a text begins with, and what follows.
fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|symbol: char| !symbol.is_ascii_digit());
    text.split_at(end.unwrap_or(text.len()))
}

fn unit(suffix: &str) -> Option<Unit> {
    Some(match suffix {
        "n" => Unit::Decimal(-9),
        "u" => Unit::Decimal(-6),
        "m" => Unit::Decimal(-3),
        "" => Unit::Decimal(0),
        "k" => Unit::Decimal(3),
        "M" => Unit::Decimal(6),
        "G" => Unit::Decimal(9),
        "T" => Unit::Decimal(12),
        "P" => Unit::Decimal(15),
        "E" => Unit::Decimal(18),
        "Ki" => Unit::Binary(10),
        "Mi" => Unit::Binary(20),
        "Gi" => Unit::Binary(30),
        "Ti" => Unit::Binary(40),
        "Pi" => Unit::Binary(50),
        "Ei" => Unit::Binary(60),
        // The power wraps around at 32 bits there.
        other => Unit::Decimal(other.strip_prefix(['e', 'E'])?.parse::<i64>().ok()? as i32),
    })
}

/// The quantity, if it is certain beforehand that 64 bits hold it.
fn small(parts: &Parts<'_>, unit: Unit) -> Option<Quantity> {
    let count = |text: &str| i32::try_from(text.len()).unwrap_or(i32::MAX / 2);
    let (whole, fraction) = (count(parts.whole), count(parts.fraction));
    let (spare, factor, power) = match unit {
        Unit::Decimal(power) => (DIGITS - whole - fraction, 1, power),
        // So many digits are what a power of two takes.
        Unit::Binary(power) if fraction == 0 => {
            let taken = i32::try_from(power * 3 / 10).unwrap_or(i32::MAX / 2);
            (14 - whole - taken, 1_i64 << power, 0)
        }
        Unit::Binary(_) => return None,
    };
    let scale = power.wrapping_sub(fraction);
    if spare < 0 || scale < LAST {
        return None;
    }
    let value: i64 = format!("{}{}", parts.whole, parts.fraction).parse().ok()?;
    let value = value.checked_mul(factor)?;
    let value = if parts.negative { -value } else { value };
    Some(Quantity::Small { value, scale })
}

/// The quantity as a decimal, rounded away from zero at the last digit that is kept. One with a power of two is no
/// more than 64 bits hold.
fn large(parts: &Parts<'_>, unit: Unit, budget: &mut Budget) -> Result<Quantity, Error> {
    let text = format!("{}{}", parts.whole, parts.fraction);
    budget.bytes(text.len())?;
    let fraction = i32::try_from(parts.fraction.len()).unwrap_or(i32::MAX);
    let power = match unit {
        Unit::Decimal(power) => power,
        Unit::Binary(_) => 0,
    };
    let exponent = power.wrapping_sub(fraction);
    let mut amount = Decimal::from_text(parts.negative, &text, exponent);
    if let Unit::Binary(power) = unit {
        amount = amount.doubled(power);
    }
    if !amount.is_zero() {
        amount = amount.rounded(LAST, budget)?;
    }
    let most = Decimal::new(if parts.negative { -i64::MAX } else { i64::MAX }, 0);
    if matches!(unit, Unit::Binary(_)) && amount.compare_size(&most).is_gt() {
        amount = most;
    }
    Ok(Quantity::Large(amount))
}
