//! Folders to type commands in.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// Every file of a shop, as arguments.
pub(crate) const ALL: &str = "-f catalogue -f greeter.yaml -f shop.yaml";

/// A folder with `catalogue/`, `greeter.yaml` and `shop.yaml`.
pub(crate) struct Shop {
    folder: TempDir,
}

impl Shop {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(folder.path());
        Self { folder }
    }

    /// A file of the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Replaces a text of a file, which must be there.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) -> &Self {
        let text = std::fs::read_to_string(self.file(name)).unwrap();
        assert!(text.contains(from), "{name} has no {from:?}");
        std::fs::write(self.file(name), text.replacen(from, to, 1)).unwrap();
        self
    }

    /// A copy of all as it is now, below the folder.
    pub(crate) fn keep(&self, name: &str) -> &Self {
        copy(&self.file(name));
        self
    }

    /// What a command says and how it ends. No argument has a blank in it.
    pub(crate) fn quintet(&self, line: &str) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_quintet"))
            .args(line.split_whitespace())
            .current_dir(self.folder.path())
            .env_remove("QUINTET_TOKEN")
            .env("HOME", self.folder.path())
            .output()
            .unwrap();
        shown(&output)
    }

    /// `render` in an environment, without its manifests: what goes wrong.
    pub(crate) fn problems(&self, environment: &str) -> String {
        let all = self.quintet(&format!("render {ALL} -e {environment}"));
        let (_, told) = all.split_once("[told]\n").unwrap();
        told.to_owned()
    }
}

fn copy(to: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::create_dir_all(to.join("catalogue")).unwrap();
    for entry in std::fs::read_dir(root.join("../../deploy/catalogue")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        std::fs::copy(&path, to.join("catalogue").join(name)).unwrap();
    }
    let greeter = root.join("../../samples/greeter/greeter.yaml");
    std::fs::copy(greeter, to.join("greeter.yaml")).unwrap();
    let shop = root.join("tests/it/shop/shop.yaml");
    std::fs::copy(shop, to.join("shop.yaml")).unwrap();
}

fn shown(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    format!(
        "[said]\n{}[told]\n{}[ended with {}]\n",
        text(&output.stdout),
        text(&output.stderr),
        output.status.code().unwrap()
    )
}
