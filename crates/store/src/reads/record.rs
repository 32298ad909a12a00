//! Rows of edges.

use std::collections::BTreeSet;

use crate::{Error, sql, writer::Txn};

use super::Read;

/// Makes `reads` the edges of `reader`. Only those that differ are written, which is mostly none.
pub(crate) async fn replace(txn: &mut Txn, reader: &str, reads: &[Read]) -> Result<(), Error> {
    let row = txn
        .sql()
        .one(
            "SELECT json_group_array(target) FROM reads WHERE reader = $1",
            &[reader.into()],
        )
        .await?;
    let old: BTreeSet<String> = row.list(0)?;
    let new: BTreeSet<String> = reads.iter().map(|read| read.target.text()).collect();
    let gone: Vec<&String> = old.difference(&new).collect();
    let added: Vec<&String> = new.difference(&old).collect();
    if !gone.is_empty() {
        txn.sql()
            .execute(
                "DELETE FROM reads WHERE reader = $2 \
                 AND target IN (SELECT value FROM json_each($1))",
                &[sql::list(&gone).into(), reader.into()],
            )
            .await?;
    }
    if !added.is_empty() {
        txn.sql()
            .execute(
                "INSERT INTO reads (target, reader) SELECT value, $2 FROM json_each($1)",
                &[sql::list(&added).into(), reader.into()],
            )
            .await?;
    }
    Ok(())
}
