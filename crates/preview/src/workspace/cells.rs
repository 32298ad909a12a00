//! The cells of projects in an environment.

use compile::{
    Compiler,
    assemble::{self, Object, Objects},
    cut, project,
};
use model::{
    Kind, ObjectKey, UnitId,
    kinds::{Project, ProjectRelease, ProjectReleaseBinding, owner::ProjectOwner},
};

use super::{MadeFrom, Parts, Releases, Stage, Subject, Unbound, Unit, attribute};

/// A cell that is bound, with its snapshot.
pub(super) struct BoundCell {
    subject: Subject,
    parts: Parts,
    pub(super) snapshot: project::Snapshot,
}

impl Stage<'_> {
    pub(super) fn cells(&mut self, compiler: &Compiler, namespace: &str) {
        for project in self.world.all::<Project>(Some(namespace)) {
            let subject = self.subject(namespace, project.name(), None);
            if self.only.has(&subject)
                && (self.goes_on)()
                && let Some(bound) = self.cell(&project, subject)
            {
                self.compile_cell(compiler, bound);
            }
        }
    }

    /// A cell with all that decides what it is.
    pub(super) fn cell(
        &mut self,
        project: &Object<Project>,
        subject: Subject,
    ) -> Option<BoundCell> {
        let key = self.bind_cell(project, &subject)?;
        let Ok(binding) = self.world.find::<ProjectReleaseBinding>(&key);
        let binding = binding?;
        let Ok(assembled) = assemble::cell(&binding, &self.world);
        let found = match assembled {
            Ok(found) => found,
            Err(refused) => {
                self.refuse(&key, refused, &subject);
                return None;
            }
        };
        let release = found.release.key().clone();
        let parts = Parts {
            owner: project.key().clone(),
            owner_type: project.spec.project_type.key(&subject.namespace),
            workload: None,
            release: self.world.sources.contains_key(&release).then_some(release),
            binding: key,
        };
        let unit = UnitId::of(&parts.binding).ok()?;
        Some(BoundCell {
            snapshot: found.snapshot(&binding, unit),
            subject,
            parts,
        })
    }

    /// The binding of a project, and its release, put where the platform would put them.
    fn bind_cell(&mut self, project: &Object<Project>, subject: &Subject) -> Option<ObjectKey> {
        let (namespace, environment) = (&*subject.namespace, self.asked.environment);
        let index = ProjectReleaseBinding::of_project_in(namespace, project.name(), environment);
        let Ok(found) = self.world.list::<ProjectReleaseBinding>(&index);
        let found = found.into_iter().next();
        if found.is_none() && self.asked.unbound == Unbound::Skip {
            return None;
        }
        let Ok(project_type) = assemble::project_type(project, &self.world);
        let project_type = match project_type {
            Ok(project_type) => project_type,
            Err(refused) => {
                self.refuse(project.key(), refused, subject);
                return None;
            }
        };
        let cut = cut::project(project.name(), &project.spec, &project_type.spec);
        let release = ObjectKey::namespaced(ProjectRelease::NAME, namespace, &cut.name);
        let name = format!("{}-{environment}", project.name());
        let mut key = ObjectKey::namespaced(ProjectReleaseBinding::NAME, namespace, &name);
        let mut spec = ProjectReleaseBinding {
            owner: ProjectOwner {
                project_name: project.name().to_owned(),
            },
            environment: environment.to_owned(),
            ..ProjectReleaseBinding::default()
        };
        match &found {
            Some(binding) => {
                key = binding.key().clone();
                spec = binding.spec.clone();
            }
            None => self.note(format!(
                "project {} has no ProjectReleaseBinding for {environment}: its cell is shown as if it had one",
                project.name()
            )),
        }
        let pinned = spec.project_release.as_deref().filter(|name| {
            let key = ObjectKey::namespaced(ProjectRelease::NAME, namespace, name);
            self.asked.releases == Releases::Pinned && self.world.objects.contains_key(&key)
        });
        if pinned.is_none() {
            spec.project_release = Some(cut.name.clone());
            if !self.world.objects.contains_key(&release) {
                self.world.make(&release, None, &cut.spec);
            }
        }
        let metadata = found.as_ref().map(|binding| binding.metadata().clone());
        self.world.make(&key, metadata.as_ref(), &spec);
        Some(key)
    }

    fn compile_cell(&mut self, compiler: &Compiler, bound: BoundCell) {
        let BoundCell {
            subject,
            parts,
            snapshot,
        } = bound;
        match compiler.project(&snapshot) {
            Ok(compiled) => self.rendered.units.push(Unit {
                subject,
                objects: (compiled.bundle.parse().objects.into_iter())
                    .map(|entry| entry.object)
                    .collect(),
                made_from: MadeFrom::Cell(Box::new(snapshot)),
                parts,
            }),
            Err(project::Refused::Rendering(diagnostics)) => {
                for diagnostic in diagnostics.iter() {
                    let (object, diagnostic) = attribute::of_cell(&parts, diagnostic);
                    self.problem(&object, diagnostic, &subject);
                }
            }
            Err(refused @ project::Refused::NamespaceMissing(_)) => {
                let diagnostic = model::Diagnostic {
                    path: "spec.resources".to_owned(),
                    message: refused.to_string(),
                    hint: None,
                };
                self.problem(&parts.owner_type, diagnostic, &subject);
            }
        }
    }
}
