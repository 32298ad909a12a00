//! What can be done: every action, the innermost place where it is decided, and the attributes that
//! its conditions may name.
//!
//! For objects all of it follows from the table of kinds; the `match` in `Rules::of` is where a new
//! kind says where its objects lie. Beside them stand the actions on what is no object.

use std::{collections::HashMap, fmt, sync::LazyLock};

use model::{KindName, Scope};

use crate::Attribute;

/// What is done, as `component:view`. Made once and asked often.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Action {
    name: String,
    /// Its place in the catalogue.
    number: Option<usize>,
}

/// The verbs that kinds have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Read, list, watch.
    View,
    /// Create.
    Create,
    /// Change.
    Update,
    /// Delete.
    Delete,
}

impl Verb {
    const ALL: [Self; 4] = [Self::View, Self::Create, Self::Update, Self::Delete];

    const fn as_str(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

impl Action {
    /// An action on objects of a kind: `clustertrait:update`. A rendered release is a view of its
    /// binding.
    #[must_use]
    pub fn on(kind: KindName, scope: Scope, verb: Verb) -> Self {
        let kind = if kind == KindName::RenderedRelease {
            KindName::ReleaseBinding
        } else {
            kind
        };
        Self::named(&name(kind, scope, verb))
    }

    /// An action by its name, as signals have them: `logs:view`.
    #[must_use]
    pub fn named(name: &str) -> Self {
        static NUMBERS: LazyLock<HashMap<&str, usize>> = LazyLock::new(|| {
            let names = catalogue().iter().map(|known| known.name.as_str());
            names
                .enumerate()
                .map(|(number, name)| (name, number))
                .collect()
        });
        Self {
            number: NUMBERS.get(name).copied(),
            name: name.to_owned(),
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is done to: `component` of `component:view`.
    #[must_use]
    pub fn resource(&self) -> &str {
        match self.name.rfind(':') {
            Some(colon) if colon > 0 => &self.name[..colon],
            Some(_) | None => &self.name,
        }
    }

    /// What the catalogue says of it; nothing of an action of another program.
    #[must_use]
    pub fn known(&self) -> Option<&'static Known> {
        catalogue().get(self.number?)
    }

    /// The attributes that its conditions may name.
    #[must_use]
    pub fn attributes(&self) -> &'static [Attribute] {
        self.known().map_or(&[], |known| known.attributes)
    }

    pub(crate) const fn number(&self) -> Option<usize> {
        self.number
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// How deep in the hierarchy something is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// The whole platform.
    Cluster,
    /// A namespace.
    Namespace,
    /// A project.
    Project,
    /// A component.
    Component,
    /// A resource, beside the components.
    Resource,
}

impl Level {
    /// Its name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Namespace => "namespace",
            Self::Project => "project",
            Self::Component => "component",
            Self::Resource => "resource",
        }
    }
}

/// An action of the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its name.
    pub name: String,
    /// The innermost place where it is decided.
    pub lowest: Level,
    /// The attributes that its conditions may name.
    pub attributes: &'static [Attribute],
}

/// Every action of the platform, by name.
#[must_use]
pub fn catalogue() -> &'static [Known] {
    static CATALOGUE: LazyLock<Vec<Known>> = LazyLock::new(|| {
        let mut all: Vec<_> = KindName::each_scope()
            .filter(|(kind, _)| *kind != KindName::RenderedRelease)
            .flat_map(|(kind, scope)| of_kind(kind, scope))
            .chain(BESIDE_KINDS.iter().flat_map(of_row))
            .collect();
        all.sort_by(|left, right| left.name.cmp(&right.name));
        all
    });
    &CATALOGUE
}

/// Resources that are no kinds: their verbs, where they are decided, whether they know an environment.
const BESIDE_KINDS: &[Row] = {
    use Attribute::Environment;
    use Level::{Component, Namespace, Project};
    const ALL: &[&str] = &["view", "create", "update", "delete"];
    &[
        ("component", &["exec"], Component, &[Environment]),
        ("secret", ALL, Namespace, &[]),
        (
            "observabilityalertsnotificationchannel",
            ALL,
            Namespace,
            &[],
        ),
        ("logs", &["view"], Component, &[Environment]),
        ("events", &["view"], Component, &[]),
        ("wirelogs", &["view"], Component, &[Environment]),
        ("metrics", &["view"], Component, &[Environment]),
        ("traces", &["view"], Project, &[Environment]),
        ("alerts", &["view"], Component, &[]),
        ("incidents", &["view", "update"], Component, &[]),
        ("rcareport", &["view", "update"], Project, &[]),
        ("finopsreport", &["view", "update"], Project, &[]),
        ("finops", &["view"], Component, &[]),
    ]
};

