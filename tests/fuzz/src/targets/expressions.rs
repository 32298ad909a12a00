//! The expression engine alone.

use compile::functions::{self, Methods};
use expr::{Bindings, Budget, Declarations, Numbers, StaticType};

use super::{LIMITS, same, variables};

pub(super) fn parser(input: &str) -> Result<(), String> {
    let environment = functions::environment(Methods::Component);
    let Err(error) = environment.compile(input) else {
        return Ok(());
    };
    let rendered = error.render(input);
    if rendered.is_empty() {
        return Err("an error without a text".to_owned());
    }
    Ok(())
}

pub(super) fn checker(input: &str) -> Result<(), String> {
    let environment = functions::environment(Methods::Component);
    let mut declared = Declarations::new();
    for name in variables().keys() {
        declared = declared.with(name.as_str(), StaticType::Dyn);
    }
    let (first, second) = (
        environment.check(input, &declared),
        environment.check(input, &declared),
    );
    same(&first, &second)
}

pub(super) fn evaluator(input: &str) -> Result<(), String> {
    let environment = functions::environment(Methods::Component);
    let Ok(program) = environment.compile(input) else {
        return Ok(());
    };
    let values = variables();
    let bindings = Bindings::new().with_all(values.iter().map(|(name, value)| {
        (
            name.as_str(),
            expr::Value::from_json(value, Numbers::AsWritten),
        )
    }));
    let once = || {
        let mut budget = Budget::for_all(&LIMITS);
        let result = program.evaluate_within(&bindings, &mut budget);
        (result, budget.steps_left(), budget.bytes_left())
    };
    same(&once(), &once())
}
