use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use cluster::{ApiKind, Event, Force, Informers, Precondition, Selection};

use crate::{config_map, id, site};

type Events = mpsc::Receiver<Event<String>>;

async fn next(events: &mut Events, namespace: &str) -> Event<String> {
    let next = async {
        loop {
            let event = events.recv().await.unwrap();
            let other = match &event {
                Event::Put(id, _) | Event::Gone { id, .. } => {
                    id.namespace.as_deref() != Some(namespace)
                }
                Event::Listing(_) | Event::Listed(_) | Event::Failed(..) => false,
            };
            if !other {
                return event;
            }
        }
    };
    tokio::time::timeout(crate::DEADLINE, next).await.unwrap()
}

#[tokio::test]
async fn a_watch_lists_and_then_follows() {
    let (cluster, namespace) = site().await;
    let kind = Arc::new(ApiKind::new("", "v1", "ConfigMap"));
    let before = config_map(&namespace, "before", "1");
    cluster.create(&before).await.unwrap();
    let (_kinds, watched) = watch::channel(Arc::new(vec![kind.clone()]));
    let (sender, mut events) = mpsc::channel(16);
    let value = |object: &Value| {
        object["data"]["value"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let informers = Informers::new(cluster.clone(), Selection("quintet.dev/unit".into()), value);
    let script = async {
        assert_eq!(
            next(&mut events, &namespace).await,
            Event::Listing(kind.clone())
        );
        assert_eq!(
            next(&mut events, &namespace).await,
            Event::Put(id(&before), "1".into())
        );
        assert_eq!(
            next(&mut events, &namespace).await,
            Event::Listed(kind.clone())
        );

        let after = config_map(&namespace, "after", "2");
        let made = cluster.apply(&after, Force::Yes).await.unwrap();
        assert_eq!(
            next(&mut events, &namespace).await,
            Event::Put(id(&after), "2".into())
        );
        let uid = made["metadata"]["uid"].as_str().unwrap().to_owned();
        cluster
            .delete(
                &id(&after),
                &Precondition {
                    uid: uid.clone(),
                    resource_version: String::new(),
                },
            )
            .await
            .unwrap();
        assert_eq!(
            next(&mut events, &namespace).await,
            Event::Gone {
                id: id(&after),
                uid
            }
        );

        // Without its label an object is gone for us.
        let patch = json!({"metadata": {"labels": {"quintet.dev/unit": null}}});
        cluster.merge(&id(&before), &patch).await.unwrap();
        let gone = next(&mut events, &namespace).await;
        assert!(
            matches!(&gone, Event::Gone { id: gone, .. } if *gone == id(&before)),
            "{gone:?}"
        );
    };
    tokio::select! {
        () = informers.run(watched, sender) => unreachable!("it runs until dropped"),
        () = script => {}
    }
}

#[tokio::test]
async fn a_kind_that_is_not_served_fails_until_it_is() {
    let (cluster, namespace) = site().await;
    let kind = Arc::new(ApiKind::new(
        format!("{namespace}.watches.test"),
        "v1",
        "Thing",
    ));
    let (kinds, watched) = watch::channel(Arc::new(vec![kind.clone()]));
    let (sender, mut events) = mpsc::channel(16);
    let informers = Informers::new(cluster, Selection("quintet.dev/unit".into()), |_| {
        String::new()
    });
    let script = async {
        let event = next(&mut events, &namespace).await;
        assert!(
            matches!(event, Event::Failed(_, cluster::Error::UnknownApi(_))),
            "{event:?}"
        );
        // The watches end with their other end.
        drop(kinds);
    };
    tokio::join!(informers.run(watched, sender), script);
}
