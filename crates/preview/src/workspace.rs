//! A platform without a server: the objects of some files, and what would run in an environment.
//!
//! What previews, the command line's `render` and its `diff` are made of. Documents pass admission as
//! they would on a server; what the platform would make (releases, the binding of the first environment)
//! is made by the same functions; then step 6 compiles. Pure: whoever has the files reads them. Nothing
//! stops at the first problem, so that one run tells all.

pub(crate) mod attribute;
mod cells;
mod components;
mod excerpt;
mod planes;

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    fmt,
    sync::Arc,
};

use serde::Serialize;
use serde_json::Value;

use compile::{
    Compiler,
    assemble::{self, Object, Objects, Refused},
    component, project, vet,
};
use model::{
    Diagnostic, Draft, Envelope, IndexKey, Kind, KindName, ObjectKey, ObjectMeta, RawJson, Stored,
    draft::Facts,
    kinds::{Component, ProjectReleaseBinding, ReleaseBinding},
};

pub use excerpt::excerpt;

/// Where a document was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Source {
    /// The file, as it was given.
    pub file: String,
    /// Number of the document in it, from 1.
    pub document: usize,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, document {}", self.file, self.document)
    }
}

/// What a unit stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// The environment.
    pub environment: String,
    /// Platform namespace.
    pub namespace: String,
    /// The project.
    pub project: String,
    /// The component; absent for the cell of the project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
}

/// A problem, and in which object it is to be mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The object.
    pub object: Option<ObjectKey>,
    /// Where it was read.
    pub source: Option<Source>,
    /// What is wrong, with the path in the object.
    pub diagnostic: Diagnostic,
    /// What cannot be rendered because of it; nothing for a problem that shows before.
    pub subjects: Vec<Subject>,
}

/// Which releases are compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Releases {
    /// Those that bindings name, as the platform does at once.
    Pinned,
    /// Everything as it stands now, as it is once it was released and promoted.
    Current,
}

/// What happens to a component or project that nothing binds to the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unbound {
    /// It is compiled as if it were bound.
    Bind,
    /// It is left out.
    Skip,
}

/// What is asked of a workspace.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The environment.
    pub environment: &'a str,
    /// Which releases.
    pub releases: Releases,
    /// What to do with what is not bound.
    pub unbound: Unbound,
}

/// A component or the cell of a project, compiled.
#[derive(Debug, Clone)]
pub struct Unit {
    /// What it is.
    pub subject: Subject,
    /// The objects, for every plane.
    pub objects: Vec<Value>,
    /// What the objects follow from.
    pub made_from: MadeFrom,
    /// The objects in which users write what it is made of.
    pub parts: Parts,
}

/// What the objects of a unit follow from.
#[derive(Debug, Clone)]
pub enum MadeFrom {
    /// The snapshot of a component.
    Component(Box<component::Snapshot>),
    /// The snapshot of a cell.
    Cell(Box<project::Snapshot>),
}

/// The objects that a unit is made of.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The component or project.
    pub owner: ObjectKey,
    /// Its type.
    pub owner_type: ObjectKey,
    /// The workload of a component.
    pub workload: Option<ObjectKey>,
    /// The binding.
    pub binding: ObjectKey,
    /// The release, if it was written by somebody and not made from the others.
    pub release: Option<ObjectKey>,
}

/// What an environment would run.
#[derive(Debug, Clone, Default)]
pub struct Rendered {
    /// Cells, then components, by namespace and name.
    pub units: Vec<Unit>,
    /// What stops others.
    pub problems: Vec<Problem>,
    /// What cannot be rendered because of an object that admission refused.
    pub stopped: Vec<(ObjectKey, Subject)>,
    /// What was assumed.
    pub notes: Vec<String>,
}

