//! A hub in memory: it signs heads, keeps bundles and reports, and can be told to misbehave.

mod answer;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use nkeys::KeyPair;
use prost::Message;
use tokio::task::JoinSet;

use bus::{Bus, Login, callout, server, server::HubKeys, subject, subject::Verb};
use model::{Bundle, Digest, Head, PlaneName, StatusReport, Target, UnitId, UnitRevision};
use proto::link::{Bundle as HintBundle, HeadPage, Hint, SignedHeads, SigningKey};

/// The plane of these tests.
pub(crate) const PLANE: &str = "dataplane-one";
/// The join token that lets it in.
pub(crate) const TOKEN: &str = "let-me-in";

pub(crate) struct Hub {
    pub(crate) nats: testkit::nats::Server,
    pub(crate) world: World,
    bus: Bus,
    _keys: tempfile::TempDir,
    _tasks: JoinSet<()>,
}

/// What a hub knows. Cheap to clone.
#[derive(Clone)]
pub(crate) struct World(Arc<Mutex<Inner>>);

pub(crate) struct Inner {
    pub(crate) incarnation: u64,
    pub(crate) counter: u64,
    pub(crate) epoch: u64,
    /// Revision of the plane's heads, dropped ones included.
    pub(crate) revision: UnitRevision,
    pub(crate) heads: BTreeMap<UnitId, Head>,
    pub(crate) bundles: HashMap<Digest, Vec<u8>>,
    pub(crate) reports: Vec<StatusReport>,
    /// Keys that sign, oldest first.
    pub(crate) signing: Vec<KeyPair>,
    /// The key of the plane, once it has joined.
    pub(crate) member: Option<String>,
    pub(crate) joins: u32,
    pub(crate) hellos: u32,
    /// How often the plane gives a sign of life.
    pub(crate) heartbeat_ms: u32,
    /// Largest piece of a bundle.
    pub(crate) chunk: usize,
    pub(crate) blobs_asked: u32,
    /// Heads of one page.
    pub(crate) page: usize,
    /// Report requests that are not answered, as if the answer were lost.
    pub(crate) mute_reports: u32,
    /// Units whose reports are refused as not readable.
    pub(crate) refused_reports: Vec<UnitId>,
}

pub(crate) fn plane() -> PlaneName {
    PLANE.parse().unwrap()
}

pub(crate) fn unit(name: &str) -> UnitId {
    format!("releasebinding.default.{name}").parse().unwrap()
}

/// A bundle with about this many bytes of text that do not compress well.
pub(crate) fn bundle(name: &str, bytes: usize) -> Bundle {
    let mut text = String::new();
    let mut number = 0;
    while text.len() < bytes {
        text.push_str(&Digest::of(format!("{name}{number}").as_bytes()).to_string());
        number += 1;
    }
    let object =
        serde_json::json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"text": text}});
    let object = serde_json::from_value(serde_json::json!({"id": "config", "object": object}));
    Bundle {
        unit: unit(name),
        requires: Vec::new(),
        features: Vec::new(),
        objects: vec![object.unwrap()],
    }
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
        let config = bus::Config {
            servers: vec![nats.url()],
            ..bus::Config::default()
        };
        let world = World::new();
        let auth = Bus::connect(&config, login("auth", &keys.auth))
            .await
            .unwrap();
        let bus = Bus::connect(&config, login("hub", &keys.hub))
            .await
            .unwrap();
        let mut tasks = JoinSet::new();
        let questions = auth
            .subscribe(callout::SUBJECT.to_owned(), None)
            .await
            .unwrap();
        tasks.spawn(answer::logins(world.clone(), auth, questions, keys.issuer));
        for verb in Verb::ALL {
            let questions = bus
                .subscribe(subject::requests(*verb), Some("hub"))
                .await
                .unwrap();
            tasks.spawn(answer::requests(
                world.clone(),
                bus.clone(),
                *verb,
                questions,
            ));
        }
        Self {
            nats,
            world,
            bus,
            _keys: folder,
            _tasks: tasks,
        }
    }

    /// Sends a hint with the head and its bundle.
    pub(crate) async fn hint(&self, head: &Head, previous: UnitRevision) {
        let hint = {
            let inner = self.world.lock();
            let bundles = match head.target {
                Target::Bundle(digest) => vec![HintBundle {
                    digest: digest.as_bytes().to_vec().into(),
                    data: inner.bundles[&digest].clone().into(),
                }],
                Target::Tombstone(_) => Vec::new(),
            };
            Hint {
                revision: Some(head.revision.into()),
                previous: Some(previous.into()),
                heads: Some(inner.sign(std::slice::from_ref(head), head.revision, (false, true))),
                bundles,
            }
        };
        self.send_hint(hint).await;
    }

    pub(crate) async fn send_hint(&self, hint: Hint) {
        let payload = hint.encode_to_vec().into();
        self.bus
            .publish(subject::hint(&plane()), payload, None)
            .await
            .unwrap();
    }
}

