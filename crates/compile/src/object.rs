//! What the compiler knows about Kubernetes objects: their identity, their scope, their
//! pod template, and how the platform marks them as its own.

use expr::{Key, Map, Value};
use model::{UnitId, label, name};

use crate::tree::{Tree, map_at};

/// The group of an `apiVersion`; empty for the core group.
#[must_use]
pub fn group_of(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}

/// The version of an `apiVersion`.
#[must_use]
pub fn version_of(api_version: &str) -> &str {
    api_version
        .rsplit_once('/')
        .map_or(api_version, |(_, version)| version)
}

/// The text at a path of keys; empty when there is none.
#[must_use]
pub fn text<'a, T: Tree>(object: &'a T, path: &[&str]) -> &'a str {
    object.at(path).and_then(T::as_str).unwrap_or_default()
}

/// `apiVersion` of an object.
#[must_use]
pub fn api_version<T: Tree>(object: &T) -> &str {
    text(object, &["apiVersion"])
}

/// `kind` of an object.
#[must_use]
pub fn kind<T: Tree>(object: &T) -> &str {
    text(object, &["kind"])
}

/// `metadata.name` of an object.
#[must_use]
pub fn name<T: Tree>(object: &T) -> &str {
    text(object, &["metadata", "name"])
}

/// `metadata.namespace` of an object; empty when it has none.
#[must_use]
pub fn namespace<T: Tree>(object: &T) -> &str {
    text(object, &["metadata", "namespace"])
}

/// `Kind/name`, for messages.
#[must_use]
pub fn title<T: Tree>(object: &T) -> String {
    format!("{}/{}", kind(object), name(object))
}

/// Whether an object of this group and kind lives outside of namespaces.
///
/// The compiler asks no cluster: it knows the usual kinds, and takes a custom kind named `Cluster…`
/// for cluster-scoped.
#[must_use]
pub fn is_cluster_scoped(group: &str, kind: &str) -> bool {
    const KNOWN: &[(&str, &[&str])] = &[
        ("", &["Namespace", "Node", "PersistentVolume"]),
        (
            "admissionregistration.k8s.io",
            &[
                "MutatingAdmissionPolicy",
                "MutatingAdmissionPolicyBinding",
                "MutatingWebhookConfiguration",
                "ValidatingAdmissionPolicy",
                "ValidatingAdmissionPolicyBinding",
                "ValidatingWebhookConfiguration",
            ],
        ),
        ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
        ("apiregistration.k8s.io", &["APIService"]),
        ("certificates.k8s.io", &["CertificateSigningRequest"]),
        ("cilium.io", &["CiliumClusterwideNetworkPolicy"]),
        (
            "flowcontrol.apiserver.k8s.io",
            &["FlowSchema", "PriorityLevelConfiguration"],
        ),
        ("gateway.networking.k8s.io", &["GatewayClass"]),
        (
            "networking.k8s.io",
            &["IngressClass", "IPAddress", "ServiceCIDR"],
        ),
        ("node.k8s.io", &["RuntimeClass"]),
        (
            "rbac.authorization.k8s.io",
            &["ClusterRole", "ClusterRoleBinding"],
        ),
        ("scheduling.k8s.io", &["PriorityClass"]),
        (
            "snapshot.storage.k8s.io",
            &["VolumeSnapshotClass", "VolumeSnapshotContent"],
        ),
        (
            "storage.k8s.io",
            &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"],
        ),
    ];
    let built_in = !group.contains('.') || group.ends_with(".k8s.io");
    KNOWN
        .iter()
        .any(|(known, kinds)| *known == group && kinds.contains(&kind))
        || !built_in && kind.starts_with("Cluster")
}

/// Whether `object` lives outside of namespaces.
#[must_use]
pub fn lives_outside_namespaces<T: Tree>(object: &T) -> bool {
    is_cluster_scoped(group_of(api_version(object)), kind(object))
}

/// Name of an object within its unit: `{kind}-{name}` in lower case, shortened by hashing when it is
/// longer than a label.
#[must_use]
pub fn id_of<T: Tree>(object: &T, index: usize) -> String {
    let (kind, own_name) = (kind(object), self::name(object));
    if kind.is_empty() || own_name.is_empty() {
        return format!("resource-{index}");
    }
    let id = format!("{kind}-{own_name}").to_lowercase();
    if id.len() > name::MAX_LABEL {
        return name::generate(&[&kind.to_lowercase(), own_name], name::MAX_LABEL);
    }
    id
}

/// Marks an object as one of `unit`: owner labels for selection, the whole unit name as annotation. The label of the
/// unit is at hand, since it is a hash.
pub(crate) fn stamp(object: &mut Value, unit: &UnitId, label_value: &str) {
    let labels = map_at(object, &["metadata", "labels"]);
    labels.insert(Key::string(label::MANAGED_BY), label::MANAGER.into());
    labels.insert(Key::string(label::UNIT), label_value.into());
    insert_text(
        object,
        &["metadata", "annotations"],
        label::UNIT_ANNOTATION,
        unit.as_str(),
    );
}

