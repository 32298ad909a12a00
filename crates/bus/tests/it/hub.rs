//! A nats-server and a control plane that lets in the keys it is told of.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nkeys::KeyPair;
use tokio::task::JoinSet;

use bus::{Bus, Config, Login, callout, server, server::HubKeys};
use model::PlaneName;

/// How long anything may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) struct Hub {
    pub(crate) nats: testkit::nats::Server,
    pub(crate) hub: Bus,
    pub(crate) system: Bus,
    members: Arc<Mutex<BTreeMap<PlaneName, String>>>,
    _keys: tempfile::TempDir,
    _tasks: JoinSet<()>,
}

pub(crate) fn plane(text: &str) -> PlaneName {
    text.parse().unwrap()
}

fn login(name: &str, key: &KeyPair) -> Login {
    Login {
        name: name.to_owned(),
        seed: key.seed().unwrap(),
        join_token: None,
        inbox: None,
    }
}

impl Hub {
    pub(crate) async fn start() -> Self {
        let folder = testkit::tempdir();
        let keys = HubKeys::load_or_create(folder.path()).unwrap();
        let nats = testkit::nats::Server::start(&server::accounts(None, &keys)).await;
        let config = config(&nats);
        let auth = Bus::connect(&config, login("auth", &keys.auth))
            .await
            .unwrap();
        let hub = Bus::connect(&config, login("hub", &keys.hub))
            .await
            .unwrap();
        let system = Bus::connect(&config, login("system", &keys.system))
            .await
            .unwrap();
        let members: Arc<Mutex<BTreeMap<PlaneName, String>>> = Arc::default();
        let mut tasks = JoinSet::new();
        let known = Arc::clone(&members);
        let mut questions = auth
            .subscribe(callout::SUBJECT.to_owned(), None)
            .await
            .unwrap();
        tasks.spawn(async move {
            while let Some(question) = questions.next().await {
                let request = callout::Request::parse(&question.payload).unwrap();
                let plane = request.name.parse::<PlaneName>().ok();
                let member = plane.filter(|plane| {
                    known.lock().unwrap().get(plane) == request.public_key.as_ref()
                });
                let answer = match member {
                    Some(plane) => request.allow(&keys.issuer, &plane, 0),
                    None => request.refuse(&keys.issuer, "not a member", 0),
                };
                auth.answer_bytes(&question, answer.into()).await.unwrap();
            }
        });
        Self {
            nats,
            hub,
            system,
            members,
            _keys: folder,
            _tasks: tasks,
        }
    }

    /// Lets the key in as this plane, and no other key.
    pub(crate) fn admit(&self, plane: &PlaneName, key: &KeyPair) {
        self.members
            .lock()
            .unwrap()
            .insert(plane.clone(), key.public_key());
    }

    pub(crate) fn revoke(&self, plane: &PlaneName) {
        self.members.lock().unwrap().remove(plane);
    }

    pub(crate) async fn connect(
        &self,
        plane: &PlaneName,
        key: &KeyPair,
    ) -> Result<Bus, bus::Error> {
        let login = Login {
            inbox: Some(bus::subject::inbox(plane)),
            ..login(&plane.to_string(), key)
        };
        Bus::connect(&config(&self.nats), login).await
    }
}

fn config(nats: &testkit::nats::Server) -> Config {
    Config {
        servers: vec![nats.url()],
        ..Config::default()
    }
}
