//! Reading `status.conditions`.

use serde_json::Value;

/// The conditions of a status, or of one parent of a route.
#[derive(Clone, Copy)]
pub(super) struct Conditions<'a>(Option<&'a Vec<Value>>);

impl<'a> Conditions<'a> {
    pub(super) fn of(status: &'a Value) -> Self {
        Self(status.get("conditions").and_then(Value::as_array))
    }

    pub(super) fn status(self, kind: &str) -> Option<&'a str> {
        self.find(kind)?["status"].as_str()
    }

    pub(super) fn reason(self, kind: &str) -> &'a str {
        self.find(kind)
            .and_then(|it| it["reason"].as_str())
            .unwrap_or_default()
    }

    /// Message of the condition, or else its reason.
    pub(super) fn message(self, kind: &str) -> String {
        let message = self
            .find(kind)
            .and_then(|it| it["message"].as_str())
            .filter(|it| !it.is_empty());
        message.unwrap_or_else(|| self.reason(kind)).to_owned()
    }

    /// Message of the condition, if it has this status.
    pub(super) fn when(self, kind: &str, status: &str) -> Option<String> {
        (self.status(kind) == Some(status)).then(|| self.message(kind))
    }

    fn find(self, kind: &str) -> Option<&'a Value> {
        self.0?.iter().find(|it| it["type"] == kind)
    }
}
