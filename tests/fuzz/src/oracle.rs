//! Another engine as an oracle: expressions are evaluated by `expr` and by the crate `cel`, and where both define
//! the answer it is one.
//!
//! Neither is taken on trust. What the two say differently is decided by the specification of the language: either
//! `expr` is mended, or the difference is one of those in [`known`], each with its reason.

mod answer;
mod generate;
mod known;

use std::{
    panic,
    sync::{Arc, LazyLock, Once},
    thread,
};

use cel::extensions;
use serde_json::{Map, Value as Json, json};

use expr::{Bindings, Budget, Environment, Limits, Numbers, Overloads, Value};

use answer::Answer;
pub(crate) use generate::generate;

const LIMITS: Limits = Limits {
    source_bytes: 4 << 10,
    depth: 40,
    steps: 5_000,
    bytes: 256 << 10,
};

/// The variables that expressions may use: some of their own, and those of the recorded expressions.
static VARIABLES: LazyLock<Map<String, Json>> = LazyLock::new(|| {
    let mut variables = testkit::compat::cel("cases.json")["ctx"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let own = json!({
        "b": true, "i": 3, "d": 1.5, "s": "text é", "n": null, "l": [3, 1, 2], "t": ["b", "a", "c"], "m": {"a": 1, "b": 2},
        "o": {"list": [{"name": "x", "on": true}, {"name": "y"}], "deep": {"a": {"b": "c"}}, "empty": {}},
    });
    variables.extend(own.as_object().cloned().unwrap_or_default());
    variables
});

/// Whether both engines say the same of an expression.
///
/// # Errors
/// What they say.
pub(crate) fn agrees(source: &str) -> Result<(), String> {
    let Some(ours) = ours(source) else {
        return Ok(());
    };
    let theirs = theirs(source);
    if ours == theirs {
        return Ok(());
    }
    let case = known::Case {
        source,
        ours: &ours,
        theirs: &theirs,
    };
    match known::reason(&case) {
        Some(_) => Ok(()),
        None => Err(format!(
            "{source}\n  ours:   {ours:?}\n  theirs: {theirs:?}"
        )),
    }
}

/// Our answer; `None` where we define none: what does not compile, names what is not there, or costs too much.
fn ours(source: &str) -> Option<Answer> {
    static ENVIRONMENT: LazyLock<Environment> =
        LazyLock::new(|| Environment::builder().limits(LIMITS).build());
    answer_in(&ENVIRONMENT, source)
}

/// Our answer, were doubles written as the oracle writes them.
fn ours_in_their_numerals(source: &str) -> Option<Answer> {
    static ENVIRONMENT: LazyLock<Environment> = LazyLock::new(|| {
        let string = |arguments: &[Value]| match arguments {
            [Value::Double(double)] => Ok(Value::from(double.to_string())),
            [other] => Environment::default()
                .compile("string(other)")?
                .evaluate(&Bindings::new().with("other", other.clone())),
            _ => Err(expr::Error::argument("string() takes one argument")),
        };
        Environment::builder()
            .limits(LIMITS)
            .function("string", Overloads::of(&["dyn -> string"]), string)
            .build()
    });
    answer_in(&ENVIRONMENT, source)
}

fn answer_in(environment: &Environment, source: &str) -> Option<Answer> {
    static BINDINGS: LazyLock<Bindings> = LazyLock::new(|| {
        let read = |value| Value::from_json(value, Numbers::AsWritten);
        Bindings::new().with_all(
            VARIABLES
                .iter()
                .map(|(name, value)| (name.as_str(), read(value))),
        )
    });
    let program = environment.compile(source).ok()?;
    let mut budget = Budget::for_all(&LIMITS);
    match program.evaluate_within(&BINDINGS, &mut budget) {
        Ok(value) => Some(Answer::of_ours(&value)),
        Err(expr::Error::Limit { .. }) => None,
        Err(error) if error.is_compile() => None,
        Err(error) => Some(Answer::failure(&error)),
    }
}

/// The answer of the oracle. It may panic, which is not our fault.
fn theirs(source: &str) -> Answer {
    const NAME: &str = "oracle";
    /// Its parser takes a lot of it.
    const STACK: usize = 256 << 20;
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |it| match thread::current().name() {
            Some(NAME) => {}
            _ => usual(it),
        }));
    });
    thread::scope(|scope| {
        let oracle = thread::Builder::new()
            .name(NAME.to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, || evaluate(source));
        match oracle.map(thread::ScopedJoinHandle::join) {
            Ok(Ok(answer)) => answer,
            _ => Answer::Unknown,
        }
    })
}

fn evaluate(source: &str) -> Answer {
    static ENVIRONMENT: LazyLock<Arc<cel::Env>> = LazyLock::new(|| {
        let mut environment = cel::Env::stdlib();
        for extension in [
            extensions::strings,
            extensions::lists,
            extensions::math,
            extensions::encoders,
        ] {
            environment
                .add_extension(extension)
                .expect("no two extensions have one name");
        }
        Arc::new(environment)
    });
    let Ok(program) = ENVIRONMENT.compile(source) else {
        return Answer::Unknown;
    };
    let mut context = cel::Context::with_env(Arc::clone(&ENVIRONMENT));
    for (name, value) in &*VARIABLES {
        context.add_variable_from_value(name.as_str(), answer::to_theirs(value));
    }
    match program.execute(&context) {
        Ok(value) => Answer::of_theirs(&value),
        Err(cel::ExecutionError::UndeclaredReference(_)) => Answer::Unknown,
        Err(error) => Answer::failure(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_engines_say_differently_is_told() {
        assert_eq!(agrees("1 + 2 * 3"), Ok(()));
        let (ours, theirs) = (ours("1 + 1").unwrap(), evaluate("1u + 1u"));
        assert_ne!(ours, theirs);
        assert_eq!(ours, evaluate("2"));
    }

    #[test]
    fn most_expressions_that_are_made_have_an_answer() {
        let mut random = crate::random::Random::new(1);
        let answered = (0..300)
            .map(|_| generate(&mut random))
            .filter(|source| matches!(ours(source), Some(Answer::Value(_))))
            .filter(|source| matches!(evaluate(source), Answer::Value(_)))
            .count();
        assert!(answered > 150, "{answered} of 300");
    }
}
