use cluster::{Blob, Error, Record, Records};
use model::{Digest, Head, Target, UnitRevision};

use crate::site;

fn record(unit: &str, data: Vec<u8>) -> Record {
    let digest = Digest::of(&data);
    Record {
        head: Head {
            unit: unit.parse().unwrap(),
            plane: "dataplane-default".parse().unwrap(),
            revision: UnitRevision {
                incarnation: 1,
                counter: 7,
            },
            target: Target::Bundle(digest),
            compiler_epoch: 1,
            trace: None,
        },
        bundle: Some(Blob {
            digest,
            data: data.into(),
        }),
        inventory: vec![1, 2, 3],
        objects: 3,
        version: String::new(),
    }
}

#[tokio::test]
async fn a_record_is_written_only_over_the_version_that_was_read() {
    let (cluster, namespace) = site().await;
    let records = Records::new(cluster, namespace);
    records.install().await.unwrap();
    let mut mine = record("component.a.b", vec![1; 100]);
    let first = records.put(&mine).await.unwrap();
    assert!(matches!(
        records.put(&mine).await.unwrap_err(),
        Error::Exists { .. }
    ));
    mine.version.clone_from(&first);
    mine.head.revision.counter = 8;
    let second = records.put(&mine).await.unwrap();
    assert!(matches!(
        records.put(&mine).await.unwrap_err(),
        Error::Conflict { .. }
    ));
    mine.version = second;
    let unit = mine.head.unit.clone();
    assert_eq!(records.find(&unit).await.unwrap(), Some(mine.clone()));
    assert_eq!(records.list().await.unwrap(), (vec![mine], vec![]));
    records.remove(&unit).await.unwrap();
    records.remove(&unit).await.unwrap();
    assert_eq!(records.find(&unit).await.unwrap(), None);
}

#[tokio::test]
async fn a_bundle_that_is_too_large_for_one_object_is_kept_in_several() {
    let (cluster, namespace) = site().await;
    let records = Records::new(cluster, namespace);
    records.install().await.unwrap();
    let data: Vec<u8> = (0..2_000_000_u32).map(|it| it.to_le_bytes()[1]).collect();
    let mut large = record("component.a.large", data);
    large.version = records.put(&large).await.unwrap();
    assert_eq!(
        records.find(&large.head.unit).await.unwrap(),
        Some(large.clone())
    );
    assert_eq!(records.list().await.unwrap(), (vec![large.clone()], vec![]));
    records
        .remove_chunks(large.bundle.as_ref().unwrap())
        .await
        .unwrap();
    let (whole, unreadable) = records.list().await.unwrap();
    assert_eq!(
        (whole, unreadable),
        (vec![], vec!["component.a.large".to_owned()])
    );
}
