//! Two states of a platform side by side, in every environment that something is bound to.
//!
//! Beside step 6; what the command line's `diff` and the control plane's preview call are. Only what the
//! change concerns is compiled: units that follow from other objects than before, and those that call
//! them. Pure: time is asked of the caller.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use serde::{Deserialize, Serialize};

use compile::Compiler;
use model::ObjectKey;

use crate::{
    difference::{Change, Group, changes, group},
    workspace::{
        self, Asked, Problem, Releases, Rendered, Sketch, Subject, Unbound, Unit, Workspace,
    },
};

/// What is compared, and what it may cost.
pub struct Question<'a> {
    /// The environment; every one without it.
    pub environment: Option<&'a str>,
    /// Which releases.
    pub releases: Releases,
    /// Whether the caller may see what runs there.
    pub may_see: &'a dyn Fn(&Subject) -> bool,
    /// The most units that are compiled.
    pub most_units: usize,
    /// Whether there is time left.
    pub goes_on: &'a dyn Fn() -> bool,
}

/// What a change does.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Comparison {
    /// Every difference.
    pub groups: Vec<Group>,
    /// What is not valid, and what does not compile after it and did before.
    pub problems: Vec<Problem>,
    /// The environments that were compared.
    pub environments: Vec<String>,
    /// How many units it concerns that the caller may not see.
    pub hidden: usize,
}

/// Why there is no comparison.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nothing is bound to the environment.
    #[error("nothing is bound to environment {name}; there are {}", known.join(", "))]
    Environment {
        /// The environment.
        name: String,
        /// Those that something is bound to.
        known: Vec<String>,
    },
    /// The change concerns too much.
    #[error(
        "the change concerns more than {most} components and cells: ask for one environment, or for less at a time"
    )]
    Units {
        /// The most that is compiled.
        most: usize,
    },
    /// It took too long.
    #[error("there was not enough time: ask for one environment, or for less at a time")]
    Time,
}

/// Compares what would run before and after a change. `refused` is what admission said of the documents
/// after it.
///
/// # Errors
/// See [`Error`].
pub fn compare(
    compiler: &Compiler,
    (before, after): (&Workspace, &Workspace),
    refused: Vec<Problem>,
    question: &Question<'_>,
) -> Result<Comparison, Error> {
    let mut comparison = Comparison {
        environments: environments(before, after, question)?,
        problems: refused,
        ..Comparison::default()
    };
    let work = Work {
        compiler,
        question,
        units_left: Cell::new(question.most_units),
    };
    let mut all = Vec::new();
    for environment in &comparison.environments {
        let asked = Asked {
            environment,
            releases: question.releases,
            unbound: Unbound::Skip,
        };
        let done = work.environment((before, after), &asked)?;
        all.extend(done.changes);
        comparison.hidden += done.hidden;
        merge(&mut comparison.problems, done.problems);
        workspace::stop(&mut comparison.problems, done.stopped);
    }
    comparison.groups = group(all);
    Ok(comparison)
}

/// The environments that are asked about.
fn environments(
    before: &Workspace,
    after: &Workspace,
    question: &Question<'_>,
) -> Result<Vec<String>, Error> {
    let mut known = before.environments();
    known.extend(after.environments());
    match question.environment {
        None => Ok(known.into_iter().collect()),
        Some(only) if known.contains(only) => Ok(vec![only.to_owned()]),
        Some(only) => Err(Error::Environment {
            name: only.to_owned(),
            known: known.into_iter().collect(),
        }),
    }
}

/// The same problem in several environments is told once.
fn merge(problems: &mut Vec<Problem>, found: Vec<Problem>) {
    for problem in found {
        match problems.iter_mut().find(|known| known.is_same(&problem)) {
            Some(known) => known.subjects.extend(problem.subjects),
            None => problems.push(problem),
        }
    }
}

/// What came of one environment.
#[derive(Default)]
struct Done {
    changes: Vec<Change>,
    problems: Vec<Problem>,
    stopped: Vec<(ObjectKey, Subject)>,
    hidden: usize,
}

struct Work<'a> {
    compiler: &'a Compiler,
    question: &'a Question<'a>,
    units_left: Cell<usize>,
}

impl Work<'_> {
    fn environment(
        &self,
        (before, after): (&Workspace, &Workspace),
        asked: &Asked<'_>,
    ) -> Result<Done, Error> {
        let goes_on = self.question.goes_on;
        let survey = |side: &Workspace| side.survey(asked, goes_on).ok_or(Error::Time);
        let (old, new) = (survey(before)?, survey(after)?);
        let concerned = concerned(&old, &new);
        let all = concerned.len();
        let mut units = concerned;
        units.retain(|subject| (self.question.may_see)(subject));
        let hidden = all - units.len();
        let left = self.units_left.get().checked_sub(units.len());
        let most = self.question.most_units;
        self.units_left.set(left.ok_or(Error::Units { most })?);
        if units.is_empty() {
            return Ok(Done {
                hidden,
                ..Done::default()
            });
        }
        let render = |side: &Workspace, sketches: &BTreeMap<Subject, Sketch>| {
            let of_units = units.iter().filter_map(|unit| sketches.get(unit));
            let called = of_units.flat_map(|sketch| &sketch.calls).cloned().collect();
            side.render_only(self.compiler, asked, (&units, &called), goes_on)
                .ok_or(Error::Time)
        };
        let (old, new) = (render(before, &old)?, render(after, &new)?);
        Ok(Done {
            changes: changes(&comparable(&old, &new), &new.units),
            problems: arisen(&old, new.problems),
            stopped: new.stopped,
            hidden,
        })
    }
}

/// The units that follow from something else than before, and those that call them.
fn concerned(
    old: &BTreeMap<Subject, Sketch>,
    new: &BTreeMap<Subject, Sketch>,
) -> BTreeSet<Subject> {
    let all = || old.keys().chain(new.keys());
    let differ: BTreeSet<&Subject> = all()
        .filter(|subject| old.get(subject) != new.get(subject))
        .collect();
    let calls = |subject: &Subject| {
        let sketches = [old.get(subject), new.get(subject)];
        let mut calls = sketches.into_iter().flatten().flat_map(|it| &it.calls);
        calls.any(|called| differ.contains(called))
    };
    all()
        .filter(|subject| differ.contains(subject) || calls(subject))
        .cloned()
        .collect()
}

/// The units before. One that does not compile any more is a problem, and not a removal.
fn comparable(old: &Rendered, new: &Rendered) -> Vec<Unit> {
    let told = new.problems.iter().flat_map(|problem| &problem.subjects);
    let stopped = new.stopped.iter().map(|(_, subject)| subject);
    let broken: BTreeSet<_> = told.chain(stopped).collect();
    let whole = |unit: &&Unit| !broken.contains(&unit.subject);
    old.units.iter().filter(whole).cloned().collect()
}

/// The problems that there were not before.
fn arisen(old: &Rendered, mut new: Vec<Problem>) -> Vec<Problem> {
    for problem in &mut new {
        let known = old.problems.iter().find(|known| known.is_same(problem));
        let known = known.map_or(&[][..], |known| &known.subjects);
        problem.subjects.retain(|subject| !known.contains(subject));
    }
    new.retain(|problem| !problem.subjects.is_empty());
    new
}
