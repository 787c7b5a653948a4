//! Colours of a terminal.

/// How words look on a terminal. `Colour::new()` is as everything else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Colour {
    hue: Option<Code>,
    weight: Option<Code>,
}

/// A number between `ESC [` and `m`: ECMA-48, SGR.
type Code = u8;

impl Colour {
    /// As everything else.
    pub const fn new() -> Self {
        Self { hue: None, weight: None }
    }

    /// Red.
    pub const fn red(self) -> Self {
        Self { hue: Some(31), ..self }
    }

    /// Green.
    pub const fn green(self) -> Self {
        Self { hue: Some(32), ..self }
    }

    /// Yellow.
    pub const fn yellow(self) -> Self {
        Self { hue: Some(33), ..self }
    }

    /// Bold.
    pub const fn bold(self) -> Self {
        Self { weight: Some(1), ..self }
    }

    /// Dim.
    pub const fn dim(self) -> Self {
        Self { weight: Some(2), ..self }
    }

    /// The words between the codes that begin and end the colour.
    pub fn paint(self, words: &str) -> String {
        let codes = [self.hue, self.weight].into_iter().flatten();
        let begin: String = codes.map(|code| format!("\u{1b}[{code}m")).collect();
        if begin.is_empty() { words.to_owned() } else { format!("{begin}{words}\u{1b}[0m") }
    }
}

#[cfg(test)]
mod tests {
    use super::Colour;

    #[test]
    fn a_colour_begins_and_ends() {
        assert_eq!(Colour::new().red().bold().paint("bad"), "\u{1b}[31m\u{1b}[1mbad\u{1b}[0m");
        assert_eq!(Colour::new().dim().paint("aside"), "\u{1b}[2maside\u{1b}[0m");
        assert_eq!(Colour::new().paint("plain"), "plain");
    }
}
