//! What is known, one line each.

use super::numbers::{Kind, numbers};

/// Columns of a number of the engine.
const NUMBER_COLUMNS: usize = 7;

/// All numbers of some kinds, in a text of that many columns.
pub(super) fn all_of(kinds: &[Kind], width: usize) -> String {
    let asked = numbers().filter(|number| kinds.contains(&number.kind));
    asked
        .map(|asked| line_of(&asked.number.to_string(), NUMBER_COLUMNS, asked.meaning, width))
        .collect()
}

/// A topic of at most `column` columns, and as much of what is said about it as fits beside it.
pub fn line_of(topic: &str, column: usize, text: &str, width: usize) -> String {
    let text = clipped(text, width.saturating_sub(column + 2));
    format!("  {topic:<column$}{text}\n")
}

/// As much of a text as fits, which ends in dots where that is not all of it.
fn clipped(text: &str, columns: usize) -> String {
    const DOTS: &str = "...";
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(DOTS.len());
    text.chars().take(room).chain(DOTS.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_no_wider_than_the_screen() {
        assert_eq!(line_of("-1216", 7, "one", 20), "  -1216  one\n");
        assert_eq!(line_of("-1216", 7, "one two thr", 20), "  -1216  one two thr\n");
        assert_eq!(line_of("-1216", 7, "one two thre", 20), "  -1216  one two ...\n");
    }
}
