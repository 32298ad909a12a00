//! The components of an environment: bound as the platform would, compiled, and compiled again with the
//! addresses of those that they call.

use std::collections::BTreeSet;

use compile::{
    Compiler,
    assemble::{self, Needs, Object, Objects},
    component::Snapshot,
    connections::{self, Item, resources},
};
use model::{
    Kind, KindName, ObjectKey, UnitId,
    kinds::{
        Component, ComponentRelease, ReleaseBinding, ResourceReleaseBinding,
        component_release::WorkloadSnapshot,
        owner::ComponentOwner,
        release_binding::{BindingState, ReleaseBindingStatus, status::ResourceDependencyTarget},
    },
};

use super::{MadeFrom, Parts, Releases, Stage, Subject, Unbound, Unit, attribute};

/// A component that is bound, with its snapshot.
pub(super) struct Bound {
    subject: Subject,
    parts: Parts,
    pub(super) snapshot: Snapshot,
    status: ReleaseBindingStatus,
}

impl Bound {
    /// Whom it calls.
    pub(super) fn calls(&self) -> impl Iterator<Item = Subject> {
        let Snapshot {
            namespace,
            binding,
            release,
            ..
        } = &self.snapshot;
        let wanted = connections::wanted(namespace, binding, &release.workload);
        wanted.into_iter().map(|wanted| Subject {
            environment: wanted.target.environment,
            namespace: wanted.target.namespace,
            project: wanted.target.project,
            component: Some(wanted.target.component),
        })
    }
}

