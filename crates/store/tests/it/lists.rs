//! Lists and indexes.

use serde_json::json;

use model::{KindName, ObjectKey, ObjectMeta};
use store::{Cursor, Expect, Page, Query, Store, Within};

use crate::{backend::on_every_backend, samples::*};

fn names(page: &Page) -> Vec<String> {
    page.items
        .iter()
        .map(|object| object.envelope.key.name.clone())
        .collect()
}

fn query(within: Within) -> Query {
    Query::all(KindName::Component, within)
}

async fn labelled(store: &Store, name: &str, tier: &str) {
    let mut metadata = ObjectMeta::named(Some("default"), name);
    metadata.labels.insert("tier".to_owned(), tier.to_owned());
    let put = put_with(&component(name), metadata, json!({}), Expect::Create);
    store.put(put, cause(1)).await.unwrap();
}

on_every_backend! {
    async fn pages_follow_each_other_at_one_revision(store: Store) {
        for name in ["c", "a", "e", "b", "d"] {
            write(&store, &component(name), json!({})).await;
        }
        let here = || Query { limit: 2, ..query(Within::Namespace("default".to_owned())) };
        let first = store.list(&here()).await.unwrap();
        assert_eq!((names(&first), first.remaining), (vec!["a".to_owned(), "b".to_owned()], 3));
        write(&store, &component("z"), json!({})).await;
        let after: Cursor = first.next.unwrap().to_string().parse().unwrap();
        let second = store.list(&Query { after: Some(after), ..here() }).await.unwrap();
        assert_eq!((names(&second), second.remaining), (vec!["c".to_owned(), "d".to_owned()], 2));
        assert_eq!(second.revision, first.revision);
        let third = store.list(&Query { after: second.next, ..here() }).await.unwrap();
        assert_eq!((names(&third), third.remaining), (vec!["e".to_owned(), "z".to_owned()], 0));
        assert!(third.next.is_none());
        let after = Some(Cursor::after(first.revision, &component("b")));
        let again = store.list(&Query { after: after.clone(), ..here() }).await.unwrap();
        assert_eq!(names(&again), ["c", "d"]);
        let counted = store.list(&Query { after, limit: 0, ..here() }).await.unwrap();
        assert_eq!((names(&counted), counted.remaining), (Vec::new(), 4));
    }

    async fn scopes_and_namespaces_are_kept_apart(store: Store) {
        for namespace in ["a", "a-b", "a.b"] {
            write(&store, &ObjectKey::namespaced(KindName::Trait, &namespace.replace('.', "x"), "t"), json!({})).await;
        }
        write(&store, &ObjectKey::cluster(KindName::Trait, "c"), json!({})).await;
        let count = async |within| store.list(&Query::all(KindName::Trait, within)).await.unwrap().items.len();
        assert_eq!(count(Within::Cluster).await, 1);
        assert_eq!(count(Within::AllNamespaces).await, 3);
        assert_eq!(count(Within::Namespace("a".to_owned())).await, 1);
    }

    async fn a_selector_filters_before_paging(store: Store) {
        for number in 0..6 {
            labelled(&store, &format!("c{number}"), if number % 2 == 0 { "front" } else { "back" }).await;
        }
        let selector = || "tier=front".parse().unwrap();
        let all = || Query { selector: selector(), limit: 2, ..query(Within::AllNamespaces) };
        let first = store.list(&all()).await.unwrap();
        assert_eq!((names(&first), first.remaining), (vec!["c0".to_owned(), "c2".to_owned()], 1));
        let second = store.list(&Query { after: first.next, ..all() }).await.unwrap();
        assert_eq!((names(&second), second.next), (vec!["c4".to_owned()], None));
    }

    async fn a_list_can_be_narrowed_to_an_index(store: Store) {
        write(&store, &workload("a"), json!({"of": "web"})).await;
        write(&store, &workload("b"), json!({"of": "api"})).await;
        let query = Query { index: Some(workloads_of("web")), ..Query::all(KindName::Workload, Within::AllNamespaces) };
        assert_eq!(names(&store.list(&query).await.unwrap()), ["a"]);
    }

    async fn an_index_follows_its_members(store: Store) {
        let members = async |of: &str| -> Vec<String> {
            let members = store.by_index(&workloads_of(of)).await.unwrap();
            members.keys().map(|key| key.name.clone()).collect()
        };
        assert!(members("web").await.is_empty());
        write(&store, &workload("b"), json!({"of": "web"})).await;
        write(&store, &workload("a"), json!({"of": "web"})).await;
        assert_eq!(members("web").await, ["a", "b"]);
        write(&store, &workload("a"), json!({"of": "api"})).await;
        assert_eq!((members("web").await, members("api").await), (vec!["b".to_owned()], vec!["a".to_owned()]));
        delete(&store, &workload("b")).await;
        assert!(members("web").await.is_empty());
        assert_eq!(store.by_index(&all_workloads()).await.unwrap().objects.len(), 1);
    }

    async fn a_foreign_cursor_is_refused(store: Store) {
        drop(store);
        assert!("nonsense".parse::<Cursor>().is_err());
        assert!("5/Nothing/a/b".parse::<Cursor>().is_err());
    }
}
