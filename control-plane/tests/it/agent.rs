//! An agent that says only what it is told to say.

use std::time::Duration;

use nkeys::KeyPair;
use prost::Message;

use bus::{Bus, Error, Login, Subscription, subject, subject::Verb};
use model::{Bundle, Digest, Head, PlaneName, StatusReport, Target, UnitPhase, UnitRevision};
use proto::link::{
    BlobChunk, BlobRequest, HeadPage, HeadsRequest, Heartbeat, HeartbeatAck, Hello, Hint, Reports,
    ReportsAck, SignedHeads, Welcome, heartbeat_ack::Verdict,
};

use crate::hub::{DEADLINE, Hub};

pub(crate) struct Agent {
    pub(crate) plane: PlaneName,
    pub(crate) bus: Bus,
    pub(crate) welcome: Welcome,
    pub(crate) hints: Subscription,
}

pub(crate) async fn connect(
    hub: &Hub,
    plane: &str,
    key: &KeyPair,
    token: Option<&str>,
) -> Result<Bus, Error> {
    let plane: PlaneName = plane.parse().unwrap();
    let login = Login {
        name: plane.to_string(),
        seed: key.seed().unwrap(),
        join_token: token.map(str::to_owned),
        inbox: Some(subject::inbox(&plane)),
    };
    Bus::connect(&hub.bus(), login).await
}

impl Agent {
    /// Joins with a new token and begins a session.
    pub(crate) async fn join(hub: &Hub, plane: &str) -> Self {
        let key = KeyPair::new_user();
        let token = hub.token(plane).await;
        let bus = testkit::until("the plane is let in", DEADLINE, || async {
            connect(hub, plane, &key, Some(&token)).await.ok()
        });
        Self::begin(plane, bus.await, "cluster-1").await.unwrap()
    }

    /// First words over a connection.
    pub(crate) async fn begin(plane: &str, bus: Bus, cluster_uid: &str) -> Result<Self, Error> {
        let plane: PlaneName = plane.parse().unwrap();
        let hints = bus.subscribe(subject::hint(&plane), None).await?;
        let hello = Hello {
            protocol_min: 1,
            protocol_max: 1,
            agent_version: "1.2.3".to_owned(),
            kubernetes_version: "v1.33.0".to_owned(),
            cluster_uid: cluster_uid.to_owned(),
            ..Hello::default()
        };
        let to = subject::request(&plane, Verb::Hello);
        let welcome = bus.request(to, &hello, None, DEADLINE).await?;
        Ok(Self {
            plane,
            bus,
            welcome,
            hints,
        })
    }

    pub(crate) async fn ask<A: Message + Default>(
        &self,
        verb: Verb,
        question: &impl Message,
    ) -> Result<A, Error> {
        let to = subject::request(&self.plane, verb);
        self.bus
            .request(to, question, None, Duration::from_secs(5))
            .await
    }

    pub(crate) async fn beat(&self, revision: UnitRevision, heads: &[Head]) -> Verdict {
        let live = heads
            .iter()
            .filter(|head| matches!(head.target, Target::Bundle(_)));
        let beat = Heartbeat {
            epoch: self.welcome.epoch,
            revision: Some(revision.into()),
            heads_hash: live.map(Head::hash_share).fold(0, u64::wrapping_add),
        };
        let ack: HeartbeatAck = self.ask(Verb::Heartbeat, &beat).await.unwrap();
        ack.verdict()
    }

    /// The heads after `since`, or all, and the revision up to which they are complete.
    pub(crate) async fn heads(&self, since: Option<UnitRevision>) -> (Vec<Head>, UnitRevision) {
        let question = HeadsRequest {
            epoch: self.welcome.epoch,
            since: since.map(Into::into),
            after_unit: String::new(),
        };
        let signed: SignedHeads = self.ask(Verb::Heads, &question).await.unwrap();
        self.open(&signed)
    }

    /// The heads of a page, once its signature is checked.
    pub(crate) fn open(&self, signed: &SignedHeads) -> (Vec<Head>, UnitRevision) {
        assert!(
            self.welcome
                .keys
                .iter()
                .any(|key| key.public_key == signed.key)
        );
        let key = KeyPair::from_public_key(&signed.key).unwrap();
        key.verify(&signed.page, &signed.signature).unwrap();
        let page = HeadPage::decode(signed.page.clone()).unwrap();
        assert_eq!(
            (&page.plane, &page.hub),
            (&self.plane.to_string(), &self.welcome.hub)
        );
        let heads = page
            .heads
            .into_iter()
            .map(|head| proto::convert::head(&self.plane, head).unwrap());
        (heads.collect(), page.up_to.unwrap().into())
    }

    pub(crate) async fn hint(&mut self) -> Hint {
        let hint = tokio::time::timeout(DEADLINE, self.hints.next()).await;
        hint.expect("a hint comes").unwrap().decode().unwrap()
    }

    pub(crate) async fn bundle(&self, digest: Digest) -> Option<Bundle> {
        let mut data = Vec::new();
        loop {
            let question = BlobRequest {
                epoch: self.welcome.epoch,
                digest: digest.as_bytes().to_vec().into(),
                offset: data.len() as u64,
            };
            let chunk: BlobChunk = self.ask(Verb::Blob, &question).await.unwrap();
            if chunk.missing {
                return None;
            }
            data.extend_from_slice(&chunk.data);
            if data.len() as u64 == chunk.total {
                let text = zstd::stream::decode_all(&data[..]).unwrap();
                assert_eq!(Digest::of(&text), digest);
                return Some(serde_json::from_slice(&text).unwrap());
            }
        }
    }

    pub(crate) async fn report(&self, reports: &[StatusReport]) -> Result<ReportsAck, Error> {
        let reports = reports
            .iter()
            .map(|report| serde_json::to_string(report).unwrap())
            .collect();
        let message = Reports {
            epoch: self.welcome.epoch,
            reports,
        };
        self.ask(Verb::Report, &message).await
    }

    pub(crate) fn applied(&self, head: &Head, sequence: u64) -> StatusReport {
        StatusReport {
            unit: head.unit.clone(),
            plane: self.plane.clone(),
            epoch: self.welcome.epoch,
            sequence,
            revision: head.revision,
            target: head.target,
            phase: UnitPhase::Applied,
            message: String::new(),
            objects: Vec::new(),
        }
    }
}
