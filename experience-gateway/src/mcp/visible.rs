//! Which tools a caller sees: those whose action it may do somewhere. Calls are decided all the same.

use std::collections::HashMap;

use model::KindName;
use proto::resources::{Capability, ProfileRequest};

use super::table::{Action, Tool};
use crate::{caller::Caller, problem::Problem, upstream::Upstream};

/// What a caller may do anywhere, by action.
pub(super) struct Capabilities(HashMap<String, Capability>);

impl Capabilities {
    pub(super) async fn of(upstream: &Upstream, caller: &Caller) -> Result<Self, Problem> {
        let request = caller.request(ProfileRequest { place: None });
        let profile = upstream.access().profile(request).await?.into_inner();
        Ok(Self(profile.capabilities))
    }

    /// Whether a call of the tool may be allowed, in whichever scope its kind has.
    pub(super) fn show(&self, tool: &Tool) -> bool {
        let verb = match tool.action {
            Action::List { .. } | Action::Find { .. } => "view",
            Action::Create { .. } => "create",
            Action::Update { .. } => "update",
            Action::Delete { .. } => "delete",
        };
        names(tool.kind, verb).any(|action| self.0.get(&action).is_some_and(somewhere))
    }
}

/// The actions of a verb on a kind, one for each scope.
fn names(kind: KindName, verb: &'static str) -> impl Iterator<Item = String> {
    let scopes = kind.scopes().iter();
    scopes.map(move |scope| format!("{}:{verb}", kind.public_name(*scope).to_ascii_lowercase()))
}

/// Whether something is allowed, and not everything denied.
fn somewhere(capability: &Capability) -> bool {
    let mut denied = capability.denied.iter();
    !capability.allowed.is_empty()
        && !denied.any(|place| place.path == "*" && place.expressions.is_empty())
}

#[cfg(test)]
mod tests {
    use proto::resources::CapabilityPlace;

    use super::*;
    use crate::mcp::table::TOOLS;

    #[test]
    fn tools_are_shown_to_those_who_may_use_them_somewhere() {
        let place = |path: &str| CapabilityPlace {
            path: path.to_owned(),
            expressions: Vec::new(),
        };
        let capability = |denied: &[&str]| Capability {
            allowed: vec![place("ns/shop")],
            denied: denied.iter().map(|path| place(path)).collect(),
        };
        let capabilities = Capabilities(HashMap::from([
            (
                "component:view".to_owned(),
                capability(&["ns/shop/project/secret"]),
            ),
            ("component:create".to_owned(), capability(&["*"])),
        ]));
        let shown: Vec<_> = TOOLS
            .iter()
            .filter(|tool| tool.kind == KindName::Component && capabilities.show(tool))
            .map(|tool| tool.name)
            .collect();
        assert_eq!(shown, ["list_components", "get_component"]);
        assert!(
            !TOOLS
                .iter()
                .any(|tool| tool.kind == KindName::Project && capabilities.show(tool))
        );
    }
}
