//! The source of an expression below a message about it.
//!
//! Messages keep the form of the reference, which names the expression between quotes and, where it is
//! known, line and column in it. People get the line itself and a mark.

/// The line that a message is about and a mark below the place; nothing for a message about no
/// expression, or one that has them already.
#[must_use]
pub fn excerpt(message: &str) -> Option<String> {
    if message.contains("\n | ") {
        return None;
    }
    let (_, rest) = message.split_once("in expression '")?;
    let (expression, reason) = rest.rsplit_once("': ")?;
    let (line, column, width) = place(expression, reason)?;
    let text = expression.lines().nth(line)?;
    // Tabs stay tabs, so that the mark stands below what it marks.
    let blanks: String = (text.chars().take(column))
        .map(|c| if c == '\t' { c } else { ' ' })
        .collect();
    Some(format!(" | {text}\n | {blanks}{}", "^".repeat(width)))
}

/// Line and column from 0, and width, in characters.
fn place(expression: &str, reason: &str) -> Option<(usize, usize, usize)> {
    let mut numbers = reason.splitn(3, ':');
    let mut number = || numbers.next()?.trim().parse::<usize>().ok()?.checked_sub(1);
    if let (Some(line), Some(column)) = (number(), number()) {
        let text = expression.lines().nth(line)?;
        let width = text.chars().skip(column).take_while(|c| is_word(*c));
        return Some((line, column, width.count().max(1)));
    }
    let key = reason.strip_prefix("no such key: ")?.trim();
    let (line, text, at) = expression.lines().enumerate().find_map(|(line, text)| {
        let found = text.match_indices(key).map(|(at, _)| at);
        let whole = |at: &usize| {
            let ends = |c: Option<char>| !c.is_some_and(is_word);
            ends(text[..*at].chars().next_back()) && ends(text[at + key.len()..].chars().next())
        };
        found.filter(whole).last().map(|at| (line, text, at))
    })?;
    Some((line, text[..at].chars().count(), key.chars().count()))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_not_there_is_marked() {
        let message = "failed: CEL evaluation error in expression 'parameters.replica + 1': no such key: replica";
        assert_eq!(
            excerpt(message).unwrap(),
            " | parameters.replica + 1\n |            ^^^^^^^"
        );
    }

    #[test]
    fn a_place_in_a_later_line_is_marked() {
        let message = "CEL compilation error in expression '[1]\n  + foo': 2:5: undeclared reference to 'foo'";
        assert_eq!(excerpt(message).unwrap(), " |   + foo\n |     ^^^");
    }

    #[test]
    fn a_message_about_no_expression_has_no_excerpt() {
        assert_eq!(excerpt("name is required"), None);
    }
}
