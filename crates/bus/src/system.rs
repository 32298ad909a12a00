//! The system account: which connections a plane has, and cutting them.
//!
//! The servers are asked, not a memory of who was let in: any replica may cut what another let in, and a control plane
//! that has just started knows as much as an old one.

use std::time::Duration;

use futures::future::join_all;
use serde::Deserialize;
use serde_json::json;

use model::PlaneName;

use crate::{Bus, Error, callout};

/// How long servers are waited for after the last one that answered.
const QUIET: Duration = Duration::from_millis(400);
/// How long a server may take to cut a connection.
const CUT: Duration = Duration::from_secs(2);
/// Connections of one plane on one server that are cut at once.
const MANY: usize = 1024;

#[derive(Deserialize)]
struct Answer {
    server: Server,
    #[serde(default)]
    data: Connections,
}

#[derive(Deserialize)]
struct Server {
    id: String,
}

#[derive(Default, Deserialize)]
struct Connections {
    #[serde(default)]
    connections: Vec<Connection>,
}

#[derive(Deserialize)]
struct Connection {
    cid: u64,
    #[serde(default)]
    authorized_user: String,
}

/// Cuts every live connection of a plane, on all servers; gives how many were cut. `system` is a user of the system
/// account. Whether the plane may come back is the callout's word.
///
/// # Errors
/// When the servers cannot be asked.
pub async fn cut(system: &Bus, plane: &PlaneName) -> Result<u32, Error> {
    let name = plane.to_string();
    let question = json!({"auth": true, "acc": callout::ACCOUNT, "user": name, "limit": MANY});
    let answers = system
        .ask_all("$SYS.REQ.SERVER.PING.CONNZ", question.to_string(), QUIET)
        .await?;
    let mut cuts = Vec::new();
    for answer in answers {
        let Ok(answer) = serde_json::from_slice::<Answer>(&answer) else {
            continue;
        };
        for connection in answer.data.connections {
            if connection.authorized_user == name {
                cuts.push(cut_one(system, answer.server.id.clone(), connection.cid));
            }
        }
    }
    let cut = join_all(cuts).await.into_iter().filter(|cut| *cut).count();
    Ok(u32::try_from(cut).unwrap_or(u32::MAX))
}

async fn cut_one(system: &Bus, server: String, connection: u64) -> bool {
    let subject = format!("$SYS.REQ.SERVER.{server}.KICK");
    let question = json!({"cid": connection}).to_string();
    let answer = system.ask(subject, question.into(), CUT).await;
    answer.is_ok_and(|answer| {
        serde_json::from_slice::<serde_json::Value>(&answer)
            .is_ok_and(|answer| answer.get("error").is_none_or(serde_json::Value::is_null))
    })
}