type Row = (
    &'static str,
    &'static [&'static str],
    Level,
    &'static [Attribute],
);

fn of_row((resource, verbs, lowest, attributes): &Row) -> Vec<Known> {
    let of_verb = |verb: &&str| Known {
        name: format!("{resource}:{verb}"),
        lowest: *lowest,
        attributes,
    };
    verbs.iter().map(of_verb).collect()
}

fn of_kind(kind: KindName, scope: Scope) -> impl Iterator<Item = Known> {
    let rules = Rules::of(kind);
    let twin = scope == Scope::Cluster && kind.has_twin();
    let verbs = Verb::ALL.into_iter();
    verbs
        .filter(move |verb| *verb != Verb::Update || !is_frozen(kind))
        .map(move |verb| Known {
            name: name(kind, scope, verb),
            lowest: match verb {
                _ if twin => Level::Cluster,
                Verb::Create => rules.created_in,
                Verb::View | Verb::Update | Verb::Delete => rules.level,
            },
            attributes: match verb {
                Verb::View => rules.seen,
                Verb::Create | Verb::Update | Verb::Delete => rules.changed,
            },
        })
}

fn name(kind: KindName, scope: Scope, verb: Verb) -> String {
    let resource = kind.public_name(scope).to_ascii_lowercase();
    format!("{resource}:{}", verb.as_str())
}

/// Whether objects of a kind never change once they are made.
const fn is_frozen(kind: KindName) -> bool {
    matches!(
        kind,
        KindName::ProjectRelease | KindName::ComponentRelease | KindName::ResourceRelease
    )
}

/// Where objects of a kind are decided about, and what conditions may ask of them.
struct Rules {
    /// The place in which objects lie, or which they are.
    level: Level,
    /// The place in which they are created.
    created_in: Level,
    /// What may be asked when they are looked at.
    seen: &'static [Attribute],
    /// What may be asked when they are changed.
    changed: &'static [Attribute],
}

impl Rules {
    const fn lying_in(level: Level) -> Self {
        Self {
            level,
            created_in: level,
            seen: &[],
            changed: &[],
        }
    }

    /// Of a kind whose objects are places themselves.
    const fn place(level: Level, created_in: Level) -> Self {
        Self {
            created_in,
            ..Self::lying_in(level)
        }
    }

    const fn changed_by(self, changed: &'static [Attribute]) -> Self {
        Self { changed, ..self }
    }

    /// Of a binding, which is all about its environment.
    const fn binding(level: Level) -> Self {
        Self {
            seen: &[Attribute::Environment],
            changed: &[Attribute::Environment],
            ..Self::lying_in(level)
        }
    }

    const fn of(kind: KindName) -> Self {
        use Level::{Cluster, Component, Namespace, Project, Resource};
        match kind {
            KindName::Namespace => Self::place(Namespace, Cluster),
            KindName::Project => Self::place(Project, Namespace),
            KindName::Component => {
                Self::place(Component, Project).changed_by(&[Attribute::ComponentType])
            }
            KindName::Resource => {
                Self::place(Resource, Project).changed_by(&[Attribute::ResourceType])
            }
            KindName::ProjectRelease => Self::lying_in(Project),
            KindName::ProjectReleaseBinding => Self::binding(Project),
            KindName::Workload | KindName::ComponentRelease => Self::lying_in(Component),
            KindName::ReleaseBinding | KindName::RenderedRelease => Self::binding(Component),
            KindName::WorkflowRun => Self::lying_in(Component).changed_by(&[Attribute::Workflow]),
            KindName::ResourceRelease => Self::lying_in(Resource),
            KindName::ResourceReleaseBinding => Self::binding(Resource),
            KindName::ProjectType
            | KindName::ComponentType
            | KindName::Trait
            | KindName::Environment
            | KindName::DeploymentPipeline
            | KindName::DataPlane
            | KindName::WorkflowPlane
            | KindName::ObservabilityPlane
            | KindName::Workflow
            | KindName::ResourceType
            | KindName::SecretReference
            | KindName::AuthzRole
            | KindName::AuthzRoleBinding => Self::lying_in(Namespace),
        }
    }
}
