//! Points and spans of time.

use std::fmt;

use crate::error::Error;

/// Nanoseconds of a second.
const SECOND: i128 = 1_000_000_000;

/// A point in time between the years 1 and 9999, to the nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub(crate) jiff::Timestamp);

/// A span of time, to the nanosecond; at most about 292 years either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(i64);

impl Timestamp {
    /// First and last second of the range.
    const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

    /// The time this many nanoseconds after the Unix epoch.
    ///
    /// # Errors
    /// Outside of the years 1 to 9999.
    pub fn from_nanoseconds(nanoseconds: i128) -> Result<Self, Error> {
        let time = jiff::Timestamp::from_nanosecond(nanoseconds)
            .map_err(|_| Error::Overflow("timestamp"))?;
        Self::bounded(time)
    }

    /// Reads RFC 3339.
    ///
    /// # Errors
    /// The text is not RFC 3339, or outside of the years 1 to 9999.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let time = text
            .parse::<jiff::Timestamp>()
            .map_err(|_| Error::argument(format!("invalid timestamp: {text}")))?;
        Self::bounded(time)
    }

    fn bounded(time: jiff::Timestamp) -> Result<Self, Error> {
        // Rounds towards the past, so that a fraction before the first second is outside.
        let second = time.as_nanosecond().div_euclid(SECOND);
        let inside = i64::try_from(second).is_ok_and(|second| Self::RANGE.contains(&second));
        if inside {
            Ok(Self(time))
        } else {
            Err(Error::Overflow("timestamp"))
        }
    }

    /// Nanoseconds since the Unix epoch.
    #[must_use]
    pub fn nanoseconds(self) -> i128 {
        self.0.as_nanosecond()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Duration {
    /// A span of this many nanoseconds.
    #[must_use]
    pub const fn from_nanoseconds(nanoseconds: i64) -> Self {
        Self(nanoseconds)
    }

    /// The span between two instants, in nanoseconds.
    ///
    /// # Errors
    /// The span is longer than 292 years.
    pub fn checked(nanoseconds: i128) -> Result<Self, Error> {
        i64::try_from(nanoseconds)
            .map(Self)
            .map_err(|_| Error::Overflow("duration"))
    }

    /// The span in nanoseconds.
    #[must_use]
    pub const fn nanoseconds(self) -> i64 {
        self.0
    }

    /// Reads a span such as `1h30m`, `90s`, `1.5ms`, `-2us`.
    ///
    /// # Errors
    /// The text is not a span, or is longer than 292 years.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || Error::argument(format!("invalid duration: {text}"));
        let (negative, mut rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == "0" {
            return Ok(Self(0));
        }
        if rest.is_empty() {
            return Err(wrong());
        }
        let mut total: i128 = 0;
        while !rest.is_empty() {
            let end = rest
                .find(|c: char| !c.is_ascii_digit() && c != '.')
                .ok_or_else(wrong)?;
            let (number, after) = rest.split_at(end);
            let unit_end = after
                .find(|c: char| c.is_ascii_digit() || c == '.')
                .unwrap_or(after.len());
            let (unit, after) = after.split_at(unit_end);
            let scale = unit_nanoseconds(unit).ok_or_else(wrong)?;
            total += scaled(number, scale).ok_or_else(wrong)?;
            rest = after;
        }
        Self::checked(if negative { -total } else { total })
    }
}

fn unit_nanoseconds(unit: &str) -> Option<i128> {
    Some(match unit {
        "h" => 3600 * SECOND,
        "m" => 60 * SECOND,
        "s" => SECOND,
        "ms" => 1_000_000,
        "us" | "µs" | "μs" => 1_000,
        "ns" => 1,
        _ => return None,
    })
}

/// A decimal number times an integer, cut to an integer.
fn scaled(number: &str, scale: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || whole.len() > 19 || fraction.contains('.') {
        return None;
    }
    let units: i128 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let digits = &fraction[..fraction.len().min(18)];
    let part: i128 = if digits.is_empty() {
        0
    } else {
        digits.parse().ok()?
    };
    let power = 10_i128.pow(u32::try_from(digits.len()).ok()?);
    Some(units * scale + part * scale / power)
}

impl fmt::Display for Duration {
    /// Seconds with a decimal fraction, as in `90s` and `1.5s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, rest) = (self.0 / 1_000_000_000, self.0 % 1_000_000_000);
        let sign = if self.0 < 0 { "-" } else { "" };
        let fraction = format!("{:09}", rest.unsigned_abs());
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{}{point}{fraction}s", seconds.unsigned_abs())
    }
}
