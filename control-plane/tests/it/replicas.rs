//! Replicas of one control plane: any serves any request, and the end of one is not noticed.

use serde_json::{Value, json};
use tonic::{Streaming, transport::Channel};

use model::{Envelope, KindName, ObjectKey};
use proto::resources::{Event, WatchRequest, event::Type, resources_client::ResourcesClient};

use crate::hub::{DEADLINE, Hub, as_admin};

/// What a watch has told: the revision and the name of each change.
type Told = Vec<(u64, String)>;

fn namespace(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } })
}

async fn watch(channel: Channel, after: u64) -> Streaming<Event> {
    let asked = WatchRequest {
        kinds: vec!["Namespace".to_owned()],
        namespace: String::new(),
        after,
    };
    let stream = ResourcesClient::new(channel).watch(as_admin(asked)).await;
    stream.unwrap().into_inner()
}

/// Reads until the watch has told of `last` and of at least `most` changes; gives up to where it is
/// complete.
async fn read_until(
    stream: &mut Streaming<Event>,
    told: &mut Told,
    last: &str,
    most: usize,
) -> u64 {
    let read = async {
        loop {
            let event = stream.message().await.unwrap().unwrap();
            match (event.r#type(), event.object) {
                (Type::Put, Some(object)) => {
                    let object: Envelope = object.try_into().unwrap();
                    told.push((event.revision, object.key.name));
                }
                (Type::Bookmark, _) => {
                    if told.len() >= most && told.iter().any(|(_, name)| name == last) {
                        return event.revision;
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    };
    let complete = tokio::time::timeout(DEADLINE, read).await;
    complete.unwrap_or_else(|_| panic!("waited in vain for {last}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_goes_on_at_another_replica_where_it_was() {
    let mut hub = Hub::start_three().await;
    hub.create(&namespace("first")).await.unwrap();
    let first = hub
        .find(&ObjectKey::cluster(KindName::Namespace, "first"))
        .await;
    let begin = first.metadata.resource_version.unwrap().0;

    let mut told = Told::new();
    let mut stream = watch(hub.channel_to(0), begin).await;
    for number in 0..12 {
        hub.create(&namespace(&format!("n{number}"))).await.unwrap();
    }
    let complete = read_until(&mut stream, &mut told, "n11", 0).await;
    hub.stop_first().await;
    while stream.message().await.unwrap().is_some() {}

    for number in 0..12 {
        hub.create(&namespace(&format!("m{number}"))).await.unwrap();
    }
    let mut stream = watch(hub.channel_to(0), complete).await;
    read_until(&mut stream, &mut told, "m11", 0).await;
    assert!(told.is_sorted_by(|one, next| one.0 < next.0), "{told:?}");

    let mut all = Told::new();
    let mut stream = watch(hub.channel_to(1), begin).await;
    read_until(&mut stream, &mut all, "m11", told.len()).await;
    assert_eq!(all[..told.len()], told);
    hub.stop().await;
}
