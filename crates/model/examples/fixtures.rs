//! Publishes fixtures: what is in `fixtures/` and was never published is copied to `v1alpha1/` with
//! what it becomes, and every refused document gets its diagnostics. What exists is left alone, since
//! published fixtures are promises.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use model::{Diagnostics, Draft, Envelope, yaml};

fn main() -> io::Result<()> {
    for folder in list(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"))? {
        let published = folder.join("v1alpha1");
        fs::create_dir_all(&published)?;
        for name in ["minimal", "full"] {
            let text = fs::read_to_string(folder.join(name).with_extension("yaml"))?;
            let expected = published.join(format!("{name}.expected.json"));
            if !expected.exists() {
                let admitted =
                    admit(&text).map_err(|problems| io::Error::other(problems.to_string()))?;
                fs::write(published.join(name).with_extension("yaml"), text)?;
                fs::write(expected, format!("{:#}\n", admitted.to_document()))?;
            }
        }
        for invalid in list(&folder.join("invalid"))? {
            let snapshot = invalid.with_extension("txt");
            if invalid.extension().is_some_and(|end| end == "yaml") && !snapshot.exists() {
                let problems = admit(&fs::read_to_string(&invalid)?)
                    .err()
                    .unwrap_or_default();
                let lines: String = problems
                    .iter()
                    .map(|problem| format!("{problem}\n"))
                    .collect();
                fs::write(snapshot, lines)?;
            }
        }
    }
    Ok(())
}

fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect()
}

fn admit(text: &str) -> Result<Envelope, Diagnostics> {
    let problem = |message: String| {
        let mut diagnostics = Diagnostics::default();
        diagnostics.push("", message);
        diagnostics
    };
    let document = yaml::documents(text)
        .map_err(|error| problem(error.to_string()))?
        .remove(0);
    let envelope =
        Envelope::from_document(&document, None).map_err(|error| problem(error.to_string()))?;
    Ok(Draft {
        envelope,
        old: None,
    }
    .check()?
    .envelope()
    .clone())
}
