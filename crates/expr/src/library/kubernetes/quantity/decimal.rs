//! Decimals of any length, as far as quantities need them.
//!
//! All that is done with them is linear in their digits, which is why they are digits and not binary.

use std::cmp::Ordering;

use crate::error::Error;
use crate::evaluate::Budget;

/// `digits × 10^exponent`.
#[derive(Debug, Clone)]
pub(in super::super) struct Decimal {
    negative: bool,
    /// From the most significant, which is not zero; none for zero.
    digits: Vec<u8>,
    exponent: i32,
}

impl Decimal {
    pub(super) fn new(value: i64, exponent: i32) -> Self {
        Self::from_text(value < 0, &value.unsigned_abs().to_string(), exponent)
    }

    /// From text that is digits, whatever stands between them.
    pub(super) fn from_text(negative: bool, text: &str, exponent: i32) -> Self {
        let digits = text.bytes().filter(u8::is_ascii_digit);
        let digits = digits.map(|digit| digit - b'0');
        Self {
            negative,
            digits: digits.skip_while(|digit| *digit == 0).collect(),
            exponent,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.digits.len()
    }

    pub(super) const fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    pub(super) fn negated(&self) -> Self {
        Self {
            negative: !self.negative,
            ..self.clone()
        }
    }

    /// The power of ten above the first digit.
    fn magnitude(&self) -> i64 {
        self.digits.len() as i64 + i64::from(self.exponent)
    }

    /// Negative, zero or positive.
    const fn sign(&self) -> i8 {
        match (self.is_zero(), self.negative) {
            (true, _) => 0,
            (_, true) => -1,
            (_, false) => 1,
        }
    }

    pub(super) fn cmp(&self, other: &Self) -> Ordering {
        self.sign()
            .cmp(&other.sign())
            .then_with(|| match self.sign() {
                0 => Ordering::Equal,
                1 => self.compare_size(other),
                _ => other.compare_size(self),
            })
    }

    /// The order without the signs, where neither is zero.
    pub(super) fn compare_size(&self, other: &Self) -> Ordering {
        let longest = self.len().max(other.len());
        let padded = |digits: &'_ [u8], at: usize| digits.get(at).copied().unwrap_or(0);
        let differ = (0..longest)
            .map(|at| padded(&self.digits, at).cmp(&padded(&other.digits, at)))
            .find(|order| order.is_ne());
        self.magnitude()
            .cmp(&other.magnitude())
            .then(differ.unwrap_or(Ordering::Equal))
    }

    /// The same with this exponent, which is not above its own.
    fn lowered(&self, exponent: i32, budget: &mut Budget) -> Result<Vec<u8>, Error> {
        let zeros = i64::from(self.exponent) - i64::from(exponent);
        let zeros = if self.is_zero() { 0 } else { zeros };
        let length = self.len() + usize::try_from(zeros).unwrap_or(0);
        budget.steps(length)?;
        budget.bytes(length)?;
        let mut digits = self.digits.clone();
        digits.resize(length, 0);
        Ok(digits)
    }

    pub(super) fn plus(&self, other: &Self, budget: &mut Budget) -> Result<Self, Error> {
        let exponent = self.exponent.min(other.exponent);
        let left = self.lowered(exponent, budget)?;
        let right = other.lowered(exponent, budget)?;
        let longest = left.len().max(right.len());
        budget.steps(longest)?;
        // Digits of both from the least, each with the sign of its number; the greater number comes first.
        let swap = self.compare_size(other).is_lt() && !other.is_zero() || self.is_zero();
        let (large, small) = if swap { (right, left) } else { (left, right) };
        let differ = self.negative != other.negative;
        let mut digits = Vec::with_capacity(longest + 1);
        let mut carry = 0_i8;
        for at in 0..longest {
            let digit = |of: &[u8]| {
                let at = of.len().checked_sub(at + 1);
                at.and_then(|at| of.get(at)).map_or(0, |digit| *digit as i8)
            };
            let second = if differ {
                -digit(&small)
            } else {
                digit(&small)
            };
            let sum = digit(&large) + second + carry;
            digits.push(sum.rem_euclid(10) as u8);
            carry = sum.div_euclid(10);
        }
        digits.push(carry.unsigned_abs());
        digits.reverse();
        let leading = digits.iter().take_while(|digit| **digit == 0).count();
        digits.drain(..leading);
        let negative = if swap { other.negative } else { self.negative };
        Ok(Self {
            negative,
            digits,
            exponent,
        })
    }

    /// The number multiplied by a power of two that 64 bits hold.
    pub(super) fn doubled(&self, times: u32) -> Self {
        let factor = 1_u128 << times;
        let mut digits = Vec::with_capacity(self.len() + 20);
        let mut carry = 0_u128;
        for digit in self.digits.iter().rev() {
            carry += u128::from(*digit) * factor;
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
        digits.reverse();
        Self { digits, ..*self }
    }

    /// The number with this exponent, away from zero where digits are lost.
    pub(super) fn rounded(&self, exponent: i32, budget: &mut Budget) -> Result<Self, Error> {
        let surplus = i64::from(exponent) - i64::from(self.exponent);
        let Ok(surplus @ 1..) = usize::try_from(surplus) else {
            let digits = self.lowered(exponent, budget)?;
            return Ok(Self {
                digits,
                exponent,
                ..*self
            });
        };
        let (kept, lost) = self.digits.split_at(self.len().saturating_sub(surplus));
        let kept = Self {
            negative: self.negative,
            digits: kept.to_vec(),
            exponent,
        };
        if lost.iter().all(|digit| *digit == 0) {
            return Ok(kept);
        }
        let one = Self {
            negative: self.negative,
            digits: vec![1],
            exponent,
        };
        kept.plus(&one, budget)
    }

    /// The digits as a double, scaled by the power as a double: twice rounded, as in Go.
    pub(super) fn float(&self) -> f64 {
        let digits: String = self
            .digits
            .iter()
            .map(|digit| char::from(digit + b'0'))
            .collect();
        let base: f64 = digits.parse().unwrap_or(0.0);
        let base = if self.negative { -base } else { base };
        if self.exponent == 0 {
            return base;
        }
        base * power(self.exponent)
    }
}

/// Ten to a power. It is the product of two doubles, which is not always the nearest one.
pub(super) fn power(exponent: i32) -> f64 {
    let ten = |power: u32| format!("1e{power}").parse::<f64>().unwrap_or(f64::INFINITY);
    let tiny = |power: u32| format!("1e-{power}").parse::<f64>().unwrap_or(0.0);
    let size = exponent.unsigned_abs();
    match exponent {
        309.. => f64::INFINITY,
        0.. => ten(size / 32 * 32) * ten(size % 32),
        -323.. => tiny(size / 32 * 32) / ten(size % 32),
        _ => 0.0,
    }
}
