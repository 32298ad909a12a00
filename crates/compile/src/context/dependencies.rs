//! `dependencies`: what other components and resources offer, as variables, mounts and volumes.

use serde_json::{Value, json};

use crate::{
    component::variables::{Derived, Wanted},
    connections::{Item, resources::ResourceItem},
    tree,
};

/// What a workload depends on, as far as it is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dependencies<'a> {
    pub(crate) items: &'a [Item],
    pub(crate) resources: &'a [ResourceItem],
}

impl Dependencies<'_> {
    /// The variable `dependencies`.
    pub(crate) fn variable(self) -> expr::Value {
        let items: Vec<_> = self.items.iter().map(Item::to_value).collect();
        let list = |values| expr::Value::list(values);
        tree::record([
            ("items", tree::variable(&json!(items))),
            ("resources", tree::variable(&json!(self.resources))),
            ("envVars", list(self.env_vars())),
            (
                "volumeMounts",
                list(self.of_resources(|item| &item.volume_mounts)),
            ),
            ("volumes", list(self.of_resources(|item| &item.volumes))),
        ])
    }

    /// The fields of `derived` that the methods on `dependencies` stand for.
    pub(crate) fn derive(self, wanted: Wanted<'_>, derived: &mut Derived) {
        wanted.derive(derived, "dependencyEnvVars", || self.env_vars());
        wanted.derive(derived, "dependencyVolumeMounts", || {
            self.of_resources(|item| &item.volume_mounts)
        });
        wanted.derive(derived, "dependencyVolumes", || {
            self.of_resources(|item| &item.volumes)
        });
    }

    fn env_vars(self) -> Vec<expr::Value> {
        let of_items = self.items.iter().flat_map(|item| &item.env_vars);
        let mut all: Vec<_> = of_items
            .map(|(name, value)| {
                tree::record([
                    ("name", name.as_str().into()),
                    ("value", value.as_str().into()),
                ])
            })
            .collect();
        all.extend(self.of_resources(|item| &item.env_vars));
        all
    }

    fn of_resources(self, part: impl Fn(&ResourceItem) -> &Vec<Value>) -> Vec<expr::Value> {
        self.resources
            .iter()
            .flat_map(|item| part(item).iter().map(tree::variable))
            .collect()
    }
}
