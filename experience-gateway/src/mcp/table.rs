//! What each tool does: the one table from tools to kinds and requests.

use model::KindName;

/// Arguments and where they go: a JSON pointer into a document, or the path of a field to filter by.
pub(super) type Fields = &'static [(&'static str, &'static str)];

/// A tool.
#[derive(Debug)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) kind: KindName,
    pub(super) action: Action,
}

/// What a tool does. Object names are written with arguments in braces.
#[derive(Debug)]
pub(super) enum Action {
    List {
        by: Fields,
    },
    Find {
        object: &'static str,
    },
    Delete {
        object: &'static str,
    },
    Create {
        object: &'static str,
        fields: Fields,
        lookup: Lookup,
    },
    Update {
        object: &'static str,
        fields: Fields,
    },
}

/// What a new object needs to know of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lookup {
    Nothing,
    /// Whether the component type is the namespace's own or shared.
    ComponentType,
    /// The project of the component that owns it.
    ProjectOfComponent,
}

const DISPLAY_NAME: (&str, &str) = (
    "display_name",
    "/metadata/annotations/openchoreo.dev~1display-name",
);
const DESCRIPTION: (&str, &str) = (
    "description",
    "/metadata/annotations/openchoreo.dev~1description",
);
const PROJECT: (&str, &str) = ("project_name", "/spec/owner/projectName");
const COMPONENT: (&str, &str) = ("component_name", "/spec/owner/componentName");
const ENVIRONMENT: (&str, &str) = ("environment", "/spec/environment");
const PARAMETERS: (&str, &str) = ("parameters", "/spec/parameters");
const WORKFLOW: (&str, &str) = ("workflow", "/spec/workflow");
const AUTO_DEPLOY: (&str, &str) = ("auto_deploy", "/spec/autoDeploy");
const PIPELINE: (&str, &str) = ("deployment_pipeline", "/spec/deploymentPipelineRef/name");
const RELEASE: (&str, &str) = ("release_name", "/spec/releaseName");
const PROJECT_RELEASE: (&str, &str) = ("project_release", "/spec/projectRelease");
const ENVIRONMENT_CONFIGS: (&str, &str) = ("environment_configs", "/spec/environmentConfigs");
const TYPE_CONFIGS: (&str, &str) = (
    "component_type_environment_configs",
    "/spec/componentTypeEnvironmentConfigs",
);
const TRAIT_CONFIGS: (&str, &str) = ("trait_environment_configs", "/spec/traitEnvironmentConfigs");
const OVERRIDES: (&str, &str) = ("workload_overrides", "/spec/workloadOverrides");
const WORKLOAD: (&str, &str) = ("workload_spec", "/spec");

const BY_PROJECT: Fields = &[("project_name", "spec.owner.projectName")];
const BY_COMPONENT: Fields = &[("component_name", "spec.owner.componentName")];

const fn list(name: &'static str, kind: KindName, by: Fields) -> Tool {
    Tool {
        name,
        kind,
        action: Action::List { by },
    }
}

const fn find(name: &'static str, kind: KindName, object: &'static str) -> Tool {
    Tool {
        name,
        kind,
        action: Action::Find { object },
    }
}

const fn delete(name: &'static str, kind: KindName, object: &'static str) -> Tool {
    Tool {
        name,
        kind,
        action: Action::Delete { object },
    }
}

const fn create(
    name: &'static str,
    kind: KindName,
    object: &'static str,
    fields: Fields,
    lookup: Lookup,
) -> Tool {
    Tool {
        name,
        kind,
        action: Action::Create {
            object,
            fields,
            lookup,
        },
    }
}

const fn update(name: &'static str, kind: KindName, object: &'static str, fields: Fields) -> Tool {
    Tool {
        name,
        kind,
        action: Action::Update { object, fields },
    }
}

