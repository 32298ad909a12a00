//! Puts top-level imports in order: std, external, ours, this crate, each group by itself. The
//! order inside a group is rustfmt's work.

use super::rules;

/// The text with its first run of imports in order; nothing if it is already.
pub(super) fn imports(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let local = rules::local_modules(lines.iter().copied());
    let from = lines.iter().position(|line| line.starts_with("use "))?;
    let from = lines[..from]
        .iter()
        .rposition(|line| !is_above(line))
        .map_or(0, |at| at + 1);
    let (mut items, mut at) = (Vec::new(), from);
    while let Some((rank, end)) = item(&lines, at, &local) {
        let item: Vec<&str> = lines[at..end]
            .iter()
            .copied()
            .skip_while(|it| it.is_empty())
            .collect();
        items.push((rank, item.join("\n")));
        at = end;
    }
    if items.is_sorted_by_key(|(rank, _)| *rank) {
        return None;
    }
    items.sort_by_key(|(rank, _)| *rank);
    let mut mended = lines[..from].join("\n");
    let mut last = None;
    for (rank, item) in &items {
        if last.is_some_and(|last| last != *rank) {
            mended.push('\n');
        }
        if from > 0 || last.is_some() {
            mended.push('\n');
        }
        mended.push_str(item);
        last = Some(*rank);
    }
    mended = mended + "\n" + &lines[at..].join("\n") + "\n";
    Some(mended)
}

/// The import that begins at this line, after blank lines and what belongs to it: its rank, and
/// the line after it.
fn item(lines: &[&str], from: usize, local: &[&str]) -> Option<(u8, usize)> {
    let mut at = from;
    while lines
        .get(at)
        .is_some_and(|line| line.is_empty() || is_above(line))
    {
        at += 1;
    }
    let rank = rules::import_rank(lines.get(at)?, local)?.1;
    let end = lines[at..].iter().position(|line| line.ends_with(';'))?;
    Some((rank, at + end + 1))
}

/// Whether the line belongs to the item below it.
fn is_above(line: &str) -> bool {
    line.starts_with("#[") || (line.starts_with("//") && !line.starts_with("//!"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_put_in_order_with_what_belongs_to_them() {
        let given = "//! Doc.\n\nmod here;\n\nuse model::A;\nuse serde::{\n    B,\n};\n#[cfg(test)]\nuse crate::C;\nuse std::fmt;\n\nfn main() {}\n";
        let wanted = "//! Doc.\n\nmod here;\n\nuse std::fmt;\n\nuse serde::{\n    B,\n};\n\nuse model::A;\n\n#[cfg(test)]\nuse crate::C;\n\nfn main() {}\n";
        assert_eq!(imports(given).as_deref(), Some(wanted));
        assert_eq!(imports(wanted), None);
    }
}
