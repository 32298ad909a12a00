//! Named formats of text, and what is wrong with a text that has not the format.

use std::sync::LazyLock;

use regex::Regex;

use super::{opaque, url};
use crate::error::Error;
use crate::evaluate::Budget;
use crate::library::{Function, Outcome, global, member, text};
use crate::value::{Opaque, Value};

/// Functions that give a format each, and the ones that find and use formats.
macro_rules! functions {
    ($($name:literal => $format:ident),+ $(,)?) => {
        pub(super) const FUNCTIONS: &[Function] = &[
            global("format.named", &["string -> optional(kubernetes.NamedFormat)"], named),
            member("validate", &["kubernetes.NamedFormat, string -> optional(list(string))"], validate),
            $(global(concat!("format.", $name), &["-> kubernetes.NamedFormat"], |_, _| {
                Ok(Value::opaque(Format::$format))
            }),)+
        ];

        /// A format.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum Format { $($format,)+ }

        impl Format {
            fn find(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$format),)+
                    _ => None,
                }
            }
        }
    };
}

functions! {
    "dns1123Label" => Dns1123Label,
    "dns1123Subdomain" => Dns1123Subdomain,
    "dns1035Label" => Dns1035Label,
    "qualifiedName" => QualifiedName,
    "dns1123LabelPrefix" => Dns1123LabelPrefix,
    "dns1123SubdomainPrefix" => Dns1123SubdomainPrefix,
    "dns1035LabelPrefix" => Dns1035LabelPrefix,
    "labelValue" => LabelValue,
    "uri" => Uri,
    "uuid" => Uuid,
    "byte" => Byte,
    "date" => Date,
    "datetime" => DateTime,
}

impl Opaque for Format {
    fn type_name(&self) -> &'static str {
        "kubernetes.NamedFormat"
    }

    fn equals(&self, other: &dyn Opaque) -> bool {
        other.downcast() == Some(self)
    }
}

fn named(arguments: &[Value], _: &mut Budget) -> Outcome {
    let format = Format::find(text("format.named", arguments, 0)?);
    Ok(Value::optional(format.map(Value::opaque)))
}

/// Nothing where the text has the format, and otherwise all that is wrong with it.
fn validate(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let format = opaque::<Format>("validate", arguments, 0)?;
    let text = text("validate", arguments, 1)?;
    budget.steps(text.len() / 4)?;
    let problems = problems(*format, text, budget)?;
    if problems.is_empty() {
        return Ok(Value::Optional(None));
    }
    budget.slots(problems.len())?;
    budget.bytes(problems.iter().map(String::len).sum())?;
    Ok(Value::some(Value::list(
        problems.into_iter().map(Value::from).collect(),
    )))
}

fn problems(format: Format, text: &str, budget: &mut Budget) -> Result<Vec<String>, Error> {
    Ok(match format {
        Format::Dns1123Label => LABEL.problems(text, "characters"),
        Format::Dns1123Subdomain => SUBDOMAIN.problems(text, "characters"),
        Format::Dns1035Label => OLD_LABEL.problems(text, "characters"),
        Format::QualifiedName => qualified_name(text),
        Format::Dns1123LabelPrefix => LABEL.problems(&prefix(text), "characters"),
        Format::Dns1123SubdomainPrefix => SUBDOMAIN.problems(&prefix(text), "characters"),
        Format::Dns1035LabelPrefix => OLD_LABEL.problems(&prefix(text), "characters"),
        Format::LabelValue => LABEL_VALUE.problems(text, "bytes"),
        Format::Uri => url::validate(text, budget)?.err().into_iter().collect(),
        Format::Uuid => unless(UUID.is_match(text), "does not match the UUID format"),
        Format::Byte => unless(BASE64.is_match(text), "invalid base64"),
        Format::Date => unless(is_date(text), "invalid date"),
        Format::DateTime => unless(is_date_time(text), "invalid datetime"),
    })
}

fn unless(fits: bool, problem: &str) -> Vec<String> {
    if fits {
        Vec::new()
    } else {
        vec![problem.to_owned()]
    }
}

/// A name: a pattern, a length in bytes, and the words for what fits not.
struct Name {
    pattern: LazyLock<Regex>,
    /// The pattern as it is told.
    told: &'static str,
    longest: usize,
    message: &'static str,
    examples: &'static [&'static str],
}

macro_rules! label {
    () => {
        "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
    };
}
macro_rules! subdomain {
    () => {
        concat!(label!(), "(\\.", label!(), ")*")
    };
}
macro_rules! key {
    () => {
        "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
    };
}
macro_rules! name {
    ($told:expr, $longest:literal, $message:literal, $examples:expr) => {
        Name {
            pattern: LazyLock::new(|| whole($told)),
            told: $told,
            longest: $longest,
            message: $message,
            examples: &$examples,
        }
    };
}