impl World {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Inner {
            incarnation: 1,
            counter: 0,
            epoch: 0,
            revision: UnitRevision::default(),
            heads: BTreeMap::new(),
            bundles: HashMap::new(),
            reports: Vec::new(),
            signing: vec![KeyPair::new_account()],
            member: None,
            joins: 0,
            hellos: 0,
            heartbeat_ms: 100,
            chunk: 256 * 1024,
            blobs_asked: 0,
            page: 512,
            mute_reports: 0,
            refused_reports: Vec::new(),
        })))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    /// Sets the head of the bundle's unit, silently; gives it and the revision before.
    pub(crate) fn deploy(&self, bundle: &Bundle) -> (Head, UnitRevision) {
        let data = zstd::bulk::compress(bundle.to_text().as_bytes(), 3).unwrap();
        let digest = bundle.digest();
        self.lock().bundles.insert(digest, data);
        self.set(bundle.unit.clone(), Target::Bundle(digest))
    }

    pub(crate) fn set(&self, unit: UnitId, target: Target) -> (Head, UnitRevision) {
        let mut inner = self.lock();
        inner.counter += 1;
        let previous = inner.revision;
        inner.revision = UnitRevision {
            incarnation: inner.incarnation,
            counter: inner.counter,
        };
        let (revision, plane) = (inner.revision, plane());
        let head = Head {
            unit: unit.clone(),
            plane,
            revision,
            target,
            compiler_epoch: 1,
            trace: None,
        };
        inner.heads.insert(unit, head.clone());
        (head, previous)
    }
}

impl Inner {
    pub(crate) fn hash(&self) -> u64 {
        let live = self
            .heads
            .values()
            .filter(|head| matches!(head.target, Target::Bundle(_)));
        live.map(Head::hash_share).fold(0, u64::wrapping_add)
    }

    pub(crate) fn sign(
        &self,
        heads: &[Head],
        up_to: UnitRevision,
        (whole_list, last): (bool, bool),
    ) -> SignedHeads {
        let page = HeadPage {
            hub: "hub".to_owned(),
            plane: PLANE.to_owned(),
            heads: heads.iter().map(Into::into).collect(),
            up_to: Some(up_to.into()),
            whole_list,
            last,
        };
        let (page, key) = (page.encode_to_vec(), self.signing.last().unwrap());
        let signature = key.sign(&page).unwrap().into();
        SignedHeads {
            page: page.into(),
            key: key.public_key(),
            signature,
        }
    }

    pub(crate) fn shown(&self) -> Vec<SigningKey> {
        let mut previous: Option<&KeyPair> = None;
        let shown = self.signing.iter().map(|key| {
            let public_key = key.public_key();
            let vouched = previous.map(|previous| previous.sign(public_key.as_bytes()).unwrap());
            previous = Some(key);
            SigningKey {
                public_key,
                vouched: vouched.unwrap_or_default().into(),
            }
        });
        shown.collect()
    }
}
