//! Where an object lies in the hierarchy of rights, and what conditions may ask of it.

use authz::{Action, Attribute, Attributes, ScopePath};
use model::{
    Envelope, KindName, ObjectKey,
    kinds::{Component, Resource, WorkflowRun},
    label,
};

/// The place of an object: its namespace, and what else it belongs to or is.
pub(super) fn of(envelope: &Envelope) -> ScopePath {
    let mut path = around(envelope);
    let name = envelope.key.name.clone();
    match envelope.key.kind {
        KindName::Namespace => path.namespace = name,
        KindName::Project => path.project = name,
        KindName::Component => path.component = name,
        KindName::Resource => path.resource = name,
        KindName::ProjectType
        | KindName::ProjectRelease
        | KindName::ProjectReleaseBinding
        | KindName::ComponentType
        | KindName::Trait
        | KindName::Workload
        | KindName::ComponentRelease
        | KindName::ReleaseBinding
        | KindName::Environment
        | KindName::DeploymentPipeline
        | KindName::DataPlane
        | KindName::WorkflowPlane
        | KindName::ObservabilityPlane
        | KindName::Workflow
        | KindName::WorkflowRun
        | KindName::ResourceType
        | KindName::ResourceRelease
        | KindName::ResourceReleaseBinding
        | KindName::SecretReference
        | KindName::AuthzRole
        | KindName::AuthzRoleBinding
        | KindName::RenderedRelease => {}
    }
    path
}

/// The place in which an object lies.
pub(super) fn around(envelope: &Envelope) -> ScopePath {
    let labels = &envelope.metadata.labels;
    let labelled = |name: &str| labels.get(name).cloned().unwrap_or_default();
    let mut path = ScopePath {
        namespace: envelope.key.namespace.clone().unwrap_or_default(),
        ..ScopePath::default()
    };
    if envelope.key.kind == KindName::WorkflowRun {
        path.project = labelled(label::PROJECT);
        path.component = labelled(label::COMPONENT);
    } else if envelope.key.namespace.is_some() {
        let spec = envelope.spec.to_value();
        let owner = |field: &str| text(&spec, &format!("/owner/{field}"));
        path.project = owner("projectName");
        path.component = owner("componentName");
        path.resource = owner("resourceName");
    }
    path
}

/// What conditions may ask of all that is in an environment.
pub(super) fn in_environment(namespace: &str, name: &str) -> Attributes {
    let key = ObjectKey::namespaced(KindName::Environment, namespace, name);
    Attributes::default().with(Attribute::Environment, named(&key))
}

/// The attributes of an object that conditions on an action may name.
pub(super) fn attributes(action: &Action, envelope: &Envelope) -> Attributes {
    let attributes = action.attributes().iter();
    attributes.fold(Attributes::default(), |given, attribute| {
        match value(*attribute, envelope) {
            Some(value) => given.with(*attribute, value),
            None => given,
        }
    })
}

fn value(attribute: Attribute, envelope: &Envelope) -> Option<String> {
    let namespace = envelope.key.namespace.as_deref().unwrap_or_default();
    let key = match attribute {
        Attribute::Environment => {
            let spec = envelope.spec.to_value();
            let fields = ["/environment", "/environmentName"];
            let name = fields
                .iter()
                .map(|field| text(&spec, field))
                .find(|name| !name.is_empty())?;
            ObjectKey::namespaced(KindName::Environment, namespace, &name)
        }
        Attribute::ComponentType => envelope
            .spec::<Component>()
            .ok()?
            .component_type
            .key(namespace),
        Attribute::ResourceType => envelope
            .spec::<Resource>()
            .ok()?
            .resource_type
            .key(namespace),
        Attribute::Workflow => envelope.spec::<WorkflowRun>().ok()?.workflow.key(namespace),
    };
    Some(named(&key))
}

/// An object as conditions name it: `NAMESPACE/NAME`, or `NAME` for one of the whole platform.
fn named(key: &ObjectKey) -> String {
    match &key.namespace {
        Some(namespace) => format!("{namespace}/{}", key.name),
        None => key.name.clone(),
    }
}

fn text(value: &serde_json::Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(serde_json::Value::as_str);
    found.unwrap_or_default().to_owned()
}
