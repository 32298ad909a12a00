use std::time::Duration;

use testkit::wait::{until, until_true};

#[tokio::test]
async fn what_was_waited_for_is_given() {
    let mut looks = 0;
    let found = until("the third look", Duration::from_secs(5), || {
        looks += 1;
        std::future::ready((looks == 3).then_some("found"))
    })
    .await;
    assert_eq!(found, "found");
}

#[tokio::test]
#[should_panic(expected = "in vain: a pig flies")]
async fn a_wait_ends_at_its_deadline() {
    until_true("a pig flies", Duration::from_millis(30), || false).await;
}

#[tokio::test]
#[should_panic(expected = "in vain: an answer")]
async fn a_look_that_hangs_is_given_up() {
    until(
        "an answer",
        Duration::from_millis(30),
        std::future::pending::<Option<()>>,
    )
    .await;
}
