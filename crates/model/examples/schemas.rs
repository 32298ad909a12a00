//! Writes `crates/model/schema/`: one JSON Schema for each public kind. Files that are current are
//! left alone.

use std::{fs, io, path::Path};

use model::{KindName, schema};

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    fs::create_dir_all(&folder)?;
    for (kind, scope) in KindName::each_scope() {
        let path = folder.join(format!("{}.json", kind.public_name(scope)));
        let text = format!("{:#}\n", schema::document(kind, scope));
        if fs::read_to_string(&path).ok().as_ref() != Some(&text) {
            fs::write(&path, text)?;
        }
    }
    Ok(())
}
