//! What the compiler knows about Kubernetes objects as plain JSON: their identity, their scope, their
//! pod template, and how the platform marks them as its own.

use serde_json::{Map, Value};

use model::{UnitId, label, name};

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
pub fn text<'a>(object: &'a Value, path: &[&str]) -> &'a str {
    path.iter()
        .try_fold(object, |at, key| at.get(key))
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// `apiVersion` of an object.
#[must_use]
pub fn api_version(object: &Value) -> &str {
    text(object, &["apiVersion"])
}

/// `kind` of an object.
#[must_use]
pub fn kind(object: &Value) -> &str {
    text(object, &["kind"])
}

/// `metadata.name` of an object.
#[must_use]
pub fn name(object: &Value) -> &str {
    text(object, &["metadata", "name"])
}

/// `metadata.namespace` of an object; empty when it has none.
#[must_use]
pub fn namespace(object: &Value) -> &str {
    text(object, &["metadata", "namespace"])
}

/// `Kind/name`, for messages.
#[must_use]
pub fn title(object: &Value) -> String {
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
pub fn lives_outside_namespaces(object: &Value) -> bool {
    is_cluster_scoped(group_of(api_version(object)), kind(object))
}

/// Name of an object within its unit: `{kind}-{name}` in lower case, shortened by hashing when it is
/// longer than a label.
#[must_use]
pub fn id_of(object: &Value, index: usize) -> String {
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

/// Marks an object as one of `unit`: owner labels for selection, the whole unit name as annotation.
pub fn stamp_owner(object: &mut Value, unit: &UnitId) {
    stamp(object, unit, &unit.label_value());
}

/// As [`stamp_owner`], with the label of the unit at hand: it is a hash.
pub(crate) fn stamp(object: &mut Value, unit: &UnitId, label_value: &str) {
    insert_text(
        object,
        &["metadata", "labels"],
        label::MANAGED_BY,
        label::MANAGER,
    );
    insert_text(object, &["metadata", "labels"], label::UNIT, label_value);
    insert_text(
        object,
        &["metadata", "annotations"],
        label::UNIT_ANNOTATION,
        unit.as_str(),
    );
}

/// Adds those of `labels` that the object does not have.
pub fn add_missing_labels(object: &mut Value, labels: &Map<String, Value>) {
    let own = map_at(object, &["metadata", "labels"]);
    for (name, value) in labels {
        own.entry(name.clone()).or_insert_with(|| value.clone());
    }
}

/// Sets the namespace of an object that belongs in one and names none.
pub fn set_missing_namespace(object: &mut Value, namespace: &str) {
    if self::namespace(object).is_empty() && !lives_outside_namespaces(object) {
        insert_text(object, &["metadata"], "namespace", namespace);
    }
}

/// Writes `key` into the map at `path`, making the maps on the way. A value on the way that is not a
/// map is replaced, since no object may have one there.
pub fn insert_text(object: &mut Value, path: &[&str], key: &str, value: &str) {
    map_at(object, path).insert(key.to_owned(), Value::String(value.to_owned()));
}

/// The map at `path`, made with the maps on the way as [`insert_text`] makes them.
pub fn map_at<'a>(object: &'a mut Value, path: &[&str]) -> &'a mut Map<String, Value> {
    let mut at = object;
    for step in path {
        at = map_of(at)
            .entry(*step)
            .or_insert_with(|| Value::Object(Map::new()));
    }
    map_of(at)
}

fn map_of(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut().expect("made an object above")
}

/// Whether an object is a workload whose pods are replaced when its pod template changes, and has such
/// a template.
#[must_use]
pub fn rolls_pods(object: &Value) -> bool {
    group_of(api_version(object)) == "apps"
        && matches!(kind(object), "Deployment" | "StatefulSet")
        && object
            .pointer("/spec/template")
            .is_some_and(Value::is_object)
}

/// JSON pointer to the pod template of a kind that has one.
fn pod_template_of(kind: &str, group: &str) -> Option<&'static str> {
    match (group, kind) {
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") | ("batch", "Job") => {
            Some("/spec/template")
        }
        ("batch", "CronJob") => Some("/spec/jobTemplate/spec/template"),
        _ => None,
    }
}

/// The pod template of an object that has one.
#[must_use]
pub fn pod_template(object: &Value) -> Option<&Value> {
    let pointer = pod_template_of(kind(object), group_of(api_version(object)))?;
    object
        .pointer(pointer)
        .filter(|template| template.is_object())
}

/// As [`pod_template`], to change it.
pub fn pod_template_mut(object: &mut Value) -> Option<&mut Value> {
    let pointer = pod_template_of(kind(object), group_of(api_version(object)))?;
    object
        .pointer_mut(pointer)
        .filter(|template| template.is_object())
}

/// Annotates the pod template of a workload, which replaces its pods.
pub fn annotate_pods(object: &mut Value, key: &str, value: &str) {
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
        let mut object = json!({"metadata": {"labels": {"a": "b"}, "annotations": null}});
        stamp_owner(&mut object, &unit);
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
