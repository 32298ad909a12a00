//! What the platform itself puts into objects, in words.

use serde_json::Value;

use compile::object;
use model::label;

/// Why the platform set the value at these tokens; `whole` if it made the object.
pub(super) fn what(object: &Value, tokens: &[String], whole: bool) -> String {
    if whole {
        return if object::kind(object).ends_with("NetworkPolicy") {
            "the platform: the network policy of the component, from its endpoints".to_owned()
        } else {
            "the platform".to_owned()
        };
    }
    let path: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let why = match &*path {
        [.., "annotations", label::RESOURCE_HASH] => {
            "a hash of the other objects, so that a change of them rolls the pods"
        }
        [.., "annotations", label::RESTARTED_AT] => "the last restart that was asked for",
        ["metadata", "annotations", ..] => "the unit that owns the object",
        [.., "labels", label::MANAGED_BY | label::UNIT] => "the unit that owns the object",
        [.., "labels"] | [.., "labels", _] => {
            "the labels of the owner, which network policies select by"
        }
        ["metadata", "namespace"] => "the namespace of the cell",
        _ => "what every object gets",
    };
    format!("the platform: {why}")
}
