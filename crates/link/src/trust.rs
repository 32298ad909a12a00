//! Which keys may sign heads: the ones that are trusted, and the ones that these vouch for.

use nkeys::KeyPair;

use proto::link::{SignedHeads, SigningKey};

/// A signature is not one of the hub's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// None of the hub's keys is trusted, nor vouched for by a trusted one.
    #[error(
        "the hub shows no key that this plane trusts: it is another hub, or its keys were replaced without the old one"
    )]
    Keys,
    /// The page is signed by a key that is not trusted.
    #[error("the page is signed by {0}, which is not trusted")]
    Key(String),
    /// The signature does not fit the page.
    #[error("the signature does not fit the page")]
    Signature,
}

/// The keys to trust from now on: a chain that begins at a trusted key. The first hub that a plane ever meets is
/// trusted as it is, since the plane's join token came from it.
///
/// # Errors
/// When no key of the chain is trusted.
pub fn follow(trusted: &[String], shown: &[SigningKey]) -> Result<Vec<String>, Untrusted> {
    let mut chain: Vec<String> = Vec::new();
    for (index, key) in shown.iter().enumerate() {
        let known = trusted.contains(&key.public_key) || trusted.is_empty() && index == 0;
        let vouched = chain
            .last()
            .is_some_and(|previous| verify(previous, key.public_key.as_bytes(), &key.vouched));
        if known || vouched {
            chain.push(key.public_key.clone());
        }
    }
    if chain.is_empty() {
        Err(Untrusted::Keys)
    } else {
        Ok(chain)
    }
}

/// Checks the signature of a page.
///
/// # Errors
/// When the key is not trusted, or the signature does not fit.
pub fn check(trusted: &[String], signed: &SignedHeads) -> Result<(), Untrusted> {
    if !trusted.contains(&signed.key) {
        return Err(Untrusted::Key(signed.key.clone()));
    }
    match verify(&signed.key, &signed.page, &signed.signature) {
        true => Ok(()),
        false => Err(Untrusted::Signature),
    }
}

fn verify(public_key: &str, text: &[u8], signature: &[u8]) -> bool {
    KeyPair::from_public_key(public_key).is_ok_and(|key| key.verify(text, signature).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(keys: &[&KeyPair]) -> Vec<SigningKey> {
        let mut previous: Option<&KeyPair> = None;
        keys.iter()
            .map(|key| {
                let public_key = key.public_key();
                let vouched = previous.map(|p| p.sign(public_key.as_bytes()).unwrap());
                previous = Some(key);
                SigningKey {
                    public_key,
                    vouched: vouched.unwrap_or_default().into(),
                }
            })
            .collect()
    }

    #[test]
    fn a_rotated_key_is_trusted_through_the_old_one() {
        let (old, new, other) = (
            KeyPair::new_account(),
            KeyPair::new_account(),
            KeyPair::new_account(),
        );
        let trusted = follow(&[], &shown(&[&old])).unwrap();
        assert_eq!(trusted, [old.public_key()]);
        let trusted = follow(&trusted, &shown(&[&old, &new])).unwrap();
        assert_eq!(trusted, [old.public_key(), new.public_key()]);
        assert_eq!(follow(&trusted, &shown(&[&other])), Err(Untrusted::Keys));
    }

    #[test]
    fn a_changed_page_is_refused() {
        let key = KeyPair::new_account();
        let page = bytes::Bytes::from_static(b"page");
        let signature = key.sign(&page).unwrap().into();
        let mut signed = SignedHeads {
            page,
            key: key.public_key(),
            signature,
        };
        let trusted = [key.public_key()];
        assert_eq!(check(&trusted, &signed), Ok(()));
        signed.page = bytes::Bytes::from_static(b"pages");
        assert_eq!(check(&trusted, &signed), Err(Untrusted::Signature));
    }
}
