//! Loading what a decision asked for, all at once.

use store::{Error, Store};

use crate::world::{Loaded, Missing};

pub(super) async fn load(
    store: &Store,
    missing: Vec<Missing>,
    loaded: &mut Loaded,
) -> Result<(), Error> {
    let mut keys = Vec::new();
    for missing in missing {
        match missing {
            Missing::Object(key) => keys.push(key),
            Missing::Index(index) => {
                let members = store.by_index(&index).await?;
                loaded.indexes.insert(index, members);
            }
            Missing::Reports(unit) => {
                let reports = store.find_reports(&unit).await?;
                loaded.reports.insert(unit, reports);
            }
            Missing::Heads(unit) => {
                let heads = store.find_heads(&unit).await?;
                loaded.heads.insert(unit, heads);
            }
        }
    }
    let found = store.load_many(&keys).await?;
    loaded.objects.extend(keys.into_iter().zip(found));
    Ok(())
}
