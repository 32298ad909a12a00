use model::{Health, ObjectReport, Target, Tombstone, UnitPhase, UnitRevision};

use super::*;

fn report(unit: &str, message: &str) -> StatusReport {
    StatusReport {
        unit: format!("releasebinding.default.{unit}").parse().unwrap(),
        plane: "dataplane-other".parse().unwrap(),
        epoch: 99,
        sequence: 99,
        revision: UnitRevision {
            incarnation: 1,
            counter: 3,
        },
        target: Target::Tombstone(Tombstone::Delete),
        phase: UnitPhase::Applying,
        message: message.to_owned(),
        objects: vec![object(None)],
    }
}

fn object(status: Option<serde_json::Value>) -> ObjectReport {
    ObjectReport {
        id: "deployment-greeter".to_owned(),
        group: "apps".to_owned(),
        version: "v1".to_owned(),
        kind: "Deployment".to_owned(),
        namespace: None,
        name: "greeter".to_owned(),
        health: Health::Progressing,
        message: String::new(),
        failed: false,
        status,
        observed_at: Timestamp::UNIX_EPOCH,
    }
}

fn reports() -> Reports {
    Reports::new("dataplane-one".parse().unwrap())
}

fn decoded(batch: &Batch) -> Vec<StatusReport> {
    batch
        .texts
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect()
}

#[test]
fn the_last_word_about_a_unit_is_sent_under_the_links_own_name() {
    let reports = reports();
    for message in ["one", "two", "three"] {
        reports.put(report("a", message)).unwrap();
    }
    let batch = reports.batch(7, BATCH_REPORTS);
    let [sent] = &decoded(&batch)[..] else {
        panic!("one unit, one report")
    };
    assert_eq!(
        (sent.message.as_str(), sent.epoch, sent.sequence),
        ("three", 7, 3)
    );
    assert_eq!(sent.plane.to_string(), "dataplane-one");
}

#[test]
fn what_was_acknowledged_is_not_said_again() {
    let reports = reports();
    reports.put(report("a", "one")).unwrap();
    reports.acknowledge(reports.batch(1, BATCH_REPORTS));
    assert_eq!(reports.pending(), 0);
    let mut later = report("a", "one");
    later.objects[0].observed_at = Timestamp::from_second(1).unwrap();
    reports.put(later).unwrap();
    assert_eq!(reports.pending(), 0);
    reports.put(report("a", "two")).unwrap();
    assert_eq!(reports.pending(), 1);
}

#[test]
fn a_report_that_was_put_while_another_was_under_way_stays() {
    let reports = reports();
    reports.put(report("a", "one")).unwrap();
    let under_way = reports.batch(1, BATCH_REPORTS);
    reports.put(report("a", "two")).unwrap();
    reports.acknowledge(under_way);
    assert_eq!(decoded(&reports.batch(1, BATCH_REPORTS))[0].message, "two");
    // And back: what the hub has is not what was put last.
    reports.put(report("a", "one")).unwrap();
    assert_eq!(decoded(&reports.batch(1, BATCH_REPORTS))[0].message, "one");
}

#[test]
fn what_the_hub_may_have_lost_is_sent_again_with_a_new_number() {
    let reports = reports();
    reports.put(report("a", "one")).unwrap();
    reports.put(report("b", "two")).unwrap();
    reports.acknowledge(reports.batch(1, BATCH_REPORTS));
    reports.put(report("b", "three")).unwrap();
    reports.resend();
    let mut sent = decoded(&reports.batch(2, BATCH_REPORTS));
    sent.sort_by_key(|report| report.unit.clone());
    let texts: Vec<_> = sent
        .iter()
        .map(|report| (report.message.as_str(), report.sequence))
        .collect();
    assert_eq!(texts, [("one", 4), ("three", 3)]);
}

#[test]
fn a_batch_is_bounded_and_the_oldest_go_first() {
    let reports = reports();
    for number in 0..BATCH_REPORTS + 10 {
        reports.put(report(&format!("unit-{number}"), "x")).unwrap();
    }
    let first = reports.batch(1, BATCH_REPORTS);
    assert_eq!(first.texts.len(), BATCH_REPORTS);
    assert_eq!(
        decoded(&first)[0].unit.as_str(),
        "releasebinding.default.unit-0"
    );
    reports.acknowledge(first);
    assert_eq!(reports.batch(1, BATCH_REPORTS).texts.len(), 10);
}

#[test]
fn a_report_that_is_too_large_leaves_live_statuses_out_and_says_so() {
    let reports = reports();
    let mut large = report("a", "x");
    large.objects = (0..100)
        .map(|_| object(Some(serde_json::json!({"text": "x".repeat(16 * 1024)}))))
        .collect();
    reports.put(large).unwrap();
    let batch = reports.batch(1, BATCH_REPORTS);
    assert!(batch.texts[0].len() <= MAX_REPORT);
    let sent = &decoded(&batch)[0];
    assert!(
        sent.objects
            .iter()
            .all(|object| object.status.is_none() && object.message == LEFT_OUT)
    );
}
