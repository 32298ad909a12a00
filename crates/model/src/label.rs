//! Labels and annotations that the platform writes and reads (reference 1.5).

/// Prefix of all platform labels and annotations.
pub const PREFIX: &str = "openchoreo.dev/";

/// Platform namespace of the owner.
pub const NAMESPACE: &str = "openchoreo.dev/namespace";
/// Project name.
pub const PROJECT: &str = "openchoreo.dev/project";
/// Component name.
pub const COMPONENT: &str = "openchoreo.dev/component";
/// Resource name.
pub const RESOURCE: &str = "openchoreo.dev/resource";
/// Environment name.
pub const ENVIRONMENT: &str = "openchoreo.dev/environment";
/// UID of the Project.
pub const PROJECT_UID: &str = "openchoreo.dev/project-uid";
/// UID of the Component.
pub const COMPONENT_UID: &str = "openchoreo.dev/component-uid";
/// UID of the Resource.
pub const RESOURCE_UID: &str = "openchoreo.dev/resource-uid";
/// UID of the Environment.
pub const ENVIRONMENT_UID: &str = "openchoreo.dev/environment-uid";
/// Name of the endpoint that a rendered route serves.
pub const ENDPOINT_NAME: &str = "openchoreo.dev/endpoint-name";
/// Visibility of the endpoint that a rendered route serves.
pub const ENDPOINT_VISIBILITY: &str = "openchoreo.dev/endpoint-visibility";
/// Marks namespaces of the control plane that hold platform objects.
pub const CONTROL_PLANE: &str = "openchoreo.dev/control-plane";
/// Marks pods of the platform's own parts, such as gateways, in any namespace.
pub const SYSTEM_COMPONENT: &str = "openchoreo.dev/system-component";
/// Who manages an object in a cluster.
pub const MANAGED_BY: &str = "openchoreo.dev/managed-by";
/// Value of [`MANAGED_BY`] and name of the field manager of the agents.
pub const MANAGER: &str = "quintet";
/// Owner label of every object that an agent applies: [`crate::UnitId::label_value`].
pub const UNIT: &str = "quintet.dev/unit";
/// Owner annotation of every object that an agent applies: the whole unit name.
pub const UNIT_ANNOTATION: &str = "quintet.dev/unit-id";
/// Name of the WorkflowRun that an object belongs to.
pub const WORKFLOW_RUN: &str = "openchoreo.dev/workflowrun";
/// Platform namespace of that WorkflowRun.
pub const WORKFLOW_RUN_NAMESPACE: &str = "openchoreo.dev/workflowrun-namespace";

/// Name for people.
pub const DISPLAY_NAME: &str = "openchoreo.dev/display-name";
/// Description for people.
pub const DESCRIPTION: &str = "openchoreo.dev/description";
/// On a ReleaseBinding: restart the pods; copied to the pod template.
pub const RESTARTED_AT: &str = "openchoreo.dev/restartedAt";
/// On a pod template: hash over the other objects of the release, so that a change rolls the pods.
pub const RESOURCE_HASH: &str = "openchoreo.dev/dp-resource-hash";
/// On a rendered route: path under which the endpoint is reached.
pub const ENDPOINT_BASE_PATH: &str = "openchoreo.dev/endpoint-base-path";
/// On a (Cluster)DataPlane: `cilium`, or anything else for plain NetworkPolicy.
pub const NETWORK_POLICY_PROVIDER: &str = "openchoreo.dev/networkpolicyprovider";
