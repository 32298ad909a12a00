//! NATS JWTs, version 2: signed by an nkey over `header.payload`.

use data_encoding::BASE64URL_NOPAD;
use nkeys::KeyPair;
use serde_json::{Value, json};

/// A token of these claims, signed by `issuer`. `iss`, `iat` and `jti` are set here.
pub(crate) fn sign(issuer: &KeyPair, mut claims: Value, issued_at: i64) -> String {
    claims["iss"] = json!(issuer.public_key());
    claims["iat"] = json!(issued_at);
    let id = model::Digest::of(claims.to_string().as_bytes()).to_string();
    claims["jti"] = json!(id[..32].to_ascii_uppercase());
    let header = BASE64URL_NOPAD.encode(br#"{"typ":"JWT","alg":"ed25519-nkey"}"#);
    let payload = BASE64URL_NOPAD.encode(claims.to_string().as_bytes());
    let signed = format!("{header}.{payload}");
    let signature = issuer
        .sign(signed.as_bytes())
        .expect("an issuer is made with its seed");
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
}

/// The claims of a token whose sender the transport vouches for.
pub(crate) fn claims(token: &str) -> Option<Value> {
    let payload = token.split('.').nth(1)?;
    let bytes = BASE64URL_NOPAD.decode(payload.as_bytes()).ok()?;
    serde_json::from_slice(&bytes).ok()
}
