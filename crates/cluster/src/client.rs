//! The connection to one cluster.

use std::{path::PathBuf, sync::Arc, time::Duration};

use http::Request;
use kube::{
    Client, Config,
    client::{Body, ClientBuilder},
    config::{KubeConfigOptions, Kubeconfig},
};
use tower::util::MapRequestLayer;

use crate::{
    ApiKind, Error, Fence, ObjectId, Requests, Result,
    discovery::{Api, Discovery},
    error::classify,
};

/// How the cluster is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// As a pod of the cluster, by its service account.
    InCluster,
    /// By a kubeconfig file.
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// The context in it; empty for its current context.
        context: String,
    },
}

/// How a client behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// After how long a call without answer fails.
    pub deadline: Duration,
    /// Asked before every write.
    pub fence: Fence,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(15),
            fence: Fence::open(),
        }
    }
}

/// What runs in a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Version of Kubernetes, as `v1.36.3`.
    pub kubernetes: String,
    /// UID of the namespace `kube-system`: the identity of the cluster.
    pub cluster_uid: String,
}

/// A connection to one cluster. Cheap to clone.
#[derive(Clone)]
pub struct Cluster(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) client: Client,
    pub(crate) discovery: Discovery,
    pub(crate) requests: Requests,
    pub(crate) settings: Settings,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster")
            .field("settings", &self.0.settings)
            .finish_non_exhaustive()
    }
}

impl Cluster {
    /// Reads the credentials; nothing is sent yet, so the cluster may be away.
    ///
    /// # Errors
    /// [`Error::Access`] when the credentials are not usable.
    pub async fn connect(access: &Access, settings: Settings) -> Result<Self> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Another thread may have installed the same provider meanwhile.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let mut config = config(access).await?;
        // Retries are the caller's, who knows what is worth one; and each is counted.
        config.default_retry = false;
        config.connect_timeout = Some(settings.deadline);
        let requests = Requests::default();
        let counter = requests.clone();
        let layer = MapRequestLayer::new(move |request: Request<Body>| {
            counter.add(&request);
            request
        });
        let builder = ClientBuilder::try_from(config).map_err(|error| Error::Access {
            message: error.to_string(),
        })?;
        let client = builder.with_layer(&layer).build();
        let discovery = Discovery::default();
        Ok(Self(Arc::new(Inner {
            client,
            discovery,
            requests,
            settings,
        })))
    }

    /// How many requests were sent.
    #[must_use]
    pub fn requests(&self) -> &Requests {
        &self.0.requests
    }

    /// Whether this replica may write now.
    ///
    /// # Errors
    /// [`Error::Fenced`] when it may not.
    pub fn check_fence(&self) -> Result<()> {
        self.0.settings.fence.check()
    }

    /// What runs there, and which cluster it is.
    ///
    /// # Errors
    /// Those of a call.
    pub async fn version(&self) -> Result<Version> {
        let version = async {
            let info = self.0.client.apiserver_version().await;
            info.map_err(|error| classify("the version", false, error))
        };
        let info = self.in_time("the version", version).await?;
        let id = ObjectId {
            kind: Arc::new(ApiKind::new("", "v1", "Namespace")),
            namespace: None,
            name: "kube-system".into(),
        };
        let namespace = self.find(&id).await?.ok_or_else(|| Error::NotFound {
            what: id.to_string(),
        })?;
        let uid = namespace
            .pointer("/metadata/uid")
            .and_then(|uid| uid.as_str())
            .unwrap_or_default();
        Ok(Version {
            kubernetes: info.git_version,
            cluster_uid: uid.to_owned(),
        })
    }

    /// How the cluster serves a kind: from memory, or asked of it, at most once in five seconds where the answer was no.
    ///
    /// # Errors
    /// [`Error::UnknownApi`], or those of a call.
    pub async fn discover(&self, kind: &ApiKind) -> Result<Api> {
        self.in_time(
            &kind.to_string(),
            self.0.discovery.find(&self.0.client, kind),
        )
        .await
    }

    /// `call`, or an error once the deadline has passed.
    pub(crate) async fn in_time<T>(
        &self,
        what: &str,
        call: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let outcome = tokio::time::timeout(self.0.settings.deadline, call).await;
        outcome.unwrap_or_else(|_| Err(Error::timed_out(what)))
    }
}

async fn config(access: &Access) -> Result<Config> {
    let error = |message: String| Error::Access { message };
    match access {
        Access::InCluster => Config::incluster().map_err(|cause| {
            error(format!(
                "there is no service account of a pod ({cause}); outside of a cluster, configure a kubeconfig"
            ))
        }),
        Access::Kubeconfig { path, context } => {
            let file = Kubeconfig::read_from(path)
                .map_err(|cause| error(format!("the kubeconfig {}: {cause}", path.display())))?;
            let options = KubeConfigOptions {
                context: (!context.is_empty()).then(|| context.clone()),
                ..KubeConfigOptions::default()
            };
            let config = Config::from_custom_kubeconfig(file, &options).await;
            config.map_err(|cause| error(format!("the kubeconfig {}: {cause}", path.display())))
        }
    }
}
