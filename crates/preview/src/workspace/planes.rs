//! Environments and data planes that files leave out.

use serde_json::json;

use compile::assemble::Objects;
use model::{
    KindName, ObjectKey,
    kinds::{
        DataPlane, Environment,
        reference::{DataPlaneKind, DataPlaneRef},
    },
};

use super::{Stage, Unbound};

impl Stage<'_> {
    /// Whether the environment is there, made if the files tell of none at all.
    pub(super) fn environment(&mut self, namespace: &str) -> bool {
        let name = self.asked.environment;
        let key = ObjectKey::namespaced(KindName::Environment, namespace, name);
        let known = self.world.all::<Environment>(Some(namespace));
        if !known.iter().any(|environment| environment.name() == name) {
            if self.asked.unbound == Unbound::Skip {
                return false;
            }
            if !known.is_empty() || self.world.refused.contains_key(&key) {
                self.unknown(&key, &known.iter().map(|e| e.name()).collect::<Vec<_>>());
                return false;
            }
            self.world.make(&key, None, &Environment::default());
            self.note(format!(
                "there is no Environment in namespace {namespace}: {name} is a plain one"
            ));
        }
        if !self.world.has_any(KindName::DataPlane) {
            self.make_plane(&key);
        }
        true
    }

    fn unknown(&mut self, key: &ObjectKey, known: &[&str]) {
        let namespace = key.namespace.clone().unwrap_or_default();
        let message = format!("Environment {:?} not found", key.name);
        let hint = if known.is_empty() {
            "it is there, but is not valid: mend it first".to_owned()
        } else {
            format!("namespace {namespace} has {}", known.join(", "))
        };
        let diagnostic = model::Diagnostic {
            path: String::new(),
            message,
            hint: Some(hint),
        };
        let subject = self.subject(&namespace, "", None);
        self.problem(key, diagnostic, &subject);
    }

    /// A data plane for an environment where the files have none. Its gateway lets types render routes.
    fn make_plane(&mut self, environment: &ObjectKey) {
        let Ok(Some(found)) = self.world.find::<Environment>(environment) else {
            return;
        };
        let default = || DataPlaneRef {
            kind: DataPlaneKind::ClusterDataPlane,
            name: "default".to_owned(),
        };
        let reference = found.spec.data_plane_ref.unwrap_or_else(default);
        let key = reference.key(
            found
                .stored
                .envelope
                .key
                .namespace
                .as_deref()
                .unwrap_or_default(),
        );
        let listeners = json!({"name": "default", "namespace": "default",
            "http": {"listenerName": "http", "host": "apps.example", "port": 80}});
        let spec: DataPlane = serde_json::from_value(json!({
            "planeID": "default", "clusterAgent": {"clientCA": {}},
            "gateway": {"ingress": {"external": listeners, "internal": listeners}},
        }))
        .expect("a plain plane has the shape of one");
        self.world.make(&key, None, &spec);
        self.note(format!(
            "there is no data plane: {} {} is a plain one with a gateway at apps.example",
            key.public_kind(),
            key.name
        ));
    }
}
