//! In which order objects are written: what others need comes first. They are deleted the other way round.

use cluster::ApiKind;

/// A stage of an apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Definitions of kinds, and namespaces: nothing else can be written without them.
    Foundations,
    /// Policies, accounts, rights, secrets, configuration, claims.
    Supplies,
    /// Services and routes.
    Network,
    /// What runs, and every kind that is not known.
    Workloads,
    /// Webhooks and autoscalers, which act on what runs.
    Reactions,
}

impl Stage {
    /// Every stage, first to last.
    pub const ALL: &'static [Self] = &[
        Self::Foundations,
        Self::Supplies,
        Self::Network,
        Self::Workloads,
        Self::Reactions,
    ];

    /// The stage in which objects of a kind are written.
    #[must_use]
    pub fn of(kind: &ApiKind) -> Self {
        match (kind.group.as_str(), kind.kind.as_str()) {
            ("apiextensions.k8s.io", _) | ("", "Namespace") => Self::Foundations,
            (
                "",
                "ServiceAccount"
                | "Secret"
                | "ConfigMap"
                | "PersistentVolume"
                | "PersistentVolumeClaim"
                | "ResourceQuota"
                | "LimitRange",
            )
            | (
                "networking.k8s.io"
                | "policy"
                | "rbac.authorization.k8s.io"
                | "storage.k8s.io"
                | "scheduling.k8s.io"
                | "cilium.io"
                | "external-secrets.io"
                | "node.k8s.io",
                _,
            ) if kind.kind != "Ingress" => Self::Supplies,
            ("", "Service" | "Endpoints")
            | ("networking.k8s.io" | "gateway.networking.k8s.io" | "discovery.k8s.io", _) => {
                Self::Network
            }
            (
                "admissionregistration.k8s.io"
                | "autoscaling"
                | "keda.sh"
                | "apiregistration.k8s.io",
                _,
            ) => Self::Reactions,
            _ => Self::Workloads,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(group: &str, kind: &str, stage: Stage) {
        assert_eq!(Stage::of(&ApiKind::new(group, "v1", kind)), stage, "{kind}");
    }

    #[test]
    fn what_others_need_comes_first() {
        check("", "Namespace", Stage::Foundations);
        check("networking.k8s.io", "NetworkPolicy", Stage::Supplies);
        check("networking.k8s.io", "Ingress", Stage::Network);
        check("gateway.networking.k8s.io", "HTTPRoute", Stage::Network);
        check("apps", "Deployment", Stage::Workloads);
        check("x.test", "Anything", Stage::Workloads);
        check("autoscaling", "HorizontalPodAutoscaler", Stage::Reactions);
        assert!(Stage::ALL.is_sorted());
    }
}
