//! The log store against real files.

use telemetry::{Entry, Query, Scope, Store};

fn entry(time_ns: i64, component: &str, text: &str) -> Entry {
    Entry {
        time_ns,
        text: text.to_owned(),
        scope: Scope {
            namespace: "default".to_owned(),
            component: component.to_owned(),
            environment: "development".to_owned(),
            ..Scope::default()
        },
        ..Entry::default()
    }
}

fn about(component: &str) -> Query {
    Query {
        scope: Scope {
            component: component.to_owned(),
            ..Scope::default()
        },
        limit: 10,
        ..Query::default()
    }
}

const DAY: i64 = 86_400_000_000_000;

#[tokio::test]
async fn lines_are_found_by_scope_level_phrase_and_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).await.unwrap();
    let entries = vec![
        entry(1, "a", "hello world"),
        entry(2, "a", "an error occurred"),
        entry(3, "b", "hello"),
        entry(DAY + 1, "a", "the next day"),
    ];
    store.append(entries).await.unwrap();
    let texts = |page: telemetry::Page| -> Vec<String> {
        page.entries.into_iter().map(|entry| entry.text).collect()
    };
    let all = store.query(&about("a")).await.unwrap();
    assert_eq!(all.total, 3);
    assert_eq!(
        texts(all),
        ["the next day", "an error occurred", "hello world"]
    );
    let errors = Query {
        levels: vec!["error".to_owned()],
        ..about("a")
    };
    assert_eq!(
        texts(store.query(&errors).await.unwrap()),
        ["an error occurred"]
    );
    let phrase = Query {
        phrase: "hello \"world".to_owned(),
        ..about("a")
    };
    assert_eq!(texts(store.query(&phrase).await.unwrap()), ["hello world"]);
    let early = Query {
        end_ns: 2,
        ascending: true,
        ..about("a")
    };
    assert_eq!(texts(store.query(&early).await.unwrap()), ["hello world"]);
}

#[tokio::test]
async fn old_days_are_forgotten_and_the_rest_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).await.unwrap();
    store
        .append(vec![entry(1, "a", "old"), entry(DAY + 1, "a", "new")])
        .await
        .unwrap();
    let oldest = jiff::Timestamp::from_nanosecond(i128::from(DAY)).unwrap();
    assert_eq!(store.forget_before(oldest).await.unwrap(), 1);
    drop(store);
    let store = Store::open(folder.path()).await.unwrap();
    let page = store.query(&about("a")).await.unwrap();
    assert_eq!(
        page.entries
            .iter()
            .map(|entry| &*entry.text)
            .collect::<Vec<_>>(),
        ["new"]
    );
}
