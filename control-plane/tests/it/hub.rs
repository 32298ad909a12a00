//! A control plane, or several replicas of one, with their NATS server and their database.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use tonic::{Request, Status, transport::Channel};

use bus::server::{self, HubKeys};
use control_plane::{Config, authenticate::Token};
use kit::Tasks;
use kit::config::{HumanDuration, Secret};
use model::{Envelope, ObjectKey};
use proto::preview::{CompareRequest, preview_client::PreviewClient};
use proto::resources::{
    CreateJoinTokenRequest, GetRequest, LinkState, ListLinksRequest, Object, RevokeLinkRequest,
    WriteRequest, access_client::AccessClient, planes_client::PlanesClient,
    resources_client::ResourcesClient,
};

/// How long anything may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
/// How often agents give a sign of life here.
pub(crate) const HEARTBEAT: Duration = Duration::from_millis(500);
pub(crate) const ADMIN: &str = "the administrator's token";
pub(crate) const DEV: &str = "a developer's token";
pub(crate) const LEAD: &str = "a lead's token";
/// The token of somebody who may do nothing.
pub(crate) const GUEST: &str = "the guest's token";

pub(crate) struct Hub {
    _nats: testkit::nats::Server,
    config: Config,
    replicas: Vec<Replica>,
    /// The replica that serves the next request.
    next: AtomicUsize,
    _database: Option<testkit::postgres::Database>,
    _folder: tempfile::TempDir,
}

struct Replica {
    channel: Channel,
    tasks: Tasks,
}

impl Hub {
    /// One control plane on a file.
    pub(crate) async fn start() -> Self {
        Self::start_on(None, 1).await
    }

    /// Three replicas on a server. Each request goes to another one.
    pub(crate) async fn start_three() -> Self {
        Self::start_on(Some(testkit::postgres::Database::create()), 3).await
    }

    async fn start_on(database: Option<testkit::postgres::Database>, number: usize) -> Self {
        let folder = testkit::tempdir();
        let keys = HubKeys::load_or_create(&folder.path().join("keys")).unwrap();
        let nats = testkit::nats::Server::start(&server::accounts(None, &keys)).await;
        let mut config = config(&nats, folder.path());
        if let Some(database) = &database {
            config.database.url = database.url();
        }
        let mut replicas = Vec::new();
        for _ in 0..number {
            replicas.push(begin(&config).await);
        }
        Self {
            _nats: nats,
            config,
            replicas,
            next: AtomicUsize::new(0),
            _database: database,
            _folder: folder,
        }
    }

    /// A way to a replica, to another one each time.
    fn channel(&self) -> Channel {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        self.channel_to(next % self.replicas.len())
    }

    /// The way to this replica.
    pub(crate) fn channel_to(&self, number: usize) -> Channel {
        self.replicas[number].channel.clone()
    }

    /// Ends the first replica.
    pub(crate) async fn stop_first(&mut self) {
        self.replicas.remove(0).stop().await;
    }

    pub(crate) fn bus(&self) -> bus::Config {
        self.config.link.bus.clone()
    }

    pub(crate) fn resources(&self) -> ResourcesClient<Channel> {
        ResourcesClient::new(self.channel())
    }

    pub(crate) fn access(&self) -> AccessClient<Channel> {
        AccessClient::new(self.channel())
    }

    pub(crate) async fn token(&self, plane: &str) -> String {
        let asked = CreateJoinTokenRequest {
            plane: plane.to_owned(),
            ttl_seconds: 0,
        };
        let answer = PlanesClient::new(self.channel())
            .create_join_token(as_admin(asked))
            .await;
        answer.unwrap().into_inner().token
    }

    pub(crate) async fn revoke(&self, plane: &str) -> u32 {
        let asked = RevokeLinkRequest {
            plane: plane.to_owned(),
        };
        let answer = PlanesClient::new(self.channel())
            .revoke_link(as_admin(asked))
            .await;
        answer.unwrap().into_inner().cut
    }

    pub(crate) async fn link(&self, plane: &str) -> Option<LinkState> {
        let asked = as_admin(ListLinksRequest {});
        let links = PlanesClient::new(self.channel())
            .list_links(asked)
            .await
            .unwrap();
        links
            .into_inner()
            .links
            .into_iter()
            .find(|link| link.plane == plane)
    }

    pub(crate) async fn create(&self, document: &Value) -> Result<(), Status> {
        let envelope = Envelope::from_document(document, None).unwrap();
        let asked = WriteRequest {
            object: Some(Object::from(&envelope)),
            dry_run: false,
        };
        self.resources().create(as_admin(asked)).await.map(drop)
    }

    pub(crate) async fn find(&self, key: &ObjectKey) -> Envelope {
        let asked = GetRequest {
            key: Some(key.into()),
        };
        let found = self.resources().get(as_admin(asked)).await.unwrap();
        found.into_inner().try_into().unwrap()
    }

    /// What drafts would change, asked by the administrator or by somebody with another token.
    pub(crate) async fn compare(
        &self,
        asked: CompareRequest,
        token: Option<&str>,
    ) -> Result<Value, Status> {
        let answer = PreviewClient::new(self.channel())
            .compare(with(token.unwrap_or(ADMIN), asked))
            .await?;
        Ok(serde_json::from_str(&answer.into_inner().comparison).unwrap())
    }

    /// Creates what the default catalogue holds: planes, environments, types, and a project with its cells.
    pub(crate) async fn apply_catalogue(&self) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/catalogue");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        files.sort();
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            for document in model::yaml::documents(&text).unwrap() {
                let created = self.create(&document).await;
                created.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            }
        }
    }

    pub(crate) async fn stop(self) {
        for replica in self.replicas {
            replica.stop().await;
        }
    }
}

impl Replica {
    async fn stop(self) {
        let late = self.tasks.stop(Duration::from_secs(10)).await;
        assert!(late.is_empty(), "{late:?}");
    }
}

fn config(nats: &testkit::nats::Server, folder: &Path) -> Config {
    let mut config = Config::default();
    config.database.url = format!("sqlite:{}", folder.join("hub.db").display());
    let tokens = [
        (ADMIN, "admins"),
        (DEV, "devs"),
        (LEAD, "leads"),
        (GUEST, "guests"),
    ];
    let token = |(token, group): (&str, &str)| Token {
        name: group.to_owned(),
        token: Secret::from_value(token),
        groups: vec![group.to_owned()],
    };
    config.auth.tokens = tokens.map(token).into();
    config.link.keys = folder.join("keys");
    config.link.bus.servers = vec![nats.url()];
    config.link.heartbeat = HumanDuration(HEARTBEAT);
    config
}

async fn begin(config: &Config) -> Replica {
    let mut config = config.clone();
    config.ingress.listen = testkit::free_address();
    let url = format!("http://{}", config.ingress.listen);
    let tasks = Tasks::new();
    Box::pin(control_plane::start(config, &tasks))
        .await
        .unwrap();
    let channel = Channel::from_shared(url).unwrap().connect_lazy();
    Replica { channel, tasks }
}

pub(crate) fn as_admin<T>(message: T) -> Request<T> {
    with(ADMIN, message)
}

/// A request with a token.
pub(crate) fn with<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let header = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", header);
    request
}

/// Makes of each function a test with one control plane, and one with several replicas.
macro_rules! on_every_hub {
    ($($name:ident,)+) => {$(
        mod $name {
            use crate::hub::Hub;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn one() {
                super::$name(Hub::start().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn three() {
                super::$name(Hub::start_three().await).await;
            }
        }
    )+};
}
pub(crate) use on_every_hub;
