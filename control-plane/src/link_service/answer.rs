//! The answers, one a verb.

use bus::{Bus, Incoming, subject, subject::Verb};
use model::{Code, Coded, PlaneName, StatusReport, UnitId, UnitRevision};
use proto::link::{
    BlobChunk, BlobRequest, HeadsRequest, Heartbeat, HeartbeatAck, Hello, Reports, ReportsAck,
    SignedHeads, Welcome, heartbeat_ack::Verdict,
};
use store::sessions::Agent;

use super::Service;

/// Protocol that this version speaks.
const PROTOCOL: u32 = 1;
/// Heads on one page.
const PAGE: usize = 512;
/// Largest piece of a bundle.
const CHUNK: usize = 256 * 1024;

/// A question cannot be answered.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("the subject names no plane")]
    Subject,
    #[error("the question cannot be read")]
    Question(#[source] prost::DecodeError),
    #[error("this hub speaks protocol {PROTOCOL}, the agent {0} to {1}")]
    Protocol(u32, u32),
    #[error("a report cannot be read")]
    Report(#[source] serde_json::Error),
    #[error("a report is about another plane")]
    OtherPlane,
    #[error("a field cannot be read")]
    Field(#[source] proto::convert::Error),
    #[error("the unit that the list goes on after is not valid")]
    Unit(#[source] model::id::ParseIdError),
    #[error("the store failed")]
    Store(#[source] store::Error),
    #[error("the answer was not sent")]
    Bus(#[source] bus::Error),
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::Subject
            | Self::Question(_)
            | Self::Protocol(..)
            | Self::Report(_)
            | Self::OtherPlane
            | Self::Field(_)
            | Self::Unit(_) => Code::Invalid,
            Self::Store(error) => error.code(),
            Self::Bus(error) => error.code(),
        }
    }
}

pub(super) async fn answer(
    service: &Service,
    hub: &Bus,
    verb: Verb,
    question: &Incoming,
) -> Result<(), Error> {
    let plane = subject::plane_of(&question.subject).ok_or(Error::Subject)?;
    match verb {
        Verb::Hello => {
            let welcome = hello(service, plane, decode(question)?).await?;
            hub.answer(question, &welcome).await
        }
        Verb::Heartbeat => {
            let ack = heartbeat(service, plane, decode(question)?).await?;
            hub.answer(question, &ack).await
        }
        Verb::Heads => {
            let page = heads(service, &plane, decode(question)?).await?;
            hub.answer(question, &page).await
        }
        Verb::Blob => {
            let chunk = blob(service, decode(question)?).await?;
            hub.answer(question, &chunk).await
        }
        Verb::Report => {
            let ack = report(service, &plane, decode(question)?).await?;
            hub.answer(question, &ack).await
        }
    }
    .map_err(Error::Bus)
}

fn decode<M: prost::Message + Default>(question: &Incoming) -> Result<M, Error> {
    question.decode().map_err(Error::Question)
}

async fn hello(service: &Service, plane: PlaneName, hello: Hello) -> Result<Welcome, Error> {
    if !(hello.protocol_min..=hello.protocol_max).contains(&PROTOCOL) {
        return Err(Error::Protocol(hello.protocol_min, hello.protocol_max));
    }
    let agent = Agent {
        version: hello.agent_version,
        kubernetes_version: hello.kubernetes_version,
        features: hello.features,
    };
    let highest = hello.highest.unwrap_or_default().into();
    let store = &service.store;
    store
        .bind_cluster(&plane, &hello.cluster_uid)
        .await
        .map_err(Error::Store)?;
    let session = store
        .start_session(plane.clone(), agent, highest, service.clock.now())
        .await
        .map_err(Error::Store)?;
    let summary = store.heads_summary(&plane).await.map_err(Error::Store)?;
    tracing::info!(plane.name = %plane, session.epoch = session.epoch, "a session has begun");
    service.presence.notify();
    Ok(Welcome {
        protocol: PROTOCOL,
        hub: service.signer.hub().to_owned(),
        epoch: session.epoch,
        revision: Some(summary.revision.into()),
        keys: service.signer.shown(),
        heartbeat_ms: u32::try_from(service.config.heartbeat.as_millis()).unwrap_or(15_000),
    })
}

async fn heartbeat(
    service: &Service,
    plane: PlaneName,
    beat: Heartbeat,
) -> Result<HeartbeatAck, Error> {
    let store = &service.store;
    let own: UnitRevision = beat.revision.unwrap_or_default().into();
    let now = service.clock.now();
    let summary = store.heads_summary(&plane).await.map_err(Error::Store)?;
    let verdict = match store.find_session(&plane).await.map_err(Error::Store)? {
        None => Verdict::Unknown,
        Some(session) if session.epoch > beat.epoch => Verdict::Fenced,
        Some(session) if session.epoch < beat.epoch => Verdict::Unknown,
        Some(session) => {
            let returns = service.is_away(&session, now);
            store
                .touch_session(plane, beat.epoch, own, now)
                .await
                .map_err(Error::Store)?;
            if returns {
                service.presence.notify();
            }
            match own.cmp(&summary.revision) {
                std::cmp::Ordering::Greater => Verdict::HubBehind,
                std::cmp::Ordering::Less => Verdict::Behind,
                std::cmp::Ordering::Equal if summary.hash == beat.heads_hash => Verdict::Current,
                std::cmp::Ordering::Equal => Verdict::Different,
            }
        }
    };
    Ok(HeartbeatAck {
        verdict: verdict.into(),
        revision: Some(summary.revision.into()),
    })
}

async fn heads(
    service: &Service,
    plane: &PlaneName,
    asked: HeadsRequest,
) -> Result<SignedHeads, Error> {
    let store = &service.store;
    let (page, whole) = match asked.since {
        Some(since) => (store.heads_since(plane, since.into(), PAGE).await, false),
        None => {
            let after: Option<UnitId> = match asked.after_unit.as_str() {
                "" => None,
                unit => Some(unit.parse().map_err(Error::Unit)?),
            };
            (store.heads_page(plane, after.as_ref(), PAGE).await, true)
        }
    };
    let page = page.map_err(Error::Store)?;
    // A page that goes on is complete only up to its last head.
    let up_to = match (whole || page.last, page.heads.last()) {
        (false, Some(last)) => last.revision,
        (true, _) | (false, None) => page.newest,
    };
    Ok(service
        .signer
        .page(plane, &page.heads, up_to, (whole, page.last)))
}

async fn blob(service: &Service, asked: BlobRequest) -> Result<BlobChunk, Error> {
    let digest = proto::convert::digest(&asked.digest).map_err(Error::Field)?;
    let Some(blob) = service.store.bundle(&digest).await.map_err(Error::Store)? else {
        return Ok(BlobChunk {
            missing: true,
            ..BlobChunk::default()
        });
    };
    let start = usize::try_from(asked.offset)
        .unwrap_or(usize::MAX)
        .min(blob.data.len());
    let end = blob.data.len().min(start + CHUNK);
    Ok(BlobChunk {
        total: blob.data.len() as u64,
        data: blob.data[start..end].to_vec().into(),
        missing: false,
    })
}

async fn report(
    service: &Service,
    plane: &PlaneName,
    message: Reports,
) -> Result<ReportsAck, Error> {
    let store = &service.store;
    let session = store.find_session(plane).await.map_err(Error::Store)?;
    if session.is_some_and(|session| session.epoch > message.epoch) {
        return Ok(ReportsAck { fenced: true });
    }
    let reports: Vec<StatusReport> = message
        .reports
        .iter()
        .map(|text| serde_json::from_str(text))
        .collect::<Result<_, _>>()
        .map_err(Error::Report)?;
    if reports
        .iter()
        .any(|report| report.plane != *plane || report.epoch != message.epoch)
    {
        return Err(Error::OtherPlane);
    }
    store
        .put_reports(reports, service.clock.now())
        .await
        .map_err(Error::Store)?;
    Ok(ReportsAck { fenced: false })
}
