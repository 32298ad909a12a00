//! What every unit of an environment follows from, without compiling any: two surveys tell what a change
//! concerns.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use compile::assemble::Object;
use model::{
    Digest, Kind, ObjectKey,
    kinds::{Component, ComponentRelease, Project},
};

use super::{Asked, Only, Stage, Subject, Workspace};

/// A unit, as far as it can be compared without compiling it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sketch {
    /// Of all that decides what it is, or of why it cannot be.
    digest: Digest,
    /// Whom it calls.
    pub(crate) calls: BTreeSet<Subject>,
}

impl Sketch {
    fn of(content: &impl Serialize, calls: BTreeSet<Subject>) -> Self {
        let text = serde_json::to_vec(content).expect("snapshots have string keys");
        Self {
            digest: Digest::of(&text),
            calls,
        }
    }
}

impl Workspace {
    /// Every unit of an environment; `None` once `goes_on` says no, which is for good.
    pub(crate) fn survey(
        &self,
        asked: &Asked<'_>,
        goes_on: &dyn Fn() -> bool,
    ) -> Option<BTreeMap<Subject, Sketch>> {
        let mut stage = Stage::new(self.clone(), asked, Only::All, goes_on);
        let mut sketches = BTreeMap::new();
        for namespace in self.namespaces() {
            if !stage.environment(&namespace) {
                continue;
            }
            for project in self.all::<Project>(Some(&namespace)) {
                let subject = stage.subject(&namespace, project.name(), None);
                let sketch = stage.sketch_cell(&project, &subject);
                sketches.extend(sketch.map(|sketch| (subject, sketch)));
            }
            for component in self.all::<Component>(Some(&namespace)) {
                if !goes_on() {
                    return None;
                }
                let project = &component.spec.owner.project_name;
                let subject = stage.subject(&namespace, project, Some(component.name()));
                let sketch = stage.sketch_component(self, &component, &subject);
                sketches.extend(sketch.map(|sketch| (subject, sketch)));
            }
        }
        Some(sketches)
    }
}

impl Stage<'_> {
    fn sketch_cell(&mut self, project: &Object<Project>, subject: &Subject) -> Option<Sketch> {
        let bound = self.cell(project, subject.clone());
        let sketch = bound.map(|bound| Sketch::of(&bound.snapshot, BTreeSet::new()));
        sketch.or_else(|| self.sketch_refused())
    }

    fn sketch_component(
        &mut self,
        known: &Workspace,
        object: &Object<Component>,
        subject: &Subject,
    ) -> Option<Sketch> {
        let Some(bound) = self.component(object, subject.clone()) else {
            return self.sketch_refused();
        };
        // Releases that are made are as large as all else together, and nobody asks for them again.
        let release = bound.snapshot.binding.release_name.as_deref();
        let key = ObjectKey::namespaced(
            ComponentRelease::NAME,
            &subject.namespace,
            release.unwrap_or_default(),
        );
        if !known.objects.contains_key(&key) {
            self.world.remove(&key);
        }
        Some(Sketch::of(&bound.snapshot, bound.calls().collect()))
    }

    /// Why the last unit cannot be compiled, if that is so, taken from what is told.
    fn sketch_refused(&mut self) -> Option<Sketch> {
        let problems = std::mem::take(&mut self.rendered.problems);
        let stopped = std::mem::take(&mut self.rendered.stopped);
        let why = format!("{problems:?}{stopped:?}");
        (!problems.is_empty() || !stopped.is_empty()).then(|| Sketch::of(&why, BTreeSet::new()))
    }
}
