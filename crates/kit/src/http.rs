//! HTTP clients, which always have a deadline.

use std::time::Duration;

use reqwest::{Certificate, Client, ClientBuilder};

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The PEM text of the authority holds no certificates.
    #[error("the certificate authority is no PEM")]
    Authority(#[source] reqwest::Error),
    /// TLS cannot be set up.
    #[error("cannot set up TLS")]
    Tls(#[source] reqwest::Error),
}

/// How long connecting may take, within the deadline of the request.
const CONNECT: Duration = Duration::from_secs(10);

/// A client that trusts the authorities of the machine and gives up on a request after `deadline`, body included.
///
/// # Errors
///
/// When TLS cannot be set up.
pub fn http_client(deadline: Duration) -> Result<Client, Error> {
    builder(deadline)
        .build()
        .or_else(|error| without_authorities(deadline, &error))
}

/// As [`http_client`], but trusting the authorities of the PEM text `authority` too.
///
/// # Errors
///
/// When `authority` is no PEM, or TLS cannot be set up.
pub fn http_client_trusting(deadline: Duration, authority: &[u8]) -> Result<Client, Error> {
    let extra = Certificate::from_pem_bundle(authority).map_err(Error::Authority)?;
    builder(deadline)
        .tls_certs_merge(extra)
        .build()
        .map_err(Error::Tls)
}

fn builder(deadline: Duration) -> ClientBuilder {
    crate::tls::install();
    Client::builder()
        .timeout(deadline)
        .connect_timeout(deadline.min(CONNECT))
        .user_agent(concat!("quintet/", env!("CARGO_PKG_VERSION")))
}

/// A small image may have no authorities; then plain HTTP must work still.
fn without_authorities(deadline: Duration, error: &reqwest::Error) -> Result<Client, Error> {
    tracing::warn!(
        error = %crate::chain(error),
        "no certificate authorities of the machine can be used; HTTPS will be refused"
    );
    builder(deadline)
        .tls_certs_only([])
        .build()
        .map_err(Error::Tls)
}
