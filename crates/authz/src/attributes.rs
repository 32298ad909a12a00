//! What a condition may ask about the object at hand.
//!
//! Values are texts: names of objects as authorization knows them, `NAMESPACE/NAME` for an object of
//! a namespace and `NAME` for one of the whole platform (reference 5.2).

/// An attribute of the object at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Attribute {
    /// The environment that it is about.
    Environment,
    /// The type of a component.
    ComponentType,
    /// The type of a resource.
    ResourceType,
    /// The workflow of a run.
    Workflow,
}

impl Attribute {
    /// Every attribute.
    pub const ALL: &'static [Self] = &[
        Self::Environment,
        Self::ComponentType,
        Self::ResourceType,
        Self::Workflow,
    ];
    /// The variable of which attributes are fields.
    pub const VARIABLE: &'static str = "resource";

    /// The field in an expression.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::ComponentType => "componentType",
            Self::ResourceType => "resourceType",
            Self::Workflow => "workflow",
        }
    }

    /// The whole path in an expression, as `resource.environment`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Environment => "resource.environment",
            Self::ComponentType => "resource.componentType",
            Self::ResourceType => "resource.resourceType",
            Self::Workflow => "resource.workflow",
        }
    }

    /// What it is, for people; the words of the reference.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Environment => "Environment associated with the resource",
            Self::ComponentType => "ComponentType name referenced by the component",
            Self::ResourceType => "ResourceType name referenced by the resource",
            Self::Workflow => "Workflow name referenced by the workflow run",
        }
    }
}

/// The attributes of the object at hand; one that it does not have is the empty text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes([Option<String>; Attribute::ALL.len()]);

impl Attributes {
    /// With a value for an attribute.
    #[must_use]
    pub fn with(mut self, attribute: Attribute, value: impl Into<String>) -> Self {
        self.0[attribute as usize] = Some(value.into());
        self
    }

    /// The value of an attribute; empty without one.
    #[must_use]
    pub fn value(&self, attribute: Attribute) -> &str {
        self.0[attribute as usize].as_deref().unwrap_or_default()
    }
}
