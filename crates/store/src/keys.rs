//! The text form of keys in the database.
//!
//! An object is `Kind/namespace/name` (`Kind//name` in cluster scope), so that one kind, and one
//! namespace of it, is one range of the primary key. No part may hold a `/`; `objects::apply` refuses
//! such names.

use model::{IndexKey, KindName, ObjectKey, UnitId};

use crate::Error;

/// The text of an object key.
pub(crate) fn object(key: &ObjectKey) -> String {
    let namespace = key.namespace.as_deref().unwrap_or_default();
    format!("{}/{namespace}/{}", key.kind.as_str(), key.name)
}

/// The key of a text made by [`object`].
pub(crate) fn parse_object(text: &str) -> Result<ObjectKey, Error> {
    let corrupt = || Error::corrupt("an object key", text);
    let mut parts = text.splitn(3, '/');
    let (Some(kind), Some(namespace), Some(name)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(corrupt());
    };
    Ok(ObjectKey {
        kind: kind.parse::<KindName>().map_err(|_| corrupt())?,
        namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
        name: name.to_owned(),
    })
}

/// The text of an index key.
pub(crate) fn index(key: &IndexKey) -> String {
    format!("{}:{}", key.kind.as_str(), key.value)
}

/// The text of a unit read from the database.
pub(crate) fn parse_unit(text: &str) -> Result<UnitId, Error> {
    text.parse()
        .map_err(|error| Error::corrupt("a unit", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_keys_survive_their_text() {
        for key in [
            ObjectKey::namespaced(KindName::Component, "default", "greeter"),
            ObjectKey::cluster(KindName::ComponentType, "service"),
        ] {
            assert_eq!(parse_object(&object(&key)).unwrap(), key);
        }
        assert!(parse_object("Component/default").is_err());
        assert!(parse_object("Nothing/default/x").is_err());
    }
}
