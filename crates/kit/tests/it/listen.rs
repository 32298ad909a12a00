use std::net::SocketAddr;

#[tokio::test]
async fn who_holds_a_port_is_named() {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let first = kit::listen::bind("the first", any).await.unwrap();
    let taken = first.local_addr().unwrap();
    let error = kit::listen::bind("the second", taken).await.unwrap_err();
    let text = kit::chain(&error);
    assert!(
        text.contains(&format!("cannot listen on {taken} for the second")),
        "{text}"
    );
    let own = format!("the process {} (", std::process::id());
    assert!(text.contains(&own), "{text}");
}

#[tokio::test]
async fn an_address_of_another_machine_is_explained() {
    let foreign = SocketAddr::from(([192, 0, 2, 1], 0));
    let error = kit::listen::bind("the API", foreign).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("this machine does not have the address"),
        "{error}"
    );
}