/// Every tool that is offered.
pub(super) const TOOLS: &[Tool] = &[
    list("list_namespaces", KindName::Namespace, &[]),
    create(
        "create_namespace",
        KindName::Namespace,
        "{name}",
        &[DISPLAY_NAME, DESCRIPTION],
        Lookup::Nothing,
    ),
    list("list_projects", KindName::Project, &[]),
    create(
        "create_project",
        KindName::Project,
        "{name}",
        &[
            DESCRIPTION,
            PIPELINE,
            ("type_kind", "/spec/type/kind"),
            ("type_name", "/spec/type/name"),
            PARAMETERS,
        ],
        Lookup::Nothing,
    ),
    update(
        "update_project",
        KindName::Project,
        "{project_name}",
        &[DISPLAY_NAME, DESCRIPTION, PIPELINE],
    ),
    delete("delete_project", KindName::Project, "{project_name}"),
    list("list_project_types", KindName::ProjectType, &[]),
    find("get_project_type", KindName::ProjectType, "{name}"),
    list("list_components", KindName::Component, BY_PROJECT),
    find("get_component", KindName::Component, "{component_name}"),
    create(
        "create_component",
        KindName::Component,
        "{name}",
        &[
            DISPLAY_NAME,
            DESCRIPTION,
            PROJECT,
            ("component_type", "/spec/componentType/name"),
            AUTO_DEPLOY,
            PARAMETERS,
            WORKFLOW,
        ],
        Lookup::ComponentType,
    ),
    update(
        "patch_component",
        KindName::Component,
        "{component_name}",
        &[
            DISPLAY_NAME,
            DESCRIPTION,
            AUTO_DEPLOY,
            PARAMETERS,
            ("traits", "/spec/traits"),
            WORKFLOW,
        ],
    ),
    delete("delete_component", KindName::Component, "{component_name}"),
    list("list_component_types", KindName::ComponentType, &[]),
    find("get_component_type", KindName::ComponentType, "{name}"),
    list("list_traits", KindName::Trait, &[]),
    find("get_trait", KindName::Trait, "{name}"),
    list("list_workloads", KindName::Workload, BY_COMPONENT),
    find("get_workload", KindName::Workload, "{workload_name}"),
    create(
        "create_workload",
        KindName::Workload,
        "{component_name}-workload",
        &[WORKLOAD, COMPONENT],
        Lookup::ProjectOfComponent,
    ),
    update(
        "update_workload",
        KindName::Workload,
        "{workload_name}",
        &[WORKLOAD],
    ),
    delete("delete_workload", KindName::Workload, "{workload_name}"),
    list(
        "list_release_bindings",
        KindName::ReleaseBinding,
        BY_COMPONENT,
    ),
    find(
        "get_release_binding",
        KindName::ReleaseBinding,
        "{binding_name}",
    ),
    create(
        "create_release_binding",
        KindName::ReleaseBinding,
        "{component_name}-{environment}",
        &[
            PROJECT,
            COMPONENT,
            ENVIRONMENT,
            RELEASE,
            TYPE_CONFIGS,
            TRAIT_CONFIGS,
            OVERRIDES,
        ],
        Lookup::Nothing,
    ),
    update(
        "update_release_binding",
        KindName::ReleaseBinding,
        "{binding_name}",
        &[
            RELEASE,
            ("release_state", "/spec/state"),
            TYPE_CONFIGS,
            TRAIT_CONFIGS,
            OVERRIDES,
        ],
    ),
    delete(
        "delete_release_binding",
        KindName::ReleaseBinding,
        "{binding_name}",
    ),
    delete(
        "delete_component_release",
        KindName::ComponentRelease,
        "{release_name}",
    ),
    delete("delete_project_release", KindName::ProjectRelease, "{name}"),
    list(
        "list_project_release_bindings",
        KindName::ProjectReleaseBinding,
        BY_PROJECT,
    ),
    find(
        "get_project_release_binding",
        KindName::ProjectReleaseBinding,
        "{name}",
    ),
    create(
        "create_project_release_binding",
        KindName::ProjectReleaseBinding,
        "{name}",
        &[PROJECT, ENVIRONMENT, PROJECT_RELEASE, ENVIRONMENT_CONFIGS],
        Lookup::Nothing,
    ),
    update(
        "update_project_release_binding",
        KindName::ProjectReleaseBinding,
        "{name}",
        &[PROJECT_RELEASE, ENVIRONMENT_CONFIGS],
    ),
    delete(
        "delete_project_release_binding",
        KindName::ProjectReleaseBinding,
        "{name}",
    ),
    list(
        "list_deployment_pipelines",
        KindName::DeploymentPipeline,
        &[],
    ),
    find(
        "get_deployment_pipeline",
        KindName::DeploymentPipeline,
        "{name}",
    ),
    list("list_environments", KindName::Environment, &[]),
];
