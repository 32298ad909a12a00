//! One rendering on its way: the workspace, what the platform makes in it, and what is told of it.

use std::collections::BTreeSet;

use compile::assemble::Refused;
use model::{Diagnostic, KindName, ObjectKey, RawJson};

use super::{Asked, Problem, Rendered, Subject, Workspace};

/// One rendering.
pub(super) struct Stage<'a> {
    pub(super) asked: &'a Asked<'a>,
    pub(super) only: Only<'a>,
    /// Whether there is time left; what it has answered no to stays unfinished.
    pub(super) goes_on: &'a dyn Fn() -> bool,
    pub(super) world: Workspace,
    pub(super) rendered: Rendered,
}

/// What is rendered.
#[derive(Clone, Copy)]
pub(super) enum Only<'a> {
    /// Everything.
    All,
    /// These, and as much of those that they call as tells where these are reached.
    Of {
        /// What is rendered.
        units: &'a BTreeSet<Subject>,
        /// Whom they call.
        called: &'a BTreeSet<Subject>,
    },
}

impl Only<'_> {
    /// Whether the unit is rendered.
    pub(super) fn has(self, subject: &Subject) -> bool {
        match self {
            Self::All => true,
            Self::Of { units, .. } => units.contains(subject),
        }
    }

    /// Whether the unit is rendered, or has to be known for another one.
    pub(super) fn needs(self, subject: &Subject) -> bool {
        match self {
            Self::All => true,
            Self::Of { units, called } => units.contains(subject) || called.contains(subject),
        }
    }
}

impl<'a> Stage<'a> {
    pub(super) fn new(
        world: Workspace,
        asked: &'a Asked<'a>,
        only: Only<'a>,
        goes_on: &'a dyn Fn() -> bool,
    ) -> Self {
        Self {
            asked,
            only,
            goes_on,
            world,
            rendered: Rendered::default(),
        }
    }

    /// A component, or the cell of a project without one, in the environment.
    pub(super) fn subject(
        &self,
        namespace: &str,
        project: &str,
        component: Option<&str>,
    ) -> Subject {
        Subject {
            environment: self.asked.environment.to_owned(),
            namespace: namespace.to_owned(),
            project: project.to_owned(),
            component: component.map(str::to_owned),
        }
    }

    pub(super) fn note(&mut self, note: String) {
        if !self.rendered.notes.contains(&note) {
            self.rendered.notes.push(note);
        }
    }

    /// Notes a problem; one that others have too is told once.
    pub(super) fn problem(
        &mut self,
        object: &ObjectKey,
        diagnostic: Diagnostic,
        subject: &Subject,
    ) {
        let known =
            self.rendered.problems.iter_mut().find(|known| {
                known.object.as_ref() == Some(object) && known.diagnostic == diagnostic
            });
        if let Some(known) = known {
            known.subjects.push(subject.clone());
            return;
        }
        self.rendered.problems.push(Problem {
            object: Some(object.clone()),
            source: self.world.sources.get(object).cloned(),
            diagnostic,
            subjects: vec![subject.clone()],
        });
    }

    /// Notes why `object` does not allow something. What is wrong with an object that admission refused
    /// was told when it was read.
    pub(super) fn refuse(&mut self, object: &ObjectKey, refused: Refused, subject: &Subject) {
        let missing = refused.missing.clone();
        let missing = missing.or_else(|| self.refused_workload(&refused, subject));
        if let Some(key) = missing
            .as_ref()
            .filter(|key| self.world.refused.contains_key(key))
        {
            self.rendered.stopped.push((key.clone(), subject.clone()));
            return;
        }
        let hint = missing.map(|key| {
            let (kind, name) = (key.public_kind(), &key.name);
            format!("add {kind}/{name} to the files, or name one that is there")
        });
        let diagnostic = Diagnostic {
            path: refused.path.to_owned(),
            message: refused.message,
            hint,
        };
        self.problem(object, diagnostic, subject);
    }

    /// The workload that a component lacks, if there is one that admission refused.
    fn refused_workload(&self, refused: &Refused, subject: &Subject) -> Option<ObjectKey> {
        if refused.reason != "WorkloadNotFound" {
            return None;
        }
        let of_component = |(key, spec): &(&ObjectKey, &RawJson)| {
            let spec = spec.to_value();
            key.kind == KindName::Workload
                && key.namespace.as_deref() == Some(&*subject.namespace)
                && spec["owner"]["componentName"].as_str() == subject.component.as_deref()
        };
        let found = self.world.refused.iter().find(of_component);
        found.map(|(key, _)| key.clone())
    }
}
