//! Beyond loopback a connection is encrypted, and only a server that the authority vouches for is spoken to.

use nkeys::KeyPair;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa};

use bus::{Bus, Config, Error, Login, server, server::HubKeys};
use testkit::nats::Server;

/// A server whose certificate is for `localhost`, and the file of its authority.
async fn start(keys: &HubKeys, folder: &std::path::Path) -> (Server, std::path::PathBuf) {
    // Another test may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority =
        CertifiedIssuer::self_signed(params, rcgen::KeyPair::generate().unwrap()).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let tls = server::Tls {
        cert_file: write("tls.crt", certificate.pem()),
        key_file: write("tls.key", key.serialize_pem()),
    };
    let ca_file = write("ca.crt", authority.pem());
    (
        Server::start(&server::accounts(Some(&tls), keys)).await,
        ca_file,
    )
}

async fn connect(server: String, ca_file: &std::path::Path, key: &KeyPair) -> Result<Bus, Error> {
    let config = Config {
        servers: vec![server],
        ca_file: ca_file.to_owned(),
    };
    let login = Login {
        name: "hub".to_owned(),
        seed: key.seed().unwrap(),
        join_token: None,
        inbox: None,
    };
    Bus::connect(&config, login).await
}

#[tokio::test]
async fn a_server_is_spoken_to_if_its_authority_is_trusted() {
    let folder = testkit::tempdir();
    let keys = HubKeys::load_or_create(folder.path()).unwrap();
    let (nats, ca_file) = start(&keys, folder.path()).await;
    let url = format!("tls://localhost:{}", nats.port());
    assert!(connect(url.clone(), &ca_file, &keys.hub).await.is_ok());

    let other = testkit::tempdir();
    let (_other_nats, other_ca) = start(&keys, other.path()).await;
    let untrusted = connect(url.clone(), &other_ca, &keys.hub)
        .await
        .unwrap_err();
    assert!(matches!(untrusted, Error::Connect(_)), "{untrusted:?}");
    let missing = connect(url, &folder.path().join("none.crt"), &keys.hub)
        .await
        .unwrap_err();
    assert!(missing.to_string().contains("none.crt"), "{missing}");
}

#[tokio::test]
async fn credentials_never_go_beyond_loopback_in_the_clear() {
    let folder = testkit::tempdir();
    let keys = HubKeys::load_or_create(folder.path()).unwrap();
    let clear = "nats://nats.example:4222".to_owned();
    let error = connect(clear, std::path::Path::new(""), &keys.hub)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Insecure(_)), "{error:?}");
}
