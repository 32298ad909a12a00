//! What is parsed of types and traits: once for each, however many releases hold a copy of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use moka::sync::Cache;
use serde_json::Value as Json;

use expr::Value;
use model::{
    Digest,
    kinds::{
        self,
        component_release::TraitSnapshot,
        template::{FreeForm, SchemaSection},
    },
};

use crate::{
    component::Release,
    context::{Undeclared, filled},
    render::{self, Manifest},
    schema::{self, Schema},
    template::{Engine, find_expressions},
    traits, tree,
};

/// Bytes of parsed types, and as many of parsed traits, that are kept.
const CACHE_BYTES: u64 = 32 << 20;

/// Types and traits by the digest of their text.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    types: Cache<Digest, Arc<ComponentType>>,
    traits: Cache<Digest, Arc<Trait>>,
}

/// A component type, parsed.
#[derive(Debug)]
pub(crate) struct ComponentType {
    pub(crate) manifests: Vec<Manifest>,
    pub(crate) schemas: Schemas,
    reads: Reads,
    weight: u32,
}

/// A trait, parsed.
#[derive(Debug)]
pub(crate) struct Trait {
    pub(crate) creates: Vec<Manifest>,
    pub(crate) schemas: Schemas,
    reads: Reads,
    weight: u32,
}

/// The type of a release and its traits, in their order.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) component_type: Arc<ComponentType>,
    pub(crate) traits: Vec<Arc<Trait>>,
}

/// The schemas of parameters and environment configs.
#[derive(Debug)]
pub(crate) struct Schemas {
    pub(crate) parameters: Section,
    pub(crate) configs: Section,
}

/// What values are declared, parsed.
#[derive(Debug)]
pub(crate) struct Section {
    /// What messages call the values.
    what: &'static str,
    schema: Declared,
    /// The values where nothing is given, which is so of most components.
    of_nothing: OnceLock<Result<Value, String>>,
}

/// A schema, if values are declared at all, or why it cannot be used.
pub(crate) type Declared = Option<Result<Arc<Schema>, schema::Error>>;

impl Schemas {
    pub(crate) fn of(parameters: Option<&SchemaSection>, configs: Option<&SchemaSection>) -> Self {
        let section = |what, section| Section {
            what,
            schema: declared(section),
            of_nothing: OnceLock::new(),
        };
        Self {
            parameters: section("parameters", parameters),
            configs: section("environmentConfigs", configs),
        }
    }
}

impl Section {
    /// The values that were given, with defaults, as a variable.
    ///
    /// # Errors
    /// They do not fit, or the schema cannot be used.
    pub(crate) fn values(&self, given: &FreeForm) -> Result<Value, String> {
        let fill = || {
            let filled = filled(self.what, &self.schema, given, Undeclared::Drop)?;
            Ok(tree::variable(&Json::Object(filled)))
        };
        match given.is_empty() {
            true => self.of_nothing.get_or_init(fill).clone(),
            false => fill(),
        }
    }
}

/// The schema of a section that declares something.
pub(crate) fn declared(section: Option<&SchemaSection>) -> Declared {
    let raw = section.map(|section| &section.open_api_v3_schema);
    raw.filter(|raw| !raw.is_empty()).map(Schema::of)
}

impl Prepared {
    pub(crate) fn new() -> Self {
        Self {
            types: Cache::builder()
                .max_capacity(CACHE_BYTES)
                .weigher(|_, parsed: &Arc<ComponentType>| parsed.weight)
                .build(),
            traits: Cache::builder()
                .max_capacity(CACHE_BYTES)
                .weigher(|_, parsed: &Arc<Trait>| parsed.weight)
                .build(),
        }
    }

    /// What is parsed of a release.
    pub(crate) fn parts(&self, engine: &Engine, release: &Release) -> Parts {
        let component_type = &release.component_type.spec;
        let parse = || Arc::new(ComponentType::parse(engine, component_type));
        let traits = release.traits.iter().zip(release.trait_digests());
        let traits = traits.map(|(found, digest)| {
            let parse = || Arc::new(Trait::parse(engine, found));
            self.traits.get_with(*digest, parse)
        });
        Parts {
            component_type: self.types.get_with(*release.type_digest(), parse),
            traits: traits.collect(),
        }
    }
}

impl ComponentType {
    fn parse(engine: &Engine, spec: &kinds::ComponentType) -> Self {
        let text = serde_json::to_value(spec).unwrap_or_default();
        Self {
            manifests: render::manifests(engine, &spec.resources),
            schemas: Schemas::of(spec.parameters.as_ref(), spec.environment_configs.as_ref()),
            reads: Reads::of(engine, &text),
            weight: weight(&text),
        }
    }
}

impl Trait {
    pub(crate) fn parse(engine: &Engine, found: &TraitSnapshot) -> Self {
        let spec = &found.spec;
        let text = serde_json::to_value(spec).unwrap_or_default();
        Self {
            creates: traits::creates(engine, &found.name, spec),
            schemas: Schemas::of(spec.parameters.as_ref(), spec.environment_configs.as_ref()),
            reads: Reads::of(engine, &text),
            weight: weight(&text),
        }
    }
}

/// Bytes that what is parsed may take beside programs and schemas, which are kept on their own.
fn weight(text: &Json) -> u32 {
    const PARSED_BYTES: usize = 8;
    const ENTRY: usize = 1024;
    let bytes = text.to_string().len().saturating_mul(PARSED_BYTES);
    u32::try_from(bytes.saturating_add(ENTRY)).unwrap_or(u32::MAX)
}

impl Parts {
    /// Whether any template reads a field of a variable, or the variable as a whole.
    pub(crate) fn read(&self, variable: &str, field: Option<&str>) -> bool {
        let traits = self.traits.iter().map(|parsed| &parsed.reads);
        let mut all = std::iter::once(&self.component_type.reads).chain(traits);
        all.any(|reads| reads.contain(variable, field))
    }
}

/// The variables that templates read, and the fields of each; no fields where the whole is read.
#[derive(Debug, Default)]
struct Reads(BTreeMap<Arc<str>, Option<BTreeSet<Arc<str>>>>);

impl Reads {
    fn of(engine: &Engine, templates: &Json) -> Self {
        let mut reads = Self::default();
        reads.collect(engine, templates);
        reads
    }

    fn collect(&mut self, engine: &Engine, template: &Json) {
        match template {
            Json::String(text) => self.text(engine, text),
            Json::Array(items) => items.iter().for_each(|item| self.collect(engine, item)),
            Json::Object(fields) => {
                for (name, field) in fields {
                    self.text(engine, name);
                    self.collect(engine, field);
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    /// What does not compile reads nothing.
    fn text(&mut self, engine: &Engine, text: &str) {
        if !text.contains("${") {
            return;
        }
        for expression in find_expressions(text).unwrap_or_default() {
            let program = engine.environment().compile(expression.source);
            for path in program.iter().flat_map(expr::Program::paths) {
                let fields = self
                    .0
                    .entry(path.variable)
                    .or_insert_with(|| Some(BTreeSet::new()));
                match (path.steps.into_iter().next(), &mut *fields) {
                    (Some(field), Some(known)) => drop(known.insert(field)),
                    (None, _) => *fields = None,
                    (Some(_), None) => {}
                }
            }
        }
    }

    fn contain(&self, variable: &str, field: Option<&str>) -> bool {
        match (self.0.get(variable), field) {
            (None, _) => false,
            (Some(None), _) | (Some(Some(_)), None) => true,
            (Some(Some(fields)), Some(field)) => fields.contains(field),
        }
    }
}
