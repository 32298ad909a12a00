//! The auth callout: at every connect, NATS asks who this is and what it may use.
//!
//! The client shows a public nkey and its signature over the server's nonce, and at its first start a
//! join token. The signature is checked here; whether the key may join or stay is the registry's word.

use data_encoding::BASE64URL_NOPAD;
use nkeys::KeyPair;
use serde_json::{Value, json};

use model::PlaneName;

use crate::{subject, token};

/// Subject of the questions, in the account of the responder.
pub const SUBJECT: &str = "$SYS.REQ.USER.AUTH";
/// Account in which planes and control plane meet.
pub const ACCOUNT: &str = "LINK";

/// A client that wants to connect.
#[derive(Debug, Clone)]
pub struct Request {
    /// Key that the server made for this connection; the permission is bound to it.
    user: String,
    /// The server that asks.
    pub server: String,
    /// The connection on that server.
    pub connection: u64,
    /// Public nkey of the client, if it proved to have its seed.
    pub public_key: Option<String>,
    /// Name that the client gives itself: its plane.
    pub name: String,
    /// Join token, if it carries one.
    pub join_token: Option<String>,
}

/// A question cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("the server's question cannot be read: {0} is missing")]
pub struct Malformed(&'static str);

impl Request {
    /// Reads a question.
    ///
    /// # Errors
    /// When a part of it is missing.
    pub fn parse(text: &[u8]) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(text).map_err(|_| Malformed("the token"))?;
        let claims = token::claims(text).ok_or(Malformed("the token"))?;
        let nats = &claims["nats"];
        let text = |value: &Value| {
            value
                .as_str()
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let options = &nats["connect_opts"];
        let nonce = text(&nats["client_info"]["nonce"]).unwrap_or_default();
        let public_key = text(&options["nkey"]).filter(|key| {
            let signature = options["sig"].as_str().unwrap_or_default();
            proves(key, &nonce, signature)
        });
        Ok(Self {
            user: text(&nats["user_nkey"]).ok_or(Malformed("user_nkey"))?,
            server: text(&nats["server_id"]["id"]).ok_or(Malformed("server_id"))?,
            connection: nats["client_info"]["id"].as_u64().unwrap_or_default(),
            public_key,
            name: text(&options["name"]).unwrap_or_default(),
            join_token: text(&options["auth_token"]),
        })
    }

    /// The answer that lets the client in as this plane.
    #[must_use]
    pub fn allow(&self, issuer: &KeyPair, plane: &PlaneName, now: i64) -> String {
        let own = [subject::all_of(plane)];
        let user = json!({
            "sub": self.user, "name": plane.to_string(), "aud": ACCOUNT,
            "nats": {
                "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1,
                "pub": {"allow": own}, "sub": {"allow": own},
            },
        });
        self.respond(issuer, json!({"jwt": token::sign(issuer, user, now)}), now)
    }

    /// The answer that turns the client away.
    #[must_use]
    pub fn refuse(&self, issuer: &KeyPair, reason: &str, now: i64) -> String {
        self.respond(issuer, json!({"error": reason}), now)
    }

    fn respond(&self, issuer: &KeyPair, mut nats: Value, now: i64) -> String {
        nats["type"] = json!("authorization_response");
        nats["version"] = json!(2);
        token::sign(
            issuer,
            json!({"sub": self.user, "aud": self.server, "nats": nats}),
            now,
        )
    }
}

/// Whether `signature` was made over the nonce with the seed of `public_key`.
fn proves(public_key: &str, nonce: &str, signature: &str) -> bool {
    let Ok(key) = KeyPair::from_public_key(public_key) else {
        return false;
    };
    let decoded = BASE64URL_NOPAD.decode(signature.trim_end_matches('=').as_bytes());
    !nonce.is_empty()
        && decoded.is_ok_and(|signature| key.verify(nonce.as_bytes(), &signature).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A question as a server asks it, for a client that signed `signed`.
    fn question(client: &KeyPair, nonce: &str, signed: &str) -> String {
        let signature = client.sign(signed.as_bytes()).unwrap();
        let claims = json!({"nats": {
            "server_id": {"id": "NSERVER"},
            "user_nkey": "UEPHEMERAL",
            "client_info": {"id": 7, "nonce": nonce},
            "connect_opts": {
                "nkey": client.public_key(), "sig": BASE64URL_NOPAD.encode(&signature),
                "name": "dataplane-one", "auth_token": "token",
            },
        }});
        token::sign(&KeyPair::new_server(), claims, 0)
    }

    #[test]
    fn only_a_key_that_signed_the_nonce_counts() {
        let client = KeyPair::new_user();
        let honest = Request::parse(question(&client, "nonce", "nonce").as_bytes()).unwrap();
        assert_eq!(honest.public_key, Some(client.public_key()));
        assert_eq!(
            (honest.name.as_str(), honest.connection),
            ("dataplane-one", 7)
        );
        assert_eq!(honest.join_token.as_deref(), Some("token"));
        for (nonce, signed) in [("nonce", "an older nonce"), ("", "")] {
            let request = Request::parse(question(&client, nonce, signed).as_bytes()).unwrap();
            assert_eq!(request.public_key, None, "{nonce:?} {signed:?}");
        }
    }

    #[test]
    fn what_is_no_question_is_refused() {
        for text in ["", "a.b.c", "not a token"] {
            assert!(Request::parse(text.as_bytes()).is_err(), "{text:?}");
        }
        let empty = token::sign(&KeyPair::new_server(), json!({"nats": {}}), 0);
        let error = Request::parse(empty.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("user_nkey"), "{error}");
    }

    #[test]
    fn a_plane_is_let_in_to_its_own_subjects_alone() {
        let (client, issuer) = (KeyPair::new_user(), KeyPair::new_account());
        let request = Request::parse(question(&client, "n", "n").as_bytes()).unwrap();
        let plane: PlaneName = "dataplane-one".parse().unwrap();
        let answer = token::claims(&request.allow(&issuer, &plane, 5)).unwrap();
        assert_eq!(
            (&answer["aud"], &answer["sub"]),
            (&json!("NSERVER"), &json!("UEPHEMERAL"))
        );
        let user = token::claims(answer["nats"]["jwt"].as_str().unwrap()).unwrap();
        let own = json!({"allow": ["link.dataplane-one.>"]});
        assert_eq!((&user["nats"]["pub"], &user["nats"]["sub"]), (&own, &own));
        assert_eq!(
            (&user["aud"], &user["name"]),
            (&json!(ACCOUNT), &json!("dataplane-one"))
        );
        let refused = token::claims(&request.refuse(&issuer, "why", 5)).unwrap();
        assert_eq!(refused["nats"]["error"], json!("why"));
    }
}
