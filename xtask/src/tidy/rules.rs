//! The rules. Each names itself, as `xtask/tidy.toml` does.

use super::source::Source;

const FILE: usize = 600;
const INLINE_TESTS: usize = 150;
const APP: usize = 300;
const MAIN: usize = 20;
const BANNED_NAMES: &[&str] = &[
    "utils", "util", "common", "helpers", "misc", "types", "prelude",
];

/// Crates of the workspace, as an import names them.
const OURS: &[&str] = &[
    "agent",
    "authz",
    "bus",
    "cluster",
    "compile",
    "expr",
    "kit",
    "link",
    "model",
    "preview",
    "proto",
    "reconcile",
    "store",
    "telemetry",
    "testkit",
    "control_plane",
    "data_plane_agent",
    "workflow_plane",
    "observability_plane",
    "experience_gateway",
    "cli",
    "xtask",
    "e2e",
    "bench",
    "fuzz",
    "sim",
];

type Fault = (&'static str, usize, String);

/// Everything the file breaks: rule, line from 1, what to do.
pub(super) fn check(source: &Source) -> Vec<Fault> {
    let mut faults = Vec::new();
    sizes(source, &mut faults);
    names(source, &mut faults);
    imports(source, &mut faults);
    unfinished(source, &mut faults);
    faults
}

fn sizes(source: &Source, faults: &mut Vec<Fault>) {
    let code = source.code_lines();
    let mut limit = |rule, lines: usize, most: usize, advice: &str| {
        if lines > most {
            faults.push((
                rule,
                1,
                format!("{lines} lines, {most} are allowed: {advice}"),
            ));
        }
    };
    limit("file-lines", code, FILE, "split it by what its parts own");
    match source.file_name() {
        "app.rs" => limit("app-lines", code, APP, "app.rs only wires"),
        "main.rs" if !source.path.contains("/tests/") => {
            limit(
                "main-lines",
                code,
                MAIN,
                "main.rs only starts what lib.rs offers",
            );
        }
        _ => {}
    }
    if !source.is_test {
        let advice = "move them to a tests.rs beside the file";
        limit("inline-tests", source.test_lines(), INLINE_TESTS, advice);
    }
}

fn names(source: &Source, faults: &mut Vec<Fault>) {
    let mut parts = source.path.split('/').rev();
    let stem = parts.next().unwrap_or_default().trim_end_matches(".rs");
    if stem == "mod" {
        faults.push((
            "mod-file",
            1,
            "name it as its folder: foo.rs beside foo/".to_owned(),
        ));
    }
    let folder = parts.next().unwrap_or_default();
    for name in [stem, folder] {
        if BANNED_NAMES.contains(&name) {
            let text = format!("\"{name}\" says nothing: name what the module owns");
            faults.push(("module-name", 1, text));
        }
    }
}

/// Top-level imports come as std, then external, then ours, then this crate.
fn imports(source: &Source, faults: &mut Vec<Fault>) {
    let local = local_modules(source.lines.iter().map(String::as_str));
    let mut last = ("", 0);
    for (number, line) in source.lines[..source.tests_from].iter().enumerate() {
        let Some((root, rank)) = import_rank(line, &local) else {
            continue;
        };
        if rank < last.1 {
            let text = format!(
                "`{root}` comes after `{}`: std, external, ours, crate",
                last.0
            );
            faults.push(("import-order", number + 1, text));
        }
        if rank > last.1 {
            last = (root, rank);
        }
    }
}

/// Modules that the file declares: an import of one is of this crate.
pub(super) fn local_modules<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let declared = lines.filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod "));
    declared
        .map(|rest| rest.trim_end_matches([';', '{', ' ']))
        .collect()
}

/// What a top-level import names first, and the place of its group.
pub(super) fn import_rank<'a>(line: &'a str, local: &[&str]) -> Option<(&'a str, u8)> {
    let path = line.strip_prefix("use ")?;
    let root = path
        .trim_start_matches("::")
        .split([':', ';', ' ', '{'])
        .next()?;
    let rank = match root {
        "std" | "core" | "alloc" => 1,
        "crate" | "self" | "super" => 4,
        name if local.contains(&name) => 4,
        name if OURS.contains(&name) => 3,
        _ => 2,
    };
    Some((root, rank))
}

/// Work left for later, and tests that do not run.
fn unfinished(source: &Source, faults: &mut Vec<Fault>) {
    // This file names what it looks for.
    if source.path.ends_with("tidy/rules.rs") {
        return;
    }
    for (number, line) in source.lines.iter().enumerate() {
        if line.trim_start().starts_with("#[ignore") {
            let text = "a test that does not run proves nothing".to_owned();
            faults.push(("ignored-test", number + 1, text));
        }
        let comment = line.split_once("//").map_or("", |(_, comment)| comment);
        let marked = ["TODO", "FIXME", "XXX"]
            .iter()
            .find(|mark| comment.contains(**mark));
        let macros = ["todo!(", "unimplemented!("];
        if let Some(found) = marked.or_else(|| macros.iter().find(|it| line.contains(**it))) {
            faults.push((
                "unfinished",
                number + 1,
                format!("{found}: do it, or file it"),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(path: &str, text: &str) -> Vec<(&'static str, usize)> {
        let faults = check(&Source::cut(path, text));
        faults
            .into_iter()
            .map(|(rule, line, _)| (rule, line))
            .collect()
    }

    #[test]
    fn imports_are_in_order() {
        let good = "mod here;\nuse std::fmt;\n\nuse serde::Serialize;\n\nuse model::Unit;\n\nuse here::It;\nuse crate::x;\n";
        assert_eq!(broken("crates/a/src/a.rs", good), []);
        let bad = "use serde::Serialize;\nuse std::fmt;\n";
        assert_eq!(broken("crates/a/src/a.rs", bad), [("import-order", 2)]);
    }

    #[test]
    fn long_files_and_long_inline_tests_are_refused() {
        let code = "fn a() {}\n".repeat(601);
        assert_eq!(broken("crates/a/src/a.rs", &code), [("file-lines", 1)]);
        assert_eq!(broken("crates/a/tests/it/a.rs", &code), []);
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "// .\n".repeat(148));
        assert_eq!(broken("crates/a/src/a.rs", &tests), [("inline-tests", 1)]);
        assert_eq!(
            broken("crates/a/src/main.rs", &"\n".repeat(21)),
            [("main-lines", 1)]
        );
        assert_eq!(broken("crates/a/tests/it/main.rs", &"\n".repeat(21)), []);
    }

    #[test]
    fn names_and_unfinished_work_are_refused() {
        assert_eq!(broken("crates/a/src/mod.rs", ""), [("mod-file", 1)]);
        assert_eq!(broken("crates/a/src/utils/x.rs", ""), [("module-name", 1)]);
        assert_eq!(
            broken("crates/a/src/a.rs", "// TODO: later\n"),
            [("unfinished", 1)]
        );
        assert_eq!(
            broken("crates/a/src/a.rs", "    #[ignore]\n"),
            [("ignored-test", 1)]
        );
    }
}
