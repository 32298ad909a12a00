//! Names of what resources render to, against the recorded ones.

use serde_json::Value;

use compile::names;
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
