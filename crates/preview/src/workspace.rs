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
mod stage;
mod survey;

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    fmt,
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use compile::{
    Compiler,
    assemble::{self, Object, Objects},
    component, project, vet,
};
use model::{
    Diagnostic, Draft, Envelope, IndexKey, Kind, KindName, KindVisitor, ObjectKey, ObjectMeta,
    RawJson, Stored,
    draft::Facts,
    kinds::{Component, ProjectReleaseBinding, ReleaseBinding},
};

use crate::named;

pub(crate) use survey::Sketch;

pub use excerpt::excerpt;
use stage::{Only, Stage};

/// Where a document was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The object.
    #[serde(default, with = "named", skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectKey>,
    /// Where it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// What is wrong, with the path in the object.
    #[serde(flatten)]
    pub diagnostic: Diagnostic,
    /// What cannot be rendered because of it; nothing for a problem that shows before.
    pub subjects: Vec<Subject>,
}

impl Problem {
    /// Whether it is the same problem, whomever it stops.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.object == other.object && self.diagnostic == other.diagnostic
    }
}

/// Adds to the problems of objects whom they stop.
pub fn stop(problems: &mut [Problem], stopped: Vec<(ObjectKey, Subject)>) {
    for (object, subject) in stopped {
        let own = problems
            .iter_mut()
            .filter(|problem| problem.object.as_ref() == Some(&object));
        for problem in own {
            if !problem.subjects.contains(&subject) {
                problem.subjects.push(subject.clone());
            }
        }
    }
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
    /// In which indexes an object lies.
    memberships: BTreeMap<ObjectKey, Vec<IndexKey>>,
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

    /// Takes in an object as a server has it, and so admitted it once. One that this version does not
    /// understand is left out.
    pub fn put_stored(&mut self, stored: &Stored) {
        let envelope = &stored.envelope;
        if let Ok(facts) = envelope.key.kind.visit(FactsOf(envelope)) {
            self.insert(envelope.clone(), facts);
        }
    }

    /// What would run in an environment.
    #[must_use]
    pub fn render(&self, compiler: &Compiler, asked: &Asked<'_>) -> Rendered {
        let mut stage = Stage::new(self.clone(), asked, Only::All, &|| true);
        for namespace in self.namespaces() {
            if stage.environment(&namespace) {
                stage.cells(compiler, &namespace);
                stage.components(compiler, &namespace);
            }
        }
        stage.rendered
    }

    /// What some units would be, and what they call; `None` once `goes_on` says no, which is for good.
    pub(crate) fn render_only(
        &self,
        compiler: &Compiler,
        asked: &Asked<'_>,
        (units, called): (&BTreeSet<Subject>, &BTreeSet<Subject>),
        goes_on: &dyn Fn() -> bool,
    ) -> Option<Rendered> {
        let mut stage = Stage::new(self.clone(), asked, Only::Of { units, called }, goes_on);
        let namespaces: BTreeSet<_> = units.iter().map(|unit| &unit.namespace).collect();
        for namespace in namespaces {
            if stage.environment(namespace) {
                stage.cells(compiler, namespace);
                stage.components(compiler, namespace);
            }
        }
        goes_on().then_some(stage.rendered)
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
        for index in self.memberships.remove(key).into_iter().flatten() {
            if let Some(members) = self.indexes.get_mut(&index) {
                members.remove(key);
            }
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
        self.remove(&key);
        for index in &facts.indexes {
            let members = self.indexes.entry(index.clone()).or_default();
            members.insert(key.clone());
        }
        self.memberships.insert(key.clone(), facts.indexes);
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

/// What the store knows of an object, told again.
struct FactsOf<'a>(&'a Envelope);

impl KindVisitor for FactsOf<'_> {
    type Output = Result<Facts, serde_json::Error>;

    fn visit<K: Kind>(self) -> Self::Output {
        let Self(envelope) = self;
        let (spec, status) = (envelope.spec::<K>()?, envelope.status::<K>()?);
        Ok(Facts::of::<K>(envelope, &spec, &status))
    }
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
