//! Places in the hierarchy: platform, namespace, project, component or resource.
//!
//! As text a place is `*` or `ns/NAMESPACE/project/PROJECT/component/COMPONENT` (reference 5.2), but
//! places are compared part by part, so that no name can look like another place.

use std::fmt;

/// A place in the hierarchy; an inner part is only meaningful with all outer ones. Empty parts are
/// not part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopePath {
    /// Namespace; empty for the whole platform.
    pub namespace: String,
    /// Project.
    pub project: String,
    /// Component.
    pub component: String,
    /// Resource, beside the components.
    pub resource: String,
}

/// The levels below the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    Namespace,
    Project,
    Component,
    Resource,
}

impl Step {
    pub(crate) const COUNT: usize = 4;

    const fn word(self) -> &'static str {
        match self {
            Self::Namespace => "ns",
            Self::Project => "project",
            Self::Component => "component",
            Self::Resource => "resource",
        }
    }
}

impl ScopePath {
    /// A whole namespace.
    #[must_use]
    pub fn namespace(name: &str) -> Self {
        Self {
            namespace: name.to_owned(),
            ..Self::default()
        }
    }

    /// The place that a text names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut path = Self::default();
        if text == "*" {
            return Some(path);
        }
        let mut parts = text.split('/');
        while let Some(word) = parts.next() {
            let name = parts.next()?.to_owned();
            match word {
                "ns" => path.namespace = name,
                "project" => path.project = name,
                "component" => path.component = name,
                "resource" => path.resource = name,
                _ => return None,
            }
        }
        Some(path)
    }

    /// Whether this is the whole platform.
    #[must_use]
    pub fn is_everywhere(&self) -> bool {
        self.steps().next().is_none()
    }

    /// Whether `inner` lies here.
    #[must_use]
    pub fn contains(&self, inner: &Self) -> bool {
        let mut steps = inner.steps();
        self.steps().all(|step| steps.next() == Some(step))
    }

    /// Whether one lies in the other.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// The parts from the outside in.
    pub(crate) fn steps(&self) -> impl Iterator<Item = (Step, &str)> {
        let parts = [
            (Step::Namespace, self.namespace.as_str()),
            (Step::Project, self.project.as_str()),
            (Step::Component, self.component.as_str()),
            (Step::Resource, self.resource.as_str()),
        ];
        parts.into_iter().filter(|(_, name)| !name.is_empty())
    }
}

impl fmt::Display for ScopePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_everywhere() {
            return f.write_str("*");
        }
        for (index, (step, name)) in self.steps().enumerate() {
            let slash = if index == 0 { "" } else { "/" };
            write!(f, "{slash}{}/{name}", step.word())?;
        }
        Ok(())
    }
}
