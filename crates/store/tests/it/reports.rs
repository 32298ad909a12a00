//! Reports.

use serde_json::json;

use model::Facet;
use store::{Read, ReadTarget};

use crate::{backend::on_every_backend, samples::*};

on_every_backend! {
    async fn only_a_newer_report_is_kept(store: Store) {
        let of = unit("a");
        let kept = async |epoch, sequence| store.put_report(report(&of, epoch, sequence, &format!("{epoch}.{sequence}")), at(1)).await.unwrap();
        assert!(kept(1, 5).await);
        assert!(!kept(1, 5).await);
        assert!(!kept(1, 4).await);
        assert!(kept(1, 6).await);
        assert!(kept(2, 1).await);
        assert!(!kept(1, 9).await);
        let reports = store.find_reports(&of).await.unwrap();
        assert_eq!(reports.of(&plane()).unwrap().message, "2.1");
    }

    async fn a_report_wakes_who_reads_it(store: Store) {
        let (key, of) = (component("a"), unit("a"));
        write(&store, &key, json!({})).await;
        let seen = store.find_reports(&of).await.unwrap().seen();
        let grounds = vec![
            Read { target: ReadTarget::Report(of.clone()), seen },
            read(&store, &key, Facet::Spec).await,
        ];
        store.commit(decision(&key, grounds)).await.unwrap();
        settle(&store).await;
        store.put_reports(vec![report(&of, 1, 1, "x"), report(&unit("b"), 1, 2, "y")], at(1)).await.unwrap();
        assert_eq!(woken(&store).await, ["a"]);
        store.put_report(report(&of, 1, 1, "again"), at(1)).await.unwrap();
        assert!(woken(&store).await.is_empty());
    }
}
