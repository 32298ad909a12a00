//! TLS with `rustls` and `ring`: the provider, and configurations from PEM.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The PEM files of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// The certificate, followed by those that lead to its authority.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
    /// The authority of the certificates that clients must show; if not set, they show none.
    #[serde(default)]
    pub client_ca: Option<PathBuf>,
}

/// Why TLS cannot be set up. It never shows a key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A PEM text holds no certificate.
    #[error("there is no certificate in the PEM of {0}")]
    NoCertificate(&'static str),
    /// A PEM text is broken.
    #[error("the PEM of {0} is broken")]
    Pem(&'static str, #[source] pem::Error),
    /// A certificate or key is refused.
    #[error("{0} is refused")]
    Refused(&'static str, #[source] rustls::Error),
    /// The authority of the clients is refused.
    #[error("the authority of the clients is refused")]
    Verifier(#[source] rustls::server::VerifierBuilderError),
}

/// Makes `ring` the cryptography of the process. `kit::run` does it; tests that use TLS must.
pub fn install() {
    // It fails only if a provider is installed already, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

impl Files {
    /// The configuration of a server with these files.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or is not what it should be.
    pub fn server_config(&self) -> Result<ServerConfig, Error> {
        let authority = self.client_ca.as_deref().map(read).transpose()?;
        server_config(
            &read(&self.certificate)?,
            &read(&self.key)?,
            authority.as_deref(),
        )
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })
}

/// The configuration of a server from PEM texts. With `client_ca`, clients must show a certificate of it.
///
/// # Errors
///
/// When one of the texts is not what it should be.
pub fn server_config(
    certificate: &[u8],
    key: &[u8],
    client_ca: Option<&[u8]>,
) -> Result<ServerConfig, Error> {
    install();
    let builder = match client_ca {
        None => ServerConfig::builder().with_no_client_auth(),
        Some(authority) => {
            let roots = Arc::new(roots(authority, "the clients' authority")?);
            let verifier = WebPkiClientVerifier::builder(roots)
                .build()
                .map_err(Error::Verifier)?;
            ServerConfig::builder().with_client_cert_verifier(verifier)
        }
    };
    builder
        .with_single_cert(
            certificates(certificate, "the server's certificate")?,
            private(key)?,
        )
        .map_err(|source| Error::Refused("the server's certificate with its key", source))
}

/// The configuration of a client that trusts the PEM text `authority` alone, and shows `identity` (certificate, key).
///
/// # Errors
///
/// When one of the texts is not what it should be.
pub fn client_config(
    authority: &[u8],
    identity: Option<(&[u8], &[u8])>,
) -> Result<ClientConfig, Error> {
    install();
    let roots = roots(authority, "the server's authority")?;
    let builder = ClientConfig::builder().with_root_certificates(roots);
    let Some((certificate, key)) = identity else {
        return Ok(builder.with_no_client_auth());
    };
    builder
        .with_client_auth_cert(
            certificates(certificate, "the client's certificate")?,
            private(key)?,
        )
        .map_err(|source| Error::Refused("the client's certificate with its key", source))
}

fn roots(pem: &[u8], whose: &'static str) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem, whose)? {
        roots
            .add(certificate)
            .map_err(|source| Error::Refused(whose, source))?;
    }
    Ok(roots)
}

fn certificates(pem: &[u8], whose: &'static str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|source| Error::Pem(whose, source))?;
    if certificates.is_empty() {
        return Err(Error::NoCertificate(whose));
    }
    Ok(certificates)
}

fn private(pem: &[u8]) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|source| Error::Pem("the private key", source))
}
