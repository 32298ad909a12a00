//! Where an object lies in the hierarchy of rights.

use authz::ScopePath;
use model::{Envelope, KindName, label};

/// The scope of an object: its namespace, and project and component as far as it belongs to them.
pub(super) fn of(envelope: &Envelope) -> ScopePath {
    let spec = envelope.spec.to_value();
    let owner = |field: &str| {
        spec.pointer(&format!("/owner/{field}"))
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let name = envelope.key.name.clone();
    let labels = &envelope.metadata.labels;
    let labelled = |name: &str| labels.get(name).cloned().unwrap_or_default();
    let (project, component) = match envelope.key.kind {
        KindName::Project => (name, String::new()),
        KindName::Component => (owner("projectName"), name),
        KindName::WorkflowRun => (labelled(label::PROJECT), labelled(label::COMPONENT)),
        KindName::Namespace => {
            return ScopePath {
                namespace: name,
                ..ScopePath::default()
            };
        }
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
        | KindName::ResourceType
        | KindName::Resource
        | KindName::ResourceRelease
        | KindName::ResourceReleaseBinding
        | KindName::SecretReference
        | KindName::AuthzRole
        | KindName::AuthzRoleBinding
        | KindName::RenderedRelease => (owner("projectName"), owner("componentName")),
    };
    let namespace = envelope.key.namespace.clone().unwrap_or_default();
    ScopePath {
        namespace,
        project,
        component,
    }
}
