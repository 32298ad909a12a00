//! The configuration of the NATS server, and the keys of those who serve through it.

use std::{fmt::Write, fs, net::SocketAddr, path::{Path, PathBuf}};

use nkeys::{KeyPair, KeyPairType};

use crate::{callout, keys};

/// The keys of the control plane: one user in each account, and the issuer of permissions.
#[derive(Debug)]
pub struct HubKeys {
    /// Signs the permissions of planes.
    pub issuer: KeyPair,
    /// Answers the callout.
    pub auth: KeyPair,
    /// Speaks to planes.
    pub hub: KeyPair,
    /// Cuts connections.
    pub system: KeyPair,
}

impl HubKeys {
    /// The keys in a folder; made there if there are none.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub fn load_or_create(folder: &Path) -> Result<Self, keys::Error> {
        fs::create_dir_all(folder)
            .map_err(|source| keys::Error::File { path: folder.to_owned(), source })?;
        let key = |name: &str, key_type| keys::load_or_create(&folder.join(name), key_type);
        Ok(Self {
            issuer: key("issuer.nk", KeyPairType::Account)?,
            auth: key("auth.nk", KeyPairType::User)?,
            hub: key("hub.nk", KeyPairType::User)?,
            system: key("system.nk", KeyPairType::User)?,
        })
    }
}

/// Certificate and key of the server, beyond loopback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// PEM file of the certificate chain.
    pub cert_file: PathBuf,
    /// PEM file of the key.
    pub key_file: PathBuf,
}

/// The text of the server's configuration.
///
/// # Panics
/// Beyond loopback without TLS: planes carry their credentials over this connection.
#[must_use]
pub fn config(listen: SocketAddr, tls: Option<&Tls>, keys: &HubKeys) -> String {
    assert!(tls.is_some() || listen.ip().is_loopback(), "NATS beyond loopback needs TLS");
    let mut text = format!("listen: \"{listen}\"\nmax_payload: 1MB\nwrite_deadline: \"10s\"\n");
    if let Some(tls) = tls {
        let _ = writeln!(text, "tls {{ cert_file: {:?}, key_file: {:?} }}", tls.cert_file, tls.key_file);
    }
    let _ = write!(
        text,
        "accounts {{\n  AUTH: {{ users: [ {{ nkey: {auth} }} ] }}\n  {link}: {{ users: [ {{ nkey: {hub} }} ] }}\n  \
         SYS: {{ users: [ {{ nkey: {system} }} ] }}\n}}\nsystem_account: SYS\nauthorization {{\n  timeout: 5\n  \
         auth_callout {{ issuer: {issuer}, account: AUTH, auth_users: [ {auth}, {hub}, {system} ] }}\n}}\n",
        auth = keys.auth.public_key(),
        hub = keys.hub.public_key(),
        system = keys.system.public_key(),
        issuer = keys.issuer.public_key(),
        link = callout::ACCOUNT,
    );
    text
}