/// Objects of every kind.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    objects: BTreeMap<ObjectKey, Arc<Stored>>,
    indexes: BTreeMap<IndexKey, BTreeSet<ObjectKey>>,
    sources: BTreeMap<ObjectKey, Source>,
    /// Objects that admission refuses, as they were written.
    refused: BTreeMap<ObjectKey, RawJson>,
}

impl Workspace {
    /// Takes in a document: an object of its own, or another state of one that is there already.
    /// `namespace` is that of namespaced objects that name none.
    ///
    /// # Errors
    /// Every reason why it is not an object of the platform.
    pub fn put(
        &mut self,
        source: Option<Source>,
        document: &Value,
        namespace: &str,
    ) -> Result<ObjectKey, Vec<Problem>> {
        let problem = |object: Option<ObjectKey>, diagnostic| Problem {
            object,
            source: source.clone(),
            diagnostic,
            subjects: Vec::new(),
        };
        let mut envelope = Envelope::from_document(document, Some(namespace))
            .map_err(|error| vec![problem(None, unreadable(document, &error.to_string()))])?;
        let key = envelope.key.clone();
        if let (Some(_), Some(first)) = (&source, self.sources.get(&key)) {
            let diagnostic = Diagnostic {
                path: String::new(),
                message: "is declared twice".to_owned(),
                hint: Some(format!("the first is in {first}; keep one")),
            };
            return Err(vec![problem(Some(key), diagnostic)]);
        }
        if let Some(source) = &source {
            self.sources.insert(key.clone(), source.clone());
        }
        let old = self.objects.get(&key).map(|stored| (**stored).clone());
        if let Some(old) = &old {
            keep_identity(&mut envelope, &old.envelope.metadata);
        }
        let spec = envelope.spec.clone();
        match vet::admit(Draft { envelope, old }) {
            Ok(checked) => {
                let (envelope, facts) = checked.into_parts();
                self.insert(envelope, facts);
                Ok(key)
            }
            Err(diagnostics) => {
                self.refused.insert(key.clone(), spec);
                let problems = diagnostics.iter().cloned();
                Err(problems
                    .map(|diagnostic| problem(Some(key.clone()), diagnostic))
                    .collect())
            }
        }
    }

    /// What would run in an environment.
    #[must_use]
    pub fn render(&self, compiler: &Compiler, asked: &Asked<'_>) -> Rendered {
        let mut stage = Stage {
            compiler,
            asked,
            world: self.clone(),
            rendered: Rendered::default(),
        };
        for namespace in self.namespaces() {
            if stage.environment(&namespace) {
                stage.cells(&namespace);
                stage.components(&namespace);
            }
        }
        stage.rendered
    }

    /// The environments that something is bound to, and the first ones of pipelines.
    #[must_use]
    pub fn environments(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for namespace in self.namespaces() {
            for binding in self.all::<ReleaseBinding>(Some(&namespace)) {
                found.insert(binding.spec.environment);
            }
            for cell in self.all::<ProjectReleaseBinding>(Some(&namespace)) {
                found.insert(cell.spec.environment);
            }
            for component in self.all::<Component>(Some(&namespace)) {
                let Ok(root) = assemble::root_environment(&component, self);
                found.extend(root.ok());
            }
        }
        found
    }

    /// Where an object was read.
    #[must_use]
    pub fn source(&self, key: &ObjectKey) -> Option<&Source> {
        self.sources.get(key)
    }

    /// Forgets an object.
    pub fn remove(&mut self, key: &ObjectKey) {
        self.objects.remove(key);
        for members in self.indexes.values_mut() {
            members.remove(key);
        }
    }

    /// Every namespace in which something could run.
    fn namespaces(&self) -> BTreeSet<String> {
        let runs = |key: &&ObjectKey| matches!(key.kind, KindName::Component | KindName::Project);
        let keys = self.objects.keys().filter(runs);
        keys.filter_map(|key| key.namespace.clone()).collect()
    }

