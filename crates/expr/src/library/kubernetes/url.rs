//! URLs.

mod escape;
mod parse;

use super::opaque;
use crate::error::Error;
use crate::evaluate::Budget;
use crate::library::{Function, Outcome, global, member, text};
use crate::value::{Key, Map, Opaque, Value};

use escape::Part;

pub(super) const FUNCTIONS: &[Function] = &[
    global("url", &["string -> kubernetes.URL"], |arguments, budget| {
        let text = text("url", arguments, 0)?;
        charge(text, budget)?;
        // The first takes no relative reference, the second tells the fragment apart.
        let url = parse::request(text).and_then(|()| parse::reference(text));
        url.map(Value::opaque).map_err(|reason| {
            Error::argument(format!(
                "URL parse error during conversion from string: {reason}"
            ))
        })
    }),
    global("isURL", &["string -> bool"], |arguments, budget| {
        let text = text("isURL", arguments, 0)?;
        Ok(Value::Bool(validate(text, budget)?.is_ok()))
    }),
    member("getScheme", PART, |arguments, budget| {
        part("getScheme", arguments, budget, |url| &url.scheme)
    }),
    member("getHost", PART, |arguments, budget| {
        part("getHost", arguments, budget, |url| &url.host)
    }),
    member("getHostname", PART, |arguments, budget| {
        part("getHostname", arguments, budget, |url| {
            url.host_and_port().0
        })
    }),
    member("getPort", PART, |arguments, budget| {
        part("getPort", arguments, budget, |url| url.host_and_port().1)
    }),
    member("getEscapedPath", PART, |arguments, budget| {
        part("getEscapedPath", arguments, budget, |url| &url.path)
    }),
    member(
        "getQuery",
        &["kubernetes.URL -> map(string, list(string))"],
        query,
    ),
];

const PART: &[&str] = &["kubernetes.URL -> string"];

/// Parameters of a query; one with more is as good as none.
const PARAMETERS: usize = 10_000;

/// A URL. Host and query are as written but for escapes of the host, the path is escaped, and the whole is put
/// together again.
#[derive(Debug)]
struct Url {
    scheme: String,
    host: String,
    path: String,
    query: String,
    whole: String,
}

impl Opaque for Url {
    fn type_name(&self) -> &'static str {
        "kubernetes.URL"
    }

    fn equals(&self, other: &dyn Opaque) -> bool {
        let other = other.downcast::<Self>();
        other.is_some_and(|other| self.whole == other.whole)
    }

    fn size(&self) -> usize {
        self.whole.len()
    }
}

impl Url {
    fn host_and_port(&self) -> (&str, &str) {
        let cut = self.host.rfind(':').map(|at| self.host.split_at(at));
        let (host, port) = match cut {
            Some((host, port)) if parse::is_port(port) => (host, &port[1..]),
            _ => (&*self.host, ""),
        };
        let literal = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        (literal.unwrap_or(host), port)
    }
}

/// Reading a text goes over it some times, and escapes make it longer.
fn charge(text: &str, budget: &mut Budget) -> Result<(), Error> {
    budget.steps(text.len() / 4)?;
    budget.bytes(text.len().saturating_mul(4))
}

/// Whether a text is a URL that is absolute or a path, and if not, why.
///
/// # Errors
/// The budget is spent.
pub(super) fn validate(text: &str, budget: &mut Budget) -> Result<Result<(), String>, Error> {
    charge(text, budget)?;
    Ok(parse::request(text))
}

fn part(name: &str, arguments: &[Value], budget: &mut Budget, of: fn(&Url) -> &str) -> Outcome {
    let part = of(opaque(name, arguments, 0)?);
    budget.bytes(part.len())?;
    Ok(Value::from(part))
}

/// The parameters of the query. Those that are malformed are left out.
fn query(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let query = &*opaque::<Url>("getQuery", arguments, 0)?.query;
    budget.steps(query.len() / 4)?;
    budget.bytes(query.len())?;
    let mut found: std::collections::BTreeMap<Key, Vec<Value>> = std::collections::BTreeMap::new();
    if query.matches('&').count() < PARAMETERS {
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            budget.slots(2)?;
            if let Some((name, value)) = parameter_of(parameter) {
                found
                    .entry(Key::string(name))
                    .or_default()
                    .push(Value::from(value));
            }
        }
    }
    let lists = found
        .into_iter()
        .map(|(name, values)| (name, Value::list(values)));
    Ok(Value::map(lists.collect::<Map>()))
}

fn parameter_of(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let plain = |text| {
        let bytes = escape::unescape(text, Part::Query).ok()?;
        Some(escape::readable(bytes))
    };
    (!text.contains(';')).then(|| Some((plain(name)?, plain(value)?)))?
}
