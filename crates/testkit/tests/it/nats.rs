use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::time::Duration;

use testkit::nats::Server;

/// The first line that a server says to a client.
fn greeting(server: &Server) -> String {
    let stream = TcpStream::connect(("127.0.0.1", server.port())).expect("the server listens");
    let limit = Some(Duration::from_secs(5));
    stream
        .set_read_timeout(limit)
        .expect("the limit is not zero");
    let mut line = String::new();
    BufReader::new(stream)
        .read_line(&mut line)
        .expect("the server speaks first");
    line
}

#[tokio::test]
async fn a_server_keeps_its_port_through_a_restart() {
    let mut server = Server::start("max_payload: 4096").await;
    let port = server.port();
    assert!(greeting(&server).contains(r#""max_payload":4096"#));

    server.stop();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());

    server.configure("max_payload: 8192");
    server.start_again().await;
    assert_eq!(server.port(), port);
    assert!(greeting(&server).contains(r#""max_payload":8192"#));

    drop(server);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[tokio::test]
#[should_panic(expected = "nats-server ended at its start")]
async fn a_wrong_configuration_is_shown() {
    Server::start("no_such_key: {").await;
}
