//! Text that comes from elsewhere: from a file, a path, or the answer of a library.

use std::ffi::OsStr;
use std::fmt;

/// A path, a name or any other text from elsewhere as people can be given it: what is not Unicode is
/// replaced, and what could play with the terminal, or turn a line round, is escaped. Text that was
/// shown before stays as it is.
pub fn shown<T: AsRef<OsStr> + ?Sized>(text: &T) -> Shown<'_> {
    Shown(text.as_ref())
}

/// What [`shown`] gives, to be printed.
pub struct Shown<'a>(&'a OsStr);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.to_string_lossy().chars() {
            if is_harmful(c) { write!(f, "{}", c.escape_default())? } else { write!(f, "{c}")? }
        }
        Ok(())
    }
}

/// Control characters, the line and paragraph separators, and the marks that change the direction of
/// writing (Unicode Standard Annex 9, "Explicit Directional Formatting Characters").
pub(super) fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// For tests of whatever is printed.
#[cfg(test)]
pub(crate) mod harm {
    use super::is_harmful;

    /// Text that clears a screen, rings, turns a line round, begins new ones, and would be an element of a page.
    pub const HARM: &str = "\u{1b}[2J\u{7}\u{202e}x\n!NEW\r!NEW\u{85}!NEW\u{2028}!NEW\u{2029}!NEW\t\u{7f}\
                            \u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{2066}\u{2067}\u{2068}\u{2069}\
                            <evil on=\"x\" a='x'>&lt;-->";

    /// Nothing of it is left in what is printed, but for the line breaks and tabulators of our own.
    #[track_caller]
    pub fn assert_harmless(printed: &str) {
        for line in printed.split('\n') {
            let line = line.trim_start_matches('\t');
            assert!(!line.chars().any(is_harmful), "{line:?}");
            assert!(!line.trim_start().starts_with("!NEW"), "a line of its own: {line:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn nothing_that_moves_the_cursor_or_turns_the_line_gets_through() {
        assert_eq!(shown(Path::new("a\n\u{1b}[2Jb")).to_string(), "a\\n\\u{1b}[2Jb");
        assert_eq!(
            shown("\u{202e}bde.exe\u{85}\u{2028}").to_string(),
            "\\u{202e}bde.exe\\u{85}\\u{2028}"
        );
        for mark in "\u{61c}\u{200e}\u{200f}\u{202a}\u{202d}\u{2029}\u{2066}\u{2069}\u{7f}".chars()
        {
            assert!(!shown(&mark.to_string()).to_string().contains(mark), "{mark:?}");
        }
    }

    #[test]
    fn what_was_shown_is_not_changed_again() {
        let once = shown("D:\\M\u{fc}ll\\\u{1b}.edb").to_string();
        assert_eq!(once, "D:\\M\u{fc}ll\\\\u{1b}.edb");
        assert_eq!(shown(&once).to_string(), once);
    }
}
