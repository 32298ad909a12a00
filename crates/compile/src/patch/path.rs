//! Paths: parsing, and expansion against an object.

use std::fmt;

use serde_json::Value;

use super::Error;
use crate::go;

/// Most places that a path may stand for.
const MAX_STATES: usize = 65_536;
/// Most steps of a path, which are as many levels of what it makes.
const MAX_STEPS: usize = 128;
/// Most steps of all places together.
const MAX_WORK: usize = 1 << 20;

/// One step of an expanded path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
    Append,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => write!(f, "key {key:?}"),
            Self::Index(index) => write!(f, "index {index}"),
            Self::Append => f.write_str("'-'"),
        }
    }
}

/// A segment as written.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Key(String),
    Index(usize),
    Append,
    Wildcard,
    Filter { path: Vec<String>, value: String },
}

/// The JSON pointers that a path stands for.
///
/// # Errors
/// When the path is malformed or leads nowhere.
pub fn expand(root: &Value, path: &str) -> Result<Vec<String>, Error> {
    let pointers = expand_steps(root, path)?.into_iter().map(|steps| {
        steps.into_iter().fold(String::new(), |mut pointer, step| {
            pointer.push('/');
            match step {
                Step::Key(key) => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
                Step::Index(index) => pointer.push_str(&index.to_string()),
                Step::Append => pointer.push('-'),
            }
            pointer
        })
    });
    Ok(pointers.collect())
}

/// The places that a path stands for, in document order.
pub(super) fn expand_steps(root: &Value, path: &str) -> Result<Vec<Vec<Step>>, Error> {
    let segments = parse(path)?;
    if segments.len() > MAX_STEPS {
        return Err(Error::new(format!(
            "the path has more than {MAX_STEPS} steps"
        )));
    }
    let mut work = 0_usize;
    let mut states: Vec<(Vec<Step>, Option<&Value>)> = vec![(Vec::new(), Some(root))];
    for (depth, segment) in segments.iter().enumerate() {
        let mut next = Vec::new();
        for (steps, value) in states {
            step(segment, steps, value, &mut next)?;
            if next.len() > MAX_STATES || work + next.len() * (depth + 1) > MAX_WORK {
                return Err(Error::new(format!(
                    "the path stands for more than {MAX_STATES} places"
                )));
            }
        }
        work += next.len() * (depth + 1);
        states = next;
    }
    Ok(states.into_iter().map(|(steps, _)| steps).collect())
}

type State<'a> = (Vec<Step>, Option<&'a Value>);

fn step<'a>(
    segment: &Segment,
    mut steps: Vec<Step>,
    value: Option<&'a Value>,
    next: &mut Vec<State<'a>>,
) -> Result<(), Error> {
    match segment {
        Segment::Key(key) => {
            let child = match value {
                Some(Value::Array(_)) => {
                    let found = "[]interface {}";
                    return Err(Error::new(format!(
                        "path segment {key:?} expects an object, got {found}"
                    )));
                }
                Some(Value::Object(map)) => map.get(key).filter(|child| !child.is_null()),
                Some(_) | None => None,
            };
            steps.push(Step::Key(key.clone()));
            next.push((steps, child));
        }
        // A map has no indexes, so that its keys may be numbers.
        Segment::Index(index) if value.is_some_and(Value::is_object) => {
            return step(&Segment::Key(index.to_string()), steps, value, next);
        }
        Segment::Index(index) => {
            let items = array(value)?;
            let item = items.get(*index).ok_or_else(|| {
                Error::new(format!(
                    "array index {index} out of bounds (length {})",
                    items.len()
                ))
            })?;
            steps.push(Step::Index(*index));
            next.push((steps, Some(item)));
        }
        Segment::Append => {
            steps.push(Step::Append);
            next.push((steps, None));
        }
        Segment::Wildcard => {
            let items = array(value)?;
            next.extend(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| indexed(&steps, index, item)),
            );
        }
        Segment::Filter {
            path,
            value: wanted,
        } => {
            let items = array(value)?;
            for (index, item) in items.iter().enumerate() {
                if matches(item, path, wanted) {
                    next.push(indexed(&steps, index, item));
                }
            }
        }
    }
    Ok(())
}