impl Stage<'_> {
    pub(super) fn components(&mut self, compiler: &Compiler, namespace: &str) {
        let mut bound = Vec::new();
        for component in self.world.all::<Component>(Some(namespace)) {
            let project = &component.spec.owner.project_name;
            let subject = self.subject(namespace, project, Some(component.name()));
            if self.only.needs(&subject) && (self.goes_on)() {
                bound.extend(self.component(&component, subject));
            }
        }
        let called: BTreeSet<_> = bound.iter().flat_map(Bound::calls).collect();
        // Where a component is reached does not depend on whom it calls.
        for one in &mut bound {
            if called.contains(&one.subject)
                && (self.goes_on)()
                && let Ok(compiled) = compiler.component(&one.snapshot)
            {
                one.status.endpoints.clone_from(&compiled.endpoints);
            }
        }
        let resolved: Vec<_> = (bound.iter())
            .map(|one| self.connections(one, &bound))
            .collect();
        for (mut one, connections) in bound.into_iter().zip(resolved) {
            if self.only.has(&one.subject) && (self.goes_on)() {
                one.snapshot.connections = connections;
                self.compile(compiler, one);
            }
        }
    }

    /// A component with all that decides what it is, but for its connections.
    pub(super) fn component(
        &mut self,
        component: &Object<Component>,
        subject: Subject,
    ) -> Option<Bound> {
        let parts = self.bind(component, &subject)?;
        self.snapshot(parts, subject)
    }

    /// The binding of a component, and its release, put where the platform would put them.
    fn bind(&mut self, component: &Object<Component>, subject: &Subject) -> Option<Parts> {
        let (namespace, environment) = (&*subject.namespace, self.asked.environment);
        let index = ReleaseBinding::of_component(namespace, &subject.project, component.name());
        let Ok(mut found) = self.world.list::<ReleaseBinding>(&index);
        found.retain(|binding| binding.spec.environment == environment);
        if let [first, .., last] = &*found {
            let message = format!(
                "{} ReleaseBindings deploy component {:?} to environment {environment:?}",
                found.len(),
                component.name()
            );
            let diagnostic = model::Diagnostic {
                path: "spec.environment".to_owned(),
                message,
                hint: Some(format!("keep one of {} and {}", first.name(), last.name())),
            };
            self.problem(last.key(), diagnostic, subject);
            return None;
        }
        let follows = self.follows(component);
        if found.is_empty() && !follows && self.asked.unbound == Unbound::Skip {
            return None;
        }
        let binding = found.pop();
        if let Some(binding) = &binding
            && binding.spec.state == BindingState::Undeploy
        {
            self.note(format!(
                "component {} is undeployed in {environment} by ReleaseBinding {}",
                component.name(),
                binding.name()
            ));
            return None;
        }
        let Ok(assembled) = assemble::component(component, &self.world);
        let made_of = match assembled {
            Ok(made_of) => made_of,
            Err(refused) => {
                self.refuse(component.key(), refused, subject);
                return None;
            }
        };
        if binding.is_none() && !follows {
            self.note(format!(
                "component {} has no ReleaseBinding for {environment}: it is shown as if it were deployed there",
                component.name()
            ));
        }
        let release = self.release(component, &made_of, binding.as_ref(), follows);
        let binding = self.put_binding(binding, subject, &release.name);
        Some(Parts {
            owner: component.key().clone(),
            owner_type: component.spec.component_type.key(namespace),
            workload: Some(made_of.workload.key().clone()),
            binding,
            release: self.world.sources.contains_key(&release).then_some(release),
        })
    }

    /// Whether the platform deploys every change of the component to this environment.
    fn follows(&mut self, component: &Object<Component>) -> bool {
        let Ok(root) = assemble::root_environment(component, &self.world);
        match root {
            Ok(root) => {
                component.spec.auto_deploy.unwrap_or_default() && root == self.asked.environment
            }
            Err(refused) => {
                let missing = refused.missing.map(|key| key.kind);
                if missing == Some(KindName::DeploymentPipeline)
                    && self.asked.unbound == Unbound::Bind
                {
                    self.note(format!(
                        "{}: it is not known which environment is the first of project {}",
                        refused.message, component.spec.owner.project_name
                    ));
                }
                false
            }
        }
    }

    /// The release that the binding shall have, put if it is made now.
    fn release(
        &mut self,
        component: &Object<Component>,
        made_of: &assemble::ComponentParts,
        binding: Option<&Object<ReleaseBinding>>,
        follows: bool,
    ) -> ObjectKey {
        let key =
            |name: &str| ObjectKey::namespaced(ComponentRelease::NAME, component.namespace(), name);
        let named = binding.and_then(|binding| binding.spec.release_name.as_deref());
        if let Some(name) = named.filter(|name| !name.is_empty())
            && self.asked.releases == Releases::Pinned
            && !follows
        {
            if self.world.objects.contains_key(&key(name)) {
                return key(name);
            }
            self.note(format!(
                "ComponentRelease {name} is not there: component {} is shown as it stands",
                component.name()
            ));
        }
        let cut = made_of.cut(component);
        let key = key(&cut.name);
        if !self.world.objects.contains_key(&key) {
            self.world.make(&key, None, &cut.spec);
        }
        key
    }

    fn put_binding(
        &mut self,
        binding: Option<Object<ReleaseBinding>>,
        subject: &Subject,
        release: &str,
    ) -> ObjectKey {
        let owner = ComponentOwner {
            project_name: subject.project.clone(),
            component_name: subject.component.clone().unwrap_or_default(),
        };
        let (key, metadata, spec) = match binding {
            Some(binding) => (
                binding.key().clone(),
                Some(binding.metadata().clone()),
                binding.spec,
            ),
            None => {
                let name = format!("{}-{}", owner.component_name, subject.environment);
                let spec = ReleaseBinding {
                    owner,
                    environment: subject.environment.clone(),
                    ..ReleaseBinding::default()
                };
                let kind = ReleaseBinding::NAME;
                let key = ObjectKey::namespaced(kind, &subject.namespace, &name);
                (key, None, spec)
            }
        };
        let spec = ReleaseBinding {
            release_name: Some(release.to_owned()),
            ..spec
        };
        self.world.make(&key, metadata.as_ref(), &spec);
        key
    }

    fn snapshot(&mut self, parts: Parts, subject: Subject) -> Option<Bound> {
        let Ok(binding) = self.world.find::<ReleaseBinding>(&parts.binding);
        let binding = binding?;
        let Ok(assembled) = assemble::binding(&binding, &self.world);
        let found = match assembled {
            Ok(found) => found,
            Err(refused) => {
                let at_component =
                    refused.missing.as_ref().map(|key| key.kind) == Some(KindName::Project);
                let object = if at_component {
                    &parts.owner
                } else {
                    &parts.binding
                };
                self.refuse(object, refused, &subject);
                return None;
            }
        };
        let Ok(cell) = assemble::cell_of(&binding, &self.world);
        let unit_of = |key: &ObjectKey| UnitId::of(key).ok();
        let cell = cell.and_then(|cell| unit_of(cell.key()));
        let unit = unit_of(binding.key())?;
        let needs = self.needs(&binding, &found.release.spec.workload);
        let snapshot = found.snapshot(&binding, (unit, cell), needs);
        Some(Bound {
            subject,
            parts,
            snapshot,
            status: ReleaseBindingStatus::default(),
        })
    }

    /// What a component needs of resources and secrets. Outputs are known where a server told them.
    fn needs(&mut self, binding: &Object<ReleaseBinding>, workload: &WorkloadSnapshot) -> Needs {
        let Ok(secrets) = assemble::secrets(binding, workload, &self.world);
        let providers = |target: &ResourceDependencyTarget| {
            let index = ResourceReleaseBinding::of_resource_in(
                &target.namespace,
                &target.project,
                &target.resource_name,
                &target.environment,
            );
            self.world.list::<ResourceReleaseBinding>(&index)
        };
        let namespace = binding.namespace();
        let Ok(resources) = resources::resolve_all(namespace, &binding.spec, workload, providers);
        for pending in resources.pending {
            self.note(format!(
                "component {} waits for resource {}: {}",
                binding.spec.owner.component_name, pending.resource_name, pending.reason
            ));
        }
        Needs {
            resources: resources.items,
            secrets,
            ..Needs::default()
        }
    }

    /// The connections of a component to others that are bound.
    fn connections(&mut self, one: &Bound, all: &[Bound]) -> Vec<Item> {
        let Snapshot {
            namespace,
            binding,
            release,
            ..
        } = &one.snapshot;
        let mut items = Vec::new();
        for wanted in connections::wanted(namespace, binding, &release.workload) {
            let target = &wanted.target;
            let providers: Vec<_> = all
                .iter()
                .filter(|other| {
                    other.snapshot.namespace == target.namespace
                        && other.snapshot.project_name == target.project
                        && other.snapshot.component_name == target.component
                })
                .map(|other| (&other.snapshot.binding, &other.status))
                .collect();
            match connections::resolve(&wanted, &providers) {
                Ok((_, item)) => items.push(item),
                Err(reason) => self.note(format!(
                    "component {} waits for {}/{} in {}: {reason}",
                    one.snapshot.component_name,
                    target.project,
                    target.component,
                    target.environment
                )),
            }
        }
        items
    }

    fn compile(&mut self, compiler: &Compiler, one: Bound) {
        let Bound {
            subject,
            parts,
            snapshot,
            ..
        } = one;
        match compiler.component(&snapshot) {
            Ok(compiled) => {
                let observability = compiled.observability.iter();
                let bundles = std::iter::once(&compiled.bundle).chain(observability);
                let objects = bundles.flat_map(|bundle| bundle.parse().objects);
                self.rendered.units.push(Unit {
                    objects: objects.map(|entry| entry.object).collect(),
                    subject,
                    made_from: MadeFrom::Component(Box::new(snapshot)),
                    parts,
                });
            }
            Err(diagnostics) => {
                for diagnostic in diagnostics.iter() {
                    let (object, diagnostic) =
                        attribute::of_component(&parts, &snapshot.release, diagnostic);
                    self.problem(&object, diagnostic, &subject);
                }
            }
        }
    }
}
