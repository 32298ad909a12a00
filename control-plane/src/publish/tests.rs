use model::Tombstone;
use proto::link::HeadPage;

use super::*;

fn at(counter: u64) -> UnitRevision {
    UnitRevision {
        incarnation: 1,
        counter,
    }
}

fn plane(name: &str) -> PlaneName {
    format!("dataplane-{name}").parse().unwrap()
}

fn change(plane_name: &str, unit: &str, previous: u64, revision: u64) -> PlaneChange {
    let plane = plane(plane_name);
    let head = Head {
        unit: format!("releasebinding.default.{unit}").parse().unwrap(),
        plane: plane.clone(),
        revision: at(revision),
        target: Target::Tombstone(Tombstone::Delete),
        compiler_epoch: 1,
        trace: None,
    };
    PlaneChange {
        plane,
        previous: at(previous),
        revision: at(revision),
        heads: vec![head],
    }
}

fn gather(changes: impl IntoIterator<Item = PlaneChange>) -> Vec<(u64, u64, usize)> {
    let mut gathered = Gathered::default();
    for change in changes {
        gathered.add(change);
    }
    let changes = gathered.0.into_values().flatten();
    changes
        .map(|change| {
            (
                change.previous.counter,
                change.revision.counter,
                change.heads.len(),
            )
        })
        .collect()
}

fn signer() -> Signer {
    Signer::new(
        "hub".to_owned(),
        vec![KeyPair::new_account(), KeyPair::new_account()],
    )
}

async fn store() -> (Store, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    let config = store::Config {
        url,
        ..store::Config::default()
    };
    (Store::open(config).await.unwrap(), folder)
}

#[test]
fn changes_that_follow_each_other_are_one_hint() {
    let changes = [
        change("one", "a", 1, 2),
        change("one", "b", 2, 3),
        change("one", "a", 3, 4),
    ];
    assert_eq!(gather(changes), [(1, 4, 2)]);
}

#[test]
fn a_change_of_another_replica_in_between_is_not_hidden() {
    let changes = [change("one", "a", 1, 2), change("one", "b", 3, 4)];
    assert_eq!(gather(changes), [(1, 2, 1), (3, 4, 1)]);
}

#[test]
fn changes_go_out_in_the_order_of_their_commits_and_by_plane() {
    let changes = [
        change("one", "b", 2, 3),
        change("two", "a", 3, 4),
        change("one", "a", 1, 2),
    ];
    assert_eq!(gather(changes), [(1, 2, 1), (2, 3, 1), (3, 4, 1)]);
}

#[tokio::test]
async fn a_hint_carries_signed_heads_that_a_plane_can_verify() {
    let (store, _folder) = store().await;
    let signer = signer();
    let hint = hint(&store, &signer, &change("one", "a", 1, 2))
        .await
        .unwrap();
    let signed = hint.heads.unwrap();
    let shown = signer.shown();
    assert_eq!(signed.key, shown[1].public_key);
    let (old, new) = (&shown[0].public_key, &shown[1].public_key);
    let key = |text: &str| KeyPair::from_public_key(text).unwrap();
    key(old).verify(new.as_bytes(), &shown[1].vouched).unwrap();
    key(new).verify(&signed.page, &signed.signature).unwrap();
    let page = HeadPage::decode(signed.page).unwrap();
    assert_eq!(
        (page.hub.as_str(), page.plane.as_str()),
        ("hub", "dataplane-one")
    );
    assert_eq!(page.up_to.map(UnitRevision::from), Some(at(2)));
}

#[tokio::test]
async fn a_hint_that_would_be_large_only_says_that_something_is_new() {
    let (store, _folder) = store().await;
    let mut large = change("one", "a", 1, 2);
    large.heads = vec![large.heads[0].clone(); HEADS + 1];
    let hint = hint(&store, &signer(), &large).await.unwrap();
    assert_eq!((hint.heads, hint.bundles.len()), (None, 0));
    assert_eq!(hint.revision.map(UnitRevision::from), Some(at(2)));
}
