//! Writing and reading single objects.

use serde_json::json;

use model::{Code, Coded as _, Generation, ObjectMeta};
use store::{Cause, Error, Expect, FinalizerChange, Outcome, Write};

use crate::{backend::on_every_backend, samples::*};

fn with_finalizer(name: &str) -> store::Put {
    let key = component(name);
    let mut metadata = ObjectMeta::named(Some("default"), name);
    metadata.finalizers.push("quintet.dev/x".to_owned());
    put_with(&key, metadata, json!({}), Expect::Create)
}

on_every_backend! {
    async fn creation_sets_what_the_server_sets(store: Store) {
        let created = store.put(put(&component("a"), json!({"x": 1}), Expect::Create), cause(5)).await.unwrap();
        let Outcome::Created(object) = created else { panic!("{created:?}") };
        let metadata = &object.envelope.metadata;
        assert_eq!(metadata.generation, Generation(1));
        assert_eq!(metadata.creation_timestamp, Some(at(5)));
        assert_eq!(metadata.resource_version, Some(store.revision()));
        assert_eq!(metadata.uid.0.len(), 36);
        let found = store.find(&component("a")).await.unwrap().unwrap();
        assert_eq!(found.envelope, object.envelope);
        assert!(store.find(&component("b")).await.unwrap().is_none());
    }

    async fn a_second_creation_is_refused_unless_it_is_the_same_request(store: Store) {
        let create = || put(&component("a"), json!({}), Expect::Create);
        let request = Cause { request_id: Some("r1".to_owned()), ..cause(1) };
        store.put(create(), request.clone()).await.unwrap();
        let repeated = store.put(create(), request).await.unwrap();
        assert!(!repeated.changed());
        let error = store.put(create(), cause(1)).await.unwrap_err();
        assert_eq!(error.code(), Code::AlreadyExists);
    }

    async fn generation_moves_with_the_spec_alone(store: Store) {
        let key = component("a");
        write(&store, &key, json!({"x": 1})).await;
        let mut metadata = ObjectMeta::named(Some("default"), "a");
        metadata.labels.insert("app".to_owned(), "web".to_owned());
        let relabel = put_with(&key, metadata, json!({"x": 1}), Expect::Upsert);
        let outcome = store.put(relabel, cause(2)).await.unwrap();
        assert!(outcome.changed());
        assert_eq!(outcome.object().envelope.metadata.generation, Generation(1));
        let changed = write(&store, &key, json!({"x": 2})).await;
        assert_eq!(changed.envelope.metadata.generation, Generation(2));
        assert!(changed.envelope.metadata.labels.is_empty());
    }

    async fn a_write_that_changes_nothing_leaves_no_trace(store: Store) {
        let key = component("a");
        write(&store, &key, json!({"x": 1, "y": 2})).await;
        let revision = store.revision();
        let same = store.put(put(&key, json!({"y": 2, "x": 1}), Expect::Upsert), cause(9)).await.unwrap();
        assert!(matches!(same, Outcome::Unchanged(_)));
        assert_eq!(store.revision(), revision);
    }

    async fn a_spec_write_keeps_the_status(store: Store) {
        let key = component("a");
        write(&store, &key, json!({"x": 1})).await;
        export(&store, &key, json!({"ready": true}), "ready").await;
        let before = store.find(&key).await.unwrap().unwrap();
        let after = write(&store, &key, json!({"x": 2})).await;
        assert_eq!(after.envelope.status, before.envelope.status);
        assert_eq!(after.exports_digest, before.exports_digest);
        assert_ne!(after.spec_digest, before.spec_digest);
    }

    async fn an_update_at_an_old_revision_is_a_conflict(store: Store) {
        let key = component("a");
        let first = write(&store, &key, json!({"x": 1})).await;
        write(&store, &key, json!({"x": 2})).await;
        let revision = first.envelope.metadata.resource_version;
        let update = put(&key, json!({"x": 3}), Expect::Update { revision });
        let error = store.put(update, cause(2)).await.unwrap_err();
        assert!(error.is_conflict() && error.code() == Code::Conflict);
        let missing = put(&component("b"), json!({}), Expect::Update { revision: None });
        assert_eq!(store.put(missing, cause(2)).await.unwrap_err().code(), Code::NotFound);
    }

    async fn deletion_waits_for_finalizers(store: Store) {
        let key = component("a");
        store.put(with_finalizer("a"), cause(1)).await.unwrap();
        assert!(matches!(delete(&store, &key).await, Outcome::Updated(_)));
        assert!(matches!(delete(&store, &key).await, Outcome::Unchanged(_)));
        assert!(store.find(&key).await.unwrap().unwrap().envelope.metadata.is_deleting());
        let removed = store.remove_finalizer(key.clone(), "quintet.dev/x", cause(3)).await.unwrap();
        assert!(matches!(removed, Outcome::Removed(_)));
        assert!(store.find(&key).await.unwrap().is_none());
    }

    async fn an_object_without_finalizers_goes_at_once(store: Store) {
        let first = write(&store, &component("a"), json!({})).await;
        assert!(matches!(delete(&store, &component("a")).await, Outcome::Removed(_)));
        let second = write(&store, &component("a"), json!({})).await;
        assert_ne!(first.envelope.metadata.uid, second.envelope.metadata.uid);
        assert_ne!(first.spec_digest, second.spec_digest);
    }

    async fn several_writes_are_made_together_or_not_at_all(store: Store) {
        let missing = component("missing");
        let writes = vec![
            Write::Put(Box::new(put(&component("a"), json!({}), Expect::Create))),
            Write::Finalizer(missing.clone(), FinalizerChange::Add("x".to_owned())),
        ];
        let error = store.write(writes, cause(1)).await.unwrap_err();
        assert!(matches!(error, Error::NotFound(key) if key == missing));
        assert!(store.find(&component("a")).await.unwrap().is_none());
        assert_eq!(store.revision().0, 0);
    }

    async fn one_refused_write_does_not_fail_those_beside_it(store: Store) {
        write(&store, &component("taken"), json!({})).await;
        let writes = (0..40).map(|number| {
            let name = if number % 4 == 0 { "taken".to_owned() } else { format!("c{number}") };
            store.put(put(&component(&name), json!({}), Expect::Create), cause(1))
        });
        let outcomes = futures::future::join_all(writes).await;
        let refused = outcomes.iter().filter(|outcome| outcome.is_err()).count();
        assert_eq!(refused, 10);
        assert_eq!(store.revision().0, 31);
    }

    async fn objects_are_found_in_the_order_asked_for(store: Store) {
        write(&store, &component("a"), json!({})).await;
        write(&store, &component("c"), json!({})).await;
        let keys = [component("c"), component("b"), component("a")];
        let found = store.load_many(&keys).await.unwrap();
        let names: Vec<_> = found.iter().map(|object| object.as_ref().map(|o| o.envelope.key.name.as_str())).collect();
        assert_eq!(names, [Some("c"), None, Some("a")]);
    }

    async fn a_name_that_is_no_name_is_refused(store: Store) {
        let odd = put(&component("a/b"), json!({}), Expect::Create);
        assert_eq!(store.put(odd, cause(1)).await.unwrap_err().code(), Code::Invalid);
        assert!(store.find(&component("a/b")).await.unwrap().is_none());
    }
}