static LABEL: Name = name!(
    label!(),
    63,
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
    ["my-name", "123-abc"]
);
static SUBDOMAIN: Name = name!(
    subdomain!(),
    253,
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    ["example.com"]
);
static OLD_LABEL: Name = name!(
    "[a-z]([-a-z0-9]*[a-z0-9])?",
    63,
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
    ["my-name", "abc-123"]
);
static KEY: Name = name!(
    key!(),
    63,
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    ["MyName", "my.name", "123-abc"]
);
static LABEL_VALUE: Name = name!(
    concat!("(", key!(), ")?"),
    63,
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    ["MyValue", "my_value", "12345"]
);

static UUID: LazyLock<Regex> =
    LazyLock::new(|| whole("(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}"));
static BASE64: LazyLock<Regex> = LazyLock::new(|| {
    whole("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})")
});
/// The time of a date-time, in lower case. What stands before the fraction is any character there.
static TIME: LazyLock<Regex> = LazyLock::new(|| {
    whole("([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))")
});

/// A pattern for a whole text.
fn whole(pattern: &str) -> Regex {
    Regex::new(&format!("^(?:{pattern})$")).expect("the patterns of the formats are written here")
}

impl Name {
    /// All that is wrong. What its length is counted in has either name there, and is bytes.
    fn problems(&self, text: &str, unit: &str) -> Vec<String> {
        let mut problems = Vec::new();
        if text.len() > self.longest {
            problems.push(format!("must be no more than {} {unit}", self.longest));
        }
        if !self.pattern.is_match(text) {
            let dots = self.told == LABEL.told && SUBDOMAIN.pattern.is_match(text);
            problems.push(if dots {
                "must not contain dots".to_owned()
            } else {
                self.mismatch()
            });
        }
        problems
    }

    fn mismatch(&self) -> String {
        let examples: Vec<_> = self
            .examples
            .iter()
            .map(|one| format!("'{one}', "))
            .collect();
        format!(
            "{} (e.g. {}regex used for validation is '{}')",
            self.message,
            examples.join(" or "),
            self.told
        )
    }
}

/// The name that a prefix could become the start of: a dash at its end, and one character before, become a letter.
fn prefix(text: &str) -> String {
    if text.len() < 2 || !text.ends_with('-') {
        return text.to_owned();
    }
    let mut bytes = text.as_bytes()[..text.len() - 2].to_vec();
    bytes.push(b'a');
    String::from_utf8_lossy(&bytes).into_owned()
}

fn qualified_name(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let parts: Vec<_> = text.splitn(3, '/').collect();
    let name = match *parts {
        [name] => name,
        ["", name] => {
            problems.push("prefix part must be non-empty".to_owned());
            name
        }
        [prefix, name] => {
            let wrong = SUBDOMAIN.problems(prefix, "bytes");
            problems.extend(
                wrong
                    .into_iter()
                    .map(|problem| format!("prefix part {problem}")),
            );
            name
        }
        _ => {
            return vec![format!(
                "a valid label key {} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
                KEY.mismatch()
            )];
        }
    };
    if name.is_empty() {
        problems.push("name part must be non-empty".to_owned());
    }
    let wrong = KEY.problems(name, "bytes");
    problems.extend(
        wrong
            .into_iter()
            .map(|problem| format!("name part {problem}")),
    );
    problems
}

/// A day of the calendar as `2006-01-02`.
fn is_date(text: &str) -> bool {
    let [a, b, c, d, b'-', e, f, b'-', g, h] = text.as_bytes() else {
        return false;
    };
    let number = |digits: &[&u8]| {
        digits.iter().try_fold(0_i16, |number, digit| {
            digit
                .is_ascii_digit()
                .then(|| number * 10 + i16::from(*digit - b'0'))
        })
    };
    let small = |digits: &[&u8]| number(digits).and_then(|number| i8::try_from(number).ok());
    match (number(&[a, b, c, d]), small(&[e, f]), small(&[g, h])) {
        (Some(year), Some(month), Some(day)) => jiff::civil::Date::new(year, month, day).is_ok(),
        _ => false,
    }
}

/// What follows a second `t` is not looked at, as there.
fn is_date_time(text: &str) -> bool {
    let text = text.to_lowercase();
    let mut parts = text.split('t');
    let (Some(date), Some(time)) = (parts.next(), parts.next()) else {
        return false;
    };
    let below =
        |part: Option<regex::Match<'_>>, most| part.is_some_and(|part| part.as_str() <= most);
    is_date(date)
        && TIME.captures(time).is_some_and(|time| {
            below(time.get(1), "23") && below(time.get(2), "59") && below(time.get(3), "59")
        })
}
