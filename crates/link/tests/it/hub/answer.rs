//! What the hub answers.

use nkeys::KeyPair;

use bus::{Bus, Incoming, Subscription, callout, subject::Verb};
use model::{Code, StatusReport, UnitRevision};
use proto::link::{
    BlobChunk, BlobRequest, HeadsRequest, Heartbeat, HeartbeatAck, Hello, Reports, ReportsAck,
    SignedHeads, Welcome, heartbeat_ack::Verdict,
};

use super::{Inner, TOKEN, World, plane};

pub(super) async fn logins(world: World, auth: Bus, mut questions: Subscription, issuer: KeyPair) {
    while let Some(question) = questions.next().await {
        let request = callout::Request::parse(&question.payload).unwrap();
        let allowed = world.lock().admit(&request);
        let answer = match allowed {
            true => request.allow(&issuer, &plane(), 0),
            false => request.refuse(&issuer, "not a member", 0),
        };
        auth.answer_bytes(&question, answer.into()).await.unwrap();
    }
}

pub(super) async fn requests(world: World, bus: Bus, verb: Verb, mut questions: Subscription) {
    while let Some(question) = questions.next().await {
        match verb {
            Verb::Hello => {
                let welcome = world.lock().hello(&question.decode().unwrap());
                bus.answer(&question, &welcome).await.unwrap();
            }
            Verb::Heartbeat => {
                let ack = world.lock().heartbeat(&question.decode().unwrap());
                bus.answer(&question, &ack).await.unwrap();
            }
            Verb::Heads => {
                let page = world.lock().heads(&question.decode().unwrap());
                bus.answer(&question, &page).await.unwrap();
            }
            Verb::Blob => {
                let chunk = world.lock().blob(&question.decode().unwrap());
                bus.answer(&question, &chunk).await.unwrap();
            }
            Verb::Report => reports(&world, &bus, &question).await,
        }
    }
}

async fn reports(world: &World, bus: &Bus, question: &Incoming) {
    let message: Reports = question.decode().unwrap();
    let reports: Vec<StatusReport> = message
        .reports
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    let (fenced, refused, mute) = {
        let mut inner = world.lock();
        let refused = reports
            .iter()
            .any(|report| inner.refused_reports.contains(&report.unit));
        if !refused {
            inner.reports.extend(reports);
        }
        let mute = inner.mute_reports > 0;
        inner.mute_reports = inner.mute_reports.saturating_sub(1);
        (message.epoch < inner.epoch, refused, mute)
    };
    match (mute, refused) {
        (true, _) => {}
        (false, true) => bus
            .answer_error(question, Code::Invalid, "not readable")
            .await
            .unwrap(),
        (false, false) => bus.answer(question, &ReportsAck { fenced }).await.unwrap(),
    }
}

impl Inner {
    fn admit(&mut self, request: &callout::Request) -> bool {
        if self.member.is_none() && request.join_token.as_deref() == Some(TOKEN) {
            self.member.clone_from(&request.public_key);
            self.joins += 1;
        }
        self.member.is_some() && self.member == request.public_key && request.name == super::PLANE
    }

    fn hello(&mut self, _: &Hello) -> Welcome {
        self.epoch += 1;
        self.hellos += 1;
        Welcome {
            protocol: 1,
            hub: "hub".to_owned(),
            epoch: self.epoch,
            revision: Some(self.revision.into()),
            keys: self.shown(),
            heartbeat_ms: self.heartbeat_ms,
        }
    }

    fn heartbeat(&self, beat: &Heartbeat) -> HeartbeatAck {
        let own: UnitRevision = beat.revision.unwrap_or_default().into();
        let verdict = match (beat.epoch.cmp(&self.epoch), own.cmp(&self.revision)) {
            (std::cmp::Ordering::Less, _) => Verdict::Fenced,
            (std::cmp::Ordering::Greater, _) => Verdict::Unknown,
            (_, std::cmp::Ordering::Less) => Verdict::Behind,
            (_, std::cmp::Ordering::Greater) => Verdict::HubBehind,
            (_, std::cmp::Ordering::Equal) if self.hash() == beat.heads_hash => Verdict::Current,
            (_, std::cmp::Ordering::Equal) => Verdict::Different,
        };
        HeartbeatAck {
            verdict: verdict.into(),
            revision: Some(self.revision.into()),
        }
    }

    fn heads(&self, asked: &HeadsRequest) -> SignedHeads {
        let mut heads: Vec<_> = self.heads.values().cloned().collect();
        match asked.since {
            Some(since) => {
                heads.retain(|head| head.revision > since.into());
                heads.sort_by_key(|head| head.revision);
            }
            None => heads.retain(|head| head.unit.as_str() > asked.after_unit.as_str()),
        }
        let last = heads.len() <= self.page;
        heads.truncate(self.page);
        let up_to = match (asked.since, last, heads.last()) {
            (Some(_), false, Some(head)) => head.revision,
            (_, _, _) => self.revision,
        };
        self.sign(&heads, up_to, (asked.since.is_none(), last))
    }

    fn blob(&mut self, asked: &BlobRequest) -> BlobChunk {
        self.blobs_asked += 1;
        let digest = proto::convert::digest(&asked.digest).unwrap();
        let Some(data) = self.bundles.get(&digest) else {
            return BlobChunk {
                missing: true,
                ..BlobChunk::default()
            };
        };
        let start = usize::try_from(asked.offset).unwrap();
        let end = data.len().min(start + self.chunk);
        BlobChunk {
            data: data[start..end].to_vec().into(),
            total: data.len() as u64,
            missing: false,
        }
    }
}
