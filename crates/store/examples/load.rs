//! Measures the store, or writes without end for the crash test.
//!
//! `load URL [WRITERS]` prints throughput and latency of durable puts and commits;
//! `load URL endless PREFIX` prints each name once its write was answered.

use std::{
    io::Write as _,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde_json::json;

use model::{
    Digest, Envelope, Facet, IndexKey, KindName, ObjectKey, ObjectMeta, RawJson, canonical,
    draft::Facts,
};
use store::{Cause, Config, Decision, Expect, Put, Read, ReadTarget, Seen, StatusChange, Store};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (Some(url), mode) = (arguments.first(), arguments.get(1)) else {
        return Err("usage: load sqlite:PATH|postgres://… [WRITERS | endless PREFIX]".into());
    };
    let store = Store::open(Config {
        url: url.clone(),
        ..Config::default()
    })
    .await?;
    if mode.is_some_and(|mode| mode == "endless") {
        let prefix = arguments.get(2).map_or("n", String::as_str);
        return endless(&store, prefix).await;
    }
    let most = mode.map_or(Ok(64), |text| text.parse::<usize>())?;
    for writers in [1, most] {
        measure("puts", writers, async |number| {
            store
                .put(put(&format!("w{writers}-{number}"), number), cause())
                .await
                .map(drop)
        })
        .await?;
        measure("commits", writers, async |number| {
            commit(&store, writers, number).await
        })
        .await?;
    }
    Ok(())
}

/// Runs `work` for two seconds in `writers` rows and prints how it went.
async fn measure(
    what: &str,
    writers: usize,
    work: impl AsyncFn(usize) -> Result<(), store::Error>,
) -> Result<(), Box<dyn std::error::Error>> {
    const LENGTH: Duration = Duration::from_secs(2);
    let begin = Instant::now();
    let row = async |row: usize| -> Result<Vec<Duration>, store::Error> {
        let mut latencies = Vec::new();
        while begin.elapsed() < LENGTH {
            let start = Instant::now();
            work(row + writers * latencies.len()).await?;
            latencies.push(start.elapsed());
        }
        Ok(latencies)
    };
    let rows = futures::future::try_join_all((0..writers).map(row)).await?;
    let mut latencies: Vec<Duration> = rows.into_iter().flatten().collect();
    latencies.sort_unstable();
    let rate = latencies.len() as f64 / begin.elapsed().as_secs_f64();
    let (middle, late) = (
        latencies[latencies.len() / 2],
        latencies[latencies.len() * 99 / 100],
    );
    writeln!(
        std::io::stdout(),
        "{writers:>3} writers: {rate:>6.0} {what}/s, half within {middle:.1?}, 99 % within {late:.1?}"
    )?;
    Ok(())
}

async fn endless(store: &Store, prefix: &str) -> Result<(), Box<dyn std::error::Error>> {
    let row = async |row: usize| -> Result<(), Box<dyn std::error::Error>> {
        for number in 0.. {
            let name = format!("{prefix}-{row}-{number}");
            store.put(put(&name, number), cause()).await?;
            let mut out = std::io::stdout().lock();
            writeln!(out, "{name}")?;
            out.flush()?;
        }
        Ok(())
    };
    futures::future::try_join_all((0..8).map(row)).await?;
    Ok(())
}

fn cause() -> Cause {
    Cause {
        actor: "load".to_owned(),
        at: Timestamp::UNIX_EPOCH,
        ..Cause::default()
    }
}

fn put(name: &str, number: usize) -> Put {
    let key = ObjectKey::namespaced(KindName::Component, "default", name);
    let spec = json!({"owner": {"projectName": "p"}, "number": number, "pad": "x".repeat(800)});
    let envelope = Envelope {
        metadata: ObjectMeta::named(Some("default"), name),
        spec: RawJson::of(&spec),
        status: RawJson::null(),
        key,
    };
    let facts = Facts {
        spec_digest: canonical::digest(&spec),
        exports_digest: Digest::of(b"none"),
        indexes: vec![
            IndexKey::all(KindName::Component, Some("default")),
            IndexKey::new(KindName::Component, "of", &["default", "p"]),
        ],
    };
    Put {
        envelope,
        facts,
        expect: Expect::Upsert,
    }
}

/// What a decision does when a release changes: ten reads, a put and a status.
async fn commit(store: &Store, writers: usize, number: usize) -> Result<(), store::Error> {
    let owner = format!("w{writers}-{}", number % writers);
    let owner = ObjectKey::namespaced(KindName::Component, "default", &owner);
    let mut reads = Vec::new();
    for other in 0..10 {
        let key = ObjectKey::namespaced(KindName::Trait, "default", &format!("t{other}"));
        let found = store.find(&key).await?;
        let seen = Seen::object(found.as_deref(), Facet::Spec);
        reads.push(Read {
            target: ReadTarget::Object(key, Facet::Spec),
            seen,
        });
    }
    let status = StatusChange {
        status: RawJson::of(&json!({ "round": number })),
        exports_digest: Digest::of(&number.to_be_bytes()),
    };
    let decision = Decision {
        reads,
        puts: vec![put(&format!("child{writers}-{}", number % writers), number)],
        status: Some(status),
        ..Decision::new(owner, cause())
    };
    store.commit(decision).await.map(drop)
}
