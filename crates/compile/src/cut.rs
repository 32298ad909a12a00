//! Making releases: frozen copies, named by their content.

use serde_json::{Value, json};

use model::{
    canonical,
    kinds::{
        Component, ComponentRelease, ComponentType, Project, ProjectRelease, ProjectType, Resource,
        ResourceRelease, ResourceType, Workload,
        component_release::{ComponentProfile, ComponentTypeSnapshot, ProfileTrait, TraitSnapshot},
        owner::{ComponentOwner, ProjectOwner, ResourceOwner},
        project_release::ProjectTypeSnapshot,
        resource_release::ResourceTypeSnapshot,
    },
    name,
};

/// A release that was cut.
#[derive(Debug, Clone, PartialEq)]
pub struct Cut<K> {
    /// `{owner}-{hash}`.
    pub name: String,
    /// Hash of the content: equal content, equal hash.
    pub hash: String,
    /// The release.
    pub spec: K,
}

/// Cuts a release of a component as it is.
#[must_use]
pub fn component(
    name: &str,
    component: &Component,
    component_type: &ComponentType,
    traits: &[TraitSnapshot],
    workload: &Workload,
) -> Cut<ComponentRelease> {
    let profile_traits: Vec<_> = (component.traits.iter())
        .map(|instance| ProfileTrait {
            kind: instance.kind,
            name: instance.name.clone(),
            instance_name: instance.instance_name.clone(),
            parameters: instance.parameters.clone(),
        })
        .collect();
    let profile = (!component.parameters.is_empty() || !profile_traits.is_empty()).then(|| {
        ComponentProfile {
            parameters: component.parameters.clone(),
            traits: profile_traits,
        }
    });
    let mut traits = traits.to_vec();
    traits.sort_by(|left, right| {
        (left.kind.as_str(), &left.name).cmp(&(right.kind.as_str(), &right.name))
    });
    let spec = ComponentRelease {
        owner: ComponentOwner {
            project_name: component.owner.project_name.clone(),
            component_name: name.to_owned(),
        },
        component_type: ComponentTypeSnapshot {
            kind: component.component_type.kind,
            name: component.component_type.name.clone(),
            spec: component_type.clone(),
        },
        traits,
        component_profile: profile,
        workload: workload.clone().into(),
    };
    let hash = hash(&json!({
        "componentType": spec.component_type,
        "traits": spec.traits,
        "componentProfile": spec.component_profile,
        "workload": spec.workload,
    }));
    Cut {
        name: named(name, &hash),
        hash,
        spec,
    }
}

/// Cuts a release of a project as it is.
#[must_use]
pub fn project(name: &str, project: &Project, project_type: &ProjectType) -> Cut<ProjectRelease> {
    let spec = ProjectRelease {
        owner: ProjectOwner {
            project_name: name.to_owned(),
        },
        project_type: ProjectTypeSnapshot {
            kind: project.project_type.kind,
            name: project.project_type.name.clone(),
            spec: project_type.clone(),
        },
        parameters: project.parameters.clone(),
    };
    let hash = hash(&json!({"projectType": spec.project_type, "parameters": spec.parameters}));
    Cut {
        name: named(name, &hash),
        hash,
        spec,
    }
}

/// Cuts a release of a resource as it is.
#[must_use]
pub fn resource(
    name: &str,
    resource: &Resource,
    resource_type: &ResourceType,
) -> Cut<ResourceRelease> {
    let spec = ResourceRelease {
        owner: ResourceOwner {
            project_name: resource.owner.project_name.clone(),
            resource_name: name.to_owned(),
        },
        resource_type: ResourceTypeSnapshot {
            kind: resource.resource_type.kind,
            name: resource.resource_type.name.clone(),
            spec: resource_type.clone(),
        },
        parameters: resource.parameters.clone(),
    };
    let hash = hash(&json!({"resourceType": spec.resource_type, "parameters": spec.parameters}));
    Cut {
        name: named(name, &hash),
        hash,
        spec,
    }
}

fn hash(content: &Value) -> String {
    let text = canonical::to_string(content);
    name::safe_encode(u64::from(name::fnv1a_32(text.as_bytes())))
}

/// The name of a release; a long owner is shortened, so that the hash stays whole.
fn named(owner: &str, hash: &str) -> String {
    let keep = owner.len().min(name::MAX_NAME - hash.len() - 1);
    format!("{}-{hash}", owner[..keep].trim_end_matches(['-', '.']))
}
