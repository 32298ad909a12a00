//! Who may speak where.

use bytes::Bytes;
use nkeys::KeyPair;

use bus::{State, subject, system};

use crate::hub::{DEADLINE, Hub, plane};

#[tokio::test]
async fn a_plane_hears_its_own_subjects_and_no_others() {
    let hub = Hub::start().await;
    let (own, other) = (plane("dataplane-one"), plane("dataplane-two"));
    let key = KeyPair::new_user();
    hub.admit(&own, &key);
    let bus = hub.connect(&own, &key).await.unwrap();
    let mut others = bus.subscribe(subject::hint(&other), None).await.unwrap();
    let mut everything = bus.subscribe("link.>".to_owned(), None).await.unwrap();
    let mut hints = bus.subscribe(subject::hint(&own), None).await.unwrap();

    hub.hub
        .publish(subject::hint(&other), Bytes::from_static(b"other"), None)
        .await
        .unwrap();
    hub.hub
        .publish(
            subject::hint(&own),
            Bytes::from_static(b"own"),
            Some("00-x"),
        )
        .await
        .unwrap();
    let hint = tokio::time::timeout(DEADLINE, hints.next())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (&*hint.payload, hint.trace.as_deref()),
        (&b"own"[..], Some("00-x"))
    );
    // What was sent before the own hint would have come before it.
    let moment = std::time::Duration::from_millis(100);
    assert!(tokio::time::timeout(moment, others.next()).await.is_err());
    assert!(
        tokio::time::timeout(moment, everything.next())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_plane_cannot_speak_as_another() {
    let hub = Hub::start().await;
    let (own, other) = (plane("dataplane-one"), plane("dataplane-two"));
    let key = KeyPair::new_user();
    hub.admit(&own, &key);
    let bus = hub.connect(&own, &key).await.unwrap();
    let mut heard = hub
        .hub
        .subscribe("link.*.hello".to_owned(), None)
        .await
        .unwrap();
    for plane in [&other, &own] {
        let to = subject::request(plane, subject::Verb::Hello);
        bus.publish(to, Bytes::new(), None).await.unwrap();
    }
    let first = tokio::time::timeout(DEADLINE, heard.next())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(subject::plane_of(&first.subject), Some(own));
}

#[tokio::test]
async fn a_key_that_is_not_known_is_turned_away() {
    let hub = Hub::start().await;
    let own = plane("dataplane-one");
    hub.admit(&own, &KeyPair::new_user());
    let error = hub.connect(&own, &KeyPair::new_user()).await.unwrap_err();
    assert!(error.is_refused_login(), "{error:?}");
}

#[tokio::test]
async fn revocation_cuts_the_live_connection_and_keeps_it_out() {
    let hub = Hub::start().await;
    let (own, other) = (plane("dataplane-one"), plane("dataplane-two"));
    let (key, other_key) = (KeyPair::new_user(), KeyPair::new_user());
    hub.admit(&own, &key);
    hub.admit(&other, &other_key);
    let bus = hub.connect(&own, &key).await.unwrap();
    let spared = hub.connect(&other, &other_key).await.unwrap();
    let mut state = bus.state();

    hub.revoke(&own);
    assert_eq!(system::cut(&hub.system, &own).await.unwrap(), 1);
    tokio::time::timeout(DEADLINE, state.wait_for(|state| *state == State::Refused))
        .await
        .expect("the plane is turned away")
        .unwrap();
    assert!(!bus.is_connected());
    assert!(spared.is_connected());
    assert_eq!(system::cut(&hub.system, &own).await.unwrap(), 0);
}
