//! Bindings of resources against the recorded ones: names, owners.

use serde_json::Value;

use compile::{names, resource};
use model::kinds::{ResourceRelease, ResourceReleaseBinding};
use testkit::compat::Table;

#[test]
fn what_a_resource_renders_to_is_named_as_in_the_reference() {
    Table::of(
        "resource-binding.jsonl",
        "resourcereleasebinding.makeRenderedReleaseName",
    )
    .check(|row| {
        let spec = &row["input"]["binding"]["spec"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let resource = text(&spec["owner"]["resourceName"]);
        let own = names::resource_base(&resource, &text(&spec["environment"]));
        if row["output"]["result"] == own.as_str() {
            Ok(())
        } else {
            Err(own)
        }
    });
}

#[test]
fn a_release_of_another_resource_is_refused_as_in_the_reference() {
    Table::of(
        "resource-binding.jsonl",
        "resourcereleasebinding.validateReleaseOwner",
    )
    .check(|row| {
        let input = &row["input"];
        let decode_error = |error: serde_json::Error| error.to_string();
        let binding: ResourceReleaseBinding =
            serde_json::from_value(input["binding"]["spec"].clone()).map_err(decode_error)?;
        let release: ResourceRelease =
            serde_json::from_value(input["release"]["spec"].clone()).map_err(decode_error)?;
        let own = resource::check_owner(&binding, &release).err();
        if own.as_deref() == row["error"]["message"].as_str() {
            Ok(())
        } else {
            Err(format!("{own:?}"))
        }
    });
}
