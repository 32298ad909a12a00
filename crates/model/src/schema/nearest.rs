//! Which known word somebody may have meant.

/// The word of `known` that is nearest to `typed`, if any is near enough to be meant.
pub(super) fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = typed.to_lowercase();
    let limit = (lower.chars().count() / 3).clamp(1, 3);
    known
        .map(|word| (distance(&lower, &word.to_lowercase()), word))
        .filter(|(far, _)| *far <= limit)
        .min_by_key(|(far, _)| *far)
        .map(|(_, word)| word)
}

/// Insertions, removals and replacements between two words. Words are field names and short texts;
/// what is longer than 64 characters is not compared.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    if left.len() > 64 || right.len() > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, from) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, to) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_understood() {
        let known = ["projectName", "componentName", "kind"];
        assert_eq!(
            nearest("projectname", known.into_iter()),
            Some("projectName")
        );
        assert_eq!(
            nearest("componetName", known.into_iter()),
            Some("componentName")
        );
        assert_eq!(nearest("image", known.into_iter()), None);
    }
}
