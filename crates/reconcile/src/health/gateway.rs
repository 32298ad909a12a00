//! Gateway API: a route works once each gateway that it names has accepted it.

use serde_json::Value;

use super::{Verdict, conditions::Conditions};

pub(super) fn route(object: &Value) -> Verdict {
    let generation = object
        .pointer("/metadata/generation")
        .and_then(Value::as_i64)
        .unwrap_or(0);
    let parents = object
        .pointer("/status/parents")
        .and_then(Value::as_array)
        .filter(|it| !it.is_empty());
    let Some(parents) = parents else {
        return Verdict::progressing("no gateway has answered yet");
    };
    for parent in parents {
        let conditions = Conditions::of(parent);
        for kind in ["Accepted", "ResolvedRefs"] {
            if conditions.status(kind) == Some("False") {
                return Verdict::degraded(conditions.message(kind));
            }
        }
        let accepted = parent["conditions"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|it| it["type"] == "Accepted");
        let seen = accepted.and_then(|it| it["observedGeneration"].as_i64());
        if conditions.status("Accepted") != Some("True")
            || seen.is_some_and(|seen| seen < generation)
        {
            return Verdict::progressing("a gateway has not accepted it yet");
        }
    }
    Verdict::healthy()
}

pub(super) fn gateway(object: &Value) -> Verdict {
    if let Some(behind) = super::behind(object) {
        return behind;
    }
    let conditions = Conditions::of(&object["status"]);
    for kind in ["Accepted", "Programmed"] {
        match conditions.status(kind) {
            Some("True") => {}
            // Controllers start with `Pending`; an address may come later.
            Some("False")
                if !["Pending", "AddressNotAssigned"].contains(&conditions.reason(kind)) =>
            {
                return Verdict::degraded(conditions.message(kind));
            }
            _ => return Verdict::progressing("its controller has not set it up yet"),
        }
    }
    Verdict::healthy()
}
