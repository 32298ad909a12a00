//! The configuration of the NATS server, and the keys of those who serve through it.

use std::{
    fmt::Write,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

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
        fs::create_dir_all(folder).map_err(|source| keys::Error::File {
            path: folder.to_owned(),
            source,
        })?;
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

/// A server would listen beyond loopback without TLS, where planes carry their credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a NATS server on {0} needs TLS, since planes show their credentials there: name its certificate and key"
)]
pub struct Insecure(SocketAddr);

/// The text of the server's configuration.
///
/// # Errors
/// Beyond loopback without TLS.
pub fn config(listen: SocketAddr, tls: Option<&Tls>, keys: &HubKeys) -> Result<String, Insecure> {
    if tls.is_none() && !listen.ip().is_loopback() {
        return Err(Insecure(listen));
    }
    Ok(format!("listen: \"{listen}\"\n{}", accounts(tls, keys)))
}

/// The text of the server's configuration, but for where it listens.
#[must_use]
pub fn accounts(tls: Option<&Tls>, keys: &HubKeys) -> String {
    let mut text = String::from("max_payload: 4MB\nwrite_deadline: \"10s\"\n");
    if let Some(tls) = tls {
        let _ = writeln!(
            text,
            "tls {{ cert_file: {:?}, key_file: {:?}, timeout: 5 }}",
            tls.cert_file, tls.key_file
        );
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_beyond_loopback_needs_tls() {
        let folder = tempfile::tempdir().unwrap();
        let keys = HubKeys::load_or_create(folder.path()).unwrap();
        let outside = SocketAddr::from(([0, 0, 0, 0], 4222));
        assert_eq!(config(outside, None, &keys), Err(Insecure(outside)));
        let tls = Tls {
            cert_file: "tls.crt".into(),
            key_file: "tls.key".into(),
        };
        let text = config(outside, Some(&tls), &keys).unwrap();
        assert!(
            text.contains("listen: \"0.0.0.0:4222\"") && text.contains("tls.key"),
            "{text}"
        );
        assert!(config(([127, 0, 0, 1], 4222).into(), None, &keys).is_ok());
    }

    #[test]
    fn keys_are_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let keys = HubKeys::load_or_create(folder.path()).unwrap();
        let again = HubKeys::load_or_create(folder.path()).unwrap();
        assert_eq!(keys.issuer.public_key(), again.issuer.public_key());
        fs::write(folder.path().join("hub.nk"), "SU").unwrap();
        let error = HubKeys::load_or_create(folder.path()).unwrap_err();
        assert!(error.to_string().contains("hub.nk"), "{error}");
    }
}