fn indexed<'a>(steps: &[Step], index: usize, item: &'a Value) -> State<'a> {
    let mut steps = steps.to_vec();
    steps.push(Step::Index(index));
    (steps, Some(item))
}

fn expects_array(found: &str) -> Error {
    Error::new(format!("path segment expects an array, got {found}"))
}

fn array(value: Option<&Value>) -> Result<&[Value], Error> {
    match value {
        Some(Value::Array(items)) => Ok(items),
        Some(other) => Err(expects_array(go::type_name(other))),
        None => Err(expects_array("<nil>")),
    }
}

fn matches(item: &Value, path: &[String], wanted: &str) -> bool {
    let found = path.iter().try_fold(item, |at, key| at.get(key));
    match found {
        Some(Value::Null) => wanted.is_empty(),
        Some(found) => go::display(found) == wanted,
        None => false,
    }
}

fn parse(path: &str) -> Result<Vec<Segment>, Error> {
    let mut segments = Vec::new();
    if path.is_empty() {
        return Ok(segments);
    }
    let rest = path
        .strip_prefix('/')
        .ok_or_else(|| Error::new(format!("path {path:?} must begin with '/'")))?;
    for raw in rest.split('/') {
        parse_segment(&raw.replace("~1", "/").replace("~0", "~"), &mut segments)?;
    }
    Ok(segments)
}

/// A key or index, followed by any number of brackets.
fn parse_segment(text: &str, segments: &mut Vec<Segment>) -> Result<(), Error> {
    let (plain, mut brackets) = match text.find('[') {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    match plain {
        "" => {}
        "-" => segments.push(Segment::Append),
        number if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            segments.push(Segment::Index(parse_index(number)?));
        }
        key => segments.push(Segment::Key(key.to_owned())),
    }
    while !brackets.is_empty() {
        let Some(end) = bracket_end(brackets) else {
            return Err(Error::new(format!("unclosed bracket segment in {text:?}")));
        };
        segments.push(parse_bracket(&brackets[1..end])?);
        brackets = &brackets[end + 1..];
    }
    Ok(())
}

/// Where a bracket closes. In a filter's quotes a bracket is text.
fn bracket_end(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('[')?;
    let quoted = inner.strip_prefix("?(").and_then(|filter| {
        let open = filter.find(['\'', '"'])?;
        let quote = &filter[open..=open];
        let end = filter.match_indices(&format!("{quote})]")).next()?.0;
        Some(text.len() - filter.len() + end + 2)
    });
    let plain = || inner.find(']').map(|end| end + 1);
    quoted.or_else(plain)
}

fn parse_bracket(inner: &str) -> Result<Segment, Error> {
    match inner {
        "-" => return Ok(Segment::Append),
        "*" => return Ok(Segment::Wildcard),
        _ => {}
    }
    if let Some(filter) = inner
        .strip_prefix("?(")
        .and_then(|rest| rest.strip_suffix(')'))
    {
        return parse_filter(filter);
    }
    parse_index(inner).map(Segment::Index)
}

/// `@.a.b=='value'`.
fn parse_filter(filter: &str) -> Result<Segment, Error> {
    let unsupported = || {
        Error::new(format!(
            "unsupported filter expression: {filter}; write @.field=='value'"
        ))
    };
    let (left, right) = filter.trim().split_once("==").ok_or_else(unsupported)?;
    let field = left.trim().strip_prefix("@.").ok_or_else(unsupported)?;
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let right = right.trim();
    let quoted = right.len() >= 2 && right.starts_with(['\'', '"']) && right.ends_with(['\'', '"']);
    if field.is_empty() || !field.chars().all(valid) || !quoted {
        return Err(unsupported());
    }
    let path = field.split('.').map(str::to_owned).collect();
    Ok(Segment::Filter {
        path,
        value: right[1..right.len() - 1].to_owned(),
    })
}

fn parse_index(text: &str) -> Result<usize, Error> {
    text.parse()
        .map_err(|_| Error::new(format!("invalid array index {text:?}")))
}
