//! Ten expressions of the samples, evaluated over one context.

use std::{hint::black_box, time::Instant};

use anyhow::{Context, Result};
use compile::functions::{self, Methods};
use expr::{Bindings, Numbers};

use crate::figures::{Figures, Unit, measure, percentile};

/// Name in the table of expressions, and the microseconds that the first sketch of the engine took for it.
const EXPRESSIONS: [(&str, f64); 10] = [
    ("select", 0.038),
    ("index-dotted", 0.093),
    ("nested-ternary", 1.09),
    ("map-macro", 0.96),
    ("opt-filter-hasvalue", 1.5),
    ("transformMap-filter", 0.95),
    ("transformMapEntry", 0.48),
    ("oc_merge", 0.37),
    ("not-has-chain", 0.22),
    ("opt-orValue", 0.089),
];

/// Turns measured at once, since the shortest take less than the clock's grain.
const BATCH: u32 = 500;

pub(crate) fn evaluate(figures: &mut Figures) -> Result<()> {
    let table = testkit::compat::cel("cases.json");
    let variables = table["ctx"].as_object().context("the variables")?;
    let bindings = Bindings::new().with_all(variables.iter().map(|(name, value)| {
        let value = expr::Value::from_json(value, Numbers::Doubles);
        (name.as_str(), value)
    }));
    let environment = functions::environment(Methods::Component);
    let cases = table["cases"].as_array().context("the expressions")?;
    for (name, aim) in EXPRESSIONS {
        let case = cases.iter().find(|case| case["name"] == name);
        let source = case.and_then(|case| case["expr"].as_str()).context(name)?;
        let began = Instant::now();
        let program = environment.compile(source)?;
        let compiled = Unit::Micros.of(began.elapsed());
        let times = measure(BATCH, || {
            black_box(program.evaluate(black_box(&bindings))?);
            Ok(())
        })?;
        let half = percentile(&times, 50, Unit::Micros);
        figures.row(
            &format!("expression {name}"),
            format!("{half:.3} µs, compiled in {compiled:.0} µs"),
            &format!("≤ {aim} µs"),
        );
        figures.line(&format!("expression_{}_us", name.replace('-', "_")), half);
    }
    Ok(())
}
