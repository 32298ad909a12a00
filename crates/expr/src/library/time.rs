//! Parts of times and spans.

use jiff::Zoned;
use jiff::tz::{Offset, TimeZone};

use super::{Function, Outcome, member, mismatch};
use crate::error::Error;
use crate::evaluate::Budget;
use crate::value::{Timestamp, Value};

/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;

/// Of a time, in UTC or in a time zone.
const DATED: &[&str] = &["timestamp -> int", "timestamp, string -> int"];

macro_rules! part {
    ($name:literal, $date:expr) => {
        member($name, DATED, |arguments: &[Value], _: &mut Budget| {
            dated($name, arguments, $date)
        })
    };
    ($name:literal, $date:expr, $span:expr) => {
        member(
            $name,
            &[
                "timestamp -> int",
                "timestamp, string -> int",
                "duration -> int",
            ],
            |arguments: &[Value], _: &mut Budget| match arguments {
                [Value::Duration(span)] => {
                    let of: fn(i64) -> i64 = $span;
                    Ok(Value::Int(of(span.nanoseconds())))
                }
                _ => dated($name, arguments, $date),
            },
        )
    };
}

pub(super) const FUNCTIONS: &[Function] = &[
    part!("getFullYear", |time| i64::from(time.year())),
    part!("getMonth", |time| i64::from(time.month()) - 1),
    part!("getDate", |time| i64::from(time.day())),
    part!("getDayOfMonth", |time| i64::from(time.day()) - 1),
    part!("getDayOfWeek", |time| i64::from(
        time.weekday().to_sunday_zero_offset()
    )),
    part!("getDayOfYear", |time| i64::from(time.day_of_year()) - 1),
    part!("getHours", |time| i64::from(time.hour()), |span| span
        / (3600 * SECOND)),
    part!("getMinutes", |time| i64::from(time.minute()), |span| span
        / (60 * SECOND)),
    part!("getSeconds", |time| i64::from(time.second()), |span| span
        / SECOND),
    part!(
        "getMilliseconds",
        |time| i64::from(time.millisecond()),
        |span| { span % SECOND / 1_000_000 }
    ),
];

fn dated(name: &str, arguments: &[Value], part: fn(&Zoned) -> i64) -> Outcome {
    let (time, zone) = match arguments {
        [Value::Timestamp(time)] => (time, TimeZone::UTC),
        [Value::Timestamp(time), Value::String(name)] => (time, zone(name)?),
        _ => return Err(mismatch(name, arguments)),
    };
    let Timestamp(time) = *time;
    Ok(Value::Int(part(&time.to_zoned(zone))))
}

/// A zone by its IANA name, or by an offset such as `-07:30`.
fn zone(name: &str) -> Result<TimeZone, Error> {
    let unknown = || Error::argument(format!("unknown time zone {name}"));
    let Some((hours, minutes)) = name.split_once(':') else {
        return TimeZone::get(name).map_err(|_| unknown());
    };
    let hours_number: i32 = hours.parse().map_err(|_| unknown())?;
    let minutes: i32 = minutes.parse().map_err(|_| unknown())?;
    if !(0..60).contains(&minutes) || hours_number.abs() > 24 {
        return Err(unknown());
    }
    let minutes = if hours.starts_with('-') {
        -minutes
    } else {
        minutes
    };
    let seconds = hours_number * 3600 + minutes * 60;
    Offset::from_seconds(seconds)
        .map(TimeZone::fixed)
        .map_err(|_| unknown())
}