/// Gives an object these labels, whatever it has under their names.
pub(crate) fn add_labels(object: &mut Value, labels: &Map) {
    let own = map_at(object, &["metadata", "labels"]);
    if own.is_empty() {
        own.clone_from(labels);
    } else if !labels
        .iter()
        .all(|(name, value)| own.get(name) == Some(value))
    {
        *own = own.merged(labels);
    }
}

/// Adds those of `labels` that the object does not have.
pub(crate) fn add_missing_labels(object: &mut Value, labels: &Map) {
    let own = map_at(object, &["metadata", "labels"]);
    *own = labels.merged(own);
}

/// Sets the namespace of an object that belongs in one and names none.
pub(crate) fn set_missing_namespace(object: &mut Value, namespace: &str) {
    if self::namespace(object).is_empty() && !lives_outside_namespaces(object) {
        insert_text(object, &["metadata"], "namespace", namespace);
    }
}

/// Writes `key` into the map at `path`, made as [`map_at`] makes it.
pub(crate) fn insert_text(object: &mut Value, path: &[&str], key: &str, value: &str) {
    map_at(object, path).insert(Key::string(key), value.into());
}

/// Whether an object is a workload whose pods are replaced when its pod template changes, and has such
/// a template.
#[must_use]
pub fn rolls_pods<T: Tree>(object: &T) -> bool {
    group_of(api_version(object)) == "apps"
        && matches!(kind(object), "Deployment" | "StatefulSet")
        && object.at(&["spec", "template"]).is_some_and(T::is_map)
}

/// Path to the pod template of a kind that has one.
fn pod_template_of(kind: &str, group: &str) -> Option<&'static [&'static str]> {
    match (group, kind) {
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") | ("batch", "Job") => {
            Some(&["spec", "template"])
        }
        ("batch", "CronJob") => Some(&["spec", "jobTemplate", "spec", "template"]),
        _ => None,
    }
}

/// The pod template of an object that has one, and the path to it.
pub(crate) fn pod_template<T: Tree>(object: &T) -> Option<(&T, &'static [&'static str])> {
    let path = pod_template_of(kind(object), group_of(api_version(object)))?;
    let template = object.at(path).filter(|template| template.is_map())?;
    Some((template, path))
}

/// Gives the pods of an object that has some these labels.
pub(crate) fn label_pods(object: &mut Value, labels: &Map) {
    let Some((template, path)) = pod_template(object) else {
        return;
    };
    let mut template = template.clone();
    add_labels(&mut template, labels);
    let (last, parents) = path.split_last().expect("no path is empty");
    map_at(object, parents).insert(Key::string(*last), template);
}

/// Annotates the pod template of a workload, which replaces its pods.
pub(crate) fn annotate_pods(object: &mut Value, key: &str, value: &str) {
    insert_text(
        object,
        &["spec", "template", "metadata", "annotations"],
        key,
        value,
    );
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tree;

    #[test]
    fn the_scope_of_usual_kinds_is_known() {
        assert!(is_cluster_scoped("", "Namespace"));
        assert!(is_cluster_scoped(
            "external-secrets.io",
            "ClusterSecretStore"
        ));
        assert!(!is_cluster_scoped("external-secrets.io", "SecretStore"));
        assert!(!is_cluster_scoped("apps", "Deployment"));
        assert!(!is_cluster_scoped("cluster.k8s.io", "ClusterThing"));
    }

    #[test]
    fn a_long_id_is_hashed() {
        let object = json!({"kind": "ConfigMap", "metadata": {
            "name": "configs-comp-configs-env-config-application-toml-a20c4384"}});
        assert_eq!(
            id_of(&object, 0),
            "configmap-configs-comp-configs-env-c-5fe498e4"
        );
        assert_eq!(id_of(&json!({"kind": "Service"}), 3), "resource-3");
    }

    #[test]
    fn an_owner_is_stamped_into_whatever_is_there() {
        let unit: UnitId = "releasebinding.default.a".parse().unwrap();
        let object = json!({"metadata": {"labels": {"a": "b"}, "annotations": null}});
        let mut object = tree::of(&object);
        stamp(&mut object, &unit, &unit.label_value());
        let object = object.to_json().unwrap();
        assert_eq!(object["metadata"]["labels"]["a"], "b");
        assert_eq!(
            object["metadata"]["labels"][label::UNIT],
            unit.label_value()
        );
        assert_eq!(
            object["metadata"]["annotations"][label::UNIT_ANNOTATION],
            unit.as_str()
        );
    }
}
