//! The certificates in `tls/` were made with openssl for these tests: `hub` and `plane` by `authority`, nothing by
//! `stranger`. They are valid for a century.
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use kit::tls::{Error, Files, client_config, server_config};

const AUTHORITY: &[u8] = include_bytes!("tls/authority.crt");
const STRANGER: &[u8] = include_bytes!("tls/stranger.crt");
const HUB: (&[u8], &[u8]) = (include_bytes!("tls/hub.crt"), include_bytes!("tls/hub.key"));
const PLANE: (&[u8], &[u8]) = (
    include_bytes!("tls/plane.crt"),
    include_bytes!("tls/plane.key"),
);

/// Shakes hands and says one byte; whether both sides agreed.
async fn talk(server: rustls::ServerConfig, client: rustls::ClientConfig) -> bool {
    let (near, far) = duplex(64 * 1024);
    let name = ServerName::try_from("hub.test").expect("a name");
    let accept = async {
        let mut stream = TlsAcceptor::from(Arc::new(server)).accept(far).await?;
        stream.write_all(b"!").await?;
        stream.shutdown().await
    };
    let connect = async {
        let mut stream = TlsConnector::from(Arc::new(client))
            .connect(name, near)
            .await?;
        stream.read_u8().await
    };
    let both = async { tokio::join!(accept, connect) };
    let (accepted, connected) = tokio::time::timeout(Duration::from_secs(10), both)
        .await
        .expect("a handshake ends");
    accepted.is_ok() && connected.is_ok()
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/tls")
        .join(name)
}

#[tokio::test]
async fn a_server_of_the_trusted_authority_is_talked_to() {
    let server = server_config(HUB.0, HUB.1, None).unwrap();
    assert!(talk(server.clone(), client_config(AUTHORITY, None).unwrap()).await);
    assert!(!talk(server, client_config(STRANGER, None).unwrap()).await);
}

#[tokio::test]
async fn clients_show_a_certificate_where_an_authority_is_set() {
    let files = Files {
        certificate: file("hub.crt"),
        key: file("hub.key"),
        client_ca: Some(file("authority.crt")),
    };
    let server = files.server_config().unwrap();
    assert!(
        talk(
            server.clone(),
            client_config(AUTHORITY, Some(PLANE)).unwrap()
        )
        .await
    );
    assert!(!talk(server, client_config(AUTHORITY, None).unwrap()).await);
}

#[test]
fn what_is_wrong_with_the_files_is_named() {
    let build = |certificate, key| server_config(certificate, key, None).unwrap_err();
    assert!(matches!(build(b"", HUB.1), Error::NoCertificate(_)));
    assert!(matches!(
        build(HUB.0, b"no key"),
        Error::Pem("the private key", _)
    ));
    assert!(matches!(build(HUB.0, PLANE.1), Error::Refused(..)));

    let missing = Files {
        certificate: "/no/such".into(),
        key: "/no/such".into(),
        client_ca: None,
    };
    assert!(
        missing
            .server_config()
            .unwrap_err()
            .to_string()
            .contains("/no/such")
    );
}