    /// Every object of a kind in a namespace, or of the whole platform.
    fn all<K: Kind>(&self, namespace: Option<&str>) -> Vec<Object<K>> {
        let Ok(found) = self.list(&IndexKey::all(K::NAME, namespace));
        found
    }

    fn has_any(&self, kind: KindName) -> bool {
        self.objects.keys().any(|key| key.kind == kind)
    }

    /// Puts an object that the platform makes.
    fn make<K: Kind>(&mut self, key: &ObjectKey, metadata: Option<&ObjectMeta>, spec: &K) {
        let made = || ObjectMeta::named(key.namespace.as_deref(), &key.name);
        let mut envelope = Envelope {
            key: key.clone(),
            metadata: metadata.cloned().unwrap_or_else(made),
            spec: RawJson::of(spec),
            status: RawJson::null(),
        };
        name_uid(&mut envelope.metadata);
        let facts = Facts::of::<K>(&envelope, spec, &K::Status::default());
        self.insert(envelope, facts);
    }

    fn insert(&mut self, mut envelope: Envelope, facts: Facts) {
        let key = envelope.key.clone();
        name_uid(&mut envelope.metadata);
        for members in self.indexes.values_mut() {
            members.remove(&key);
        }
        for index in facts.indexes {
            self.indexes.entry(index).or_default().insert(key.clone());
        }
        let stored = Stored {
            envelope,
            spec_digest: facts.spec_digest,
            exports_digest: facts.exports_digest,
        };
        self.objects.insert(key, Arc::new(stored));
    }
}

impl Objects for Workspace {
    type Halt = Infallible;

    fn find<K: Kind>(&self, key: &ObjectKey) -> Result<Option<Object<K>>, Infallible> {
        Ok(self.objects.get(key).map(decode))
    }

    fn list<K: Kind>(&self, index: &IndexKey) -> Result<Vec<Object<K>>, Infallible> {
        let keys = self.indexes.get(index).into_iter().flatten();
        Ok(keys
            .filter_map(|key| self.objects.get(key))
            .map(decode)
            .collect())
    }
}

fn decode<K: Kind>(stored: &Arc<Stored>) -> Object<K> {
    Object::decode(stored).expect("admission decoded it")
}

/// UIDs are given by the server. Where there is none, all have the same, so that outputs compare.
fn name_uid(metadata: &mut ObjectMeta) {
    if metadata.uid.0.is_empty() {
        "00000000-0000-0000-0000-000000000000".clone_into(&mut metadata.uid.0);
    }
}

/// Another state of an object keeps what only the server gives, and what others have put beside it.
fn keep_identity(envelope: &mut Envelope, old: &ObjectMeta) {
    let metadata = &mut envelope.metadata;
    metadata.uid = old.uid.clone();
    metadata.generation = old.generation;
    for (own, old) in [
        (&mut metadata.labels, &old.labels),
        (&mut metadata.annotations, &old.annotations),
    ] {
        for (name, value) in old {
            own.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
}

fn unreadable(document: &Value, message: &str) -> Diagnostic {
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
    let (kind, name) = (text("/kind"), text("/metadata/name"));
    let what = kind
        .zip(name)
        .map(|(kind, name)| format!("{kind}/{name}: "));
    Diagnostic {
        path: String::new(),
        message: format!("{}{message}", what.unwrap_or_default()),
        hint: None,
    }
}

/// One rendering on its way: the workspace, and what the platform makes in it.
struct Stage<'a> {
    compiler: &'a Compiler,
    asked: &'a Asked<'a>,
    world: Workspace,
    rendered: Rendered,
}

impl Stage<'_> {
    fn note(&mut self, note: String) {
        if !self.rendered.notes.contains(&note) {
            self.rendered.notes.push(note);
        }
    }

    /// Notes a problem; one that others have too is told once.
    fn problem(&mut self, object: &ObjectKey, diagnostic: Diagnostic, subject: &Subject) {
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
    fn refuse(&mut self, object: &ObjectKey, refused: Refused, subject: &Subject) {
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
