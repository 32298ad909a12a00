//! Objects by their names in JSON: `{"kind", "namespace", "name"}`, the kind as users write it.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use model::ObjectKey;

#[derive(Serialize, Deserialize)]
struct Named {
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    name: String,
}

impl Named {
    fn of(key: &ObjectKey) -> Self {
        Self {
            kind: key.public_kind().to_owned(),
            namespace: key.namespace.clone(),
            name: key.name.clone(),
        }
    }
}

pub(crate) fn serialize<S: Serializer>(
    key: &Option<ObjectKey>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    key.as_ref().map(Named::of).serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<ObjectKey>, D::Error> {
    let named = Option::<Named>::deserialize(deserializer)?;
    let key = |named: Named| ObjectKey::parse(&named.kind, named.namespace.as_deref(), &named.name);
    named.map(key).transpose().map_err(D::Error::custom)
}
