//! The numbers of the engine, from the page of the documentation about them.

const NUMBERS: &str = include_str!("../../docs/numbers.md");

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An error of the engine, below zero.
    Error,
    /// An event in the log of Windows.
    Event,
}

/// A line of the page.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// What it counts.
    pub kind: Kind,
    /// The number.
    pub number: i32,
    /// The number as it is written, an error with its sign.
    pub digits: &'static str,
    /// Its name in the engine's source.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// The ids of the findings that foretell it, separated by commas; may be empty.
    pub foretold_by: &'static str,
    /// What to do; may be empty.
    pub remedy: &'static str,
}

/// A word that says what the numbers beside it count.
pub fn kind(word: &str) -> Option<Kind> {
    match word.to_ascii_lowercase().as_str() {
        "event" | "events" => Some(Kind::Event),
        "error" | "errors" => Some(Kind::Error),
        _ => None,
    }
}

/// Every line of the page.
pub fn numbers() -> impl Iterator<Item = Number> {
    NUMBERS.lines().filter_map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [number, name, meaning, foretold_by, remedy] = cells[..] else { return None };
        let (kind, digits) = match number.strip_prefix("event ") {
            Some(digits) => (Kind::Event, digits),
            None => (Kind::Error, number),
        };
        let number = digits.parse().ok()?;
        Some(Number { kind, number, digits, name, meaning, foretold_by, remedy })
    })
}

/// The lines that a word stands for: a number with its sign; one without, which is an event or an error whose
/// sign was left out; one in hexadecimal, as an error code or as the result of a backup function; or a name.
pub fn named(word: &str) -> Vec<Number> {
    let is_meant = |known: &Number| match typed(word) {
        Some(Typed::Error(number)) => known.kind == Kind::Error && known.number == number,
        Some(Typed::Either(number)) => known.number.abs() == number,
        None => known.name.eq_ignore_ascii_case(word),
    };
    numbers().filter(is_meant).collect()
}

enum Typed {
    Error(i32),
    Either(i32),
}

/// The upper half of the results of Exchange's backup functions; the lower half is the error without its sign.
const BACKUP_RESULT: u32 = 0xc800_0000;

fn typed(word: &str) -> Option<Typed> {
    if let Some(digits) = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        let code = u32::from_str_radix(digits, 16).ok()?;
        let is_of_backup = code & 0xffff_0000 == BACKUP_RESULT;
        let error = if is_of_backup { -((code & 0xffff) as i32) } else { code.cast_signed() };
        return Some(Typed::Error(error));
    }
    let number: i32 = word.parse().ok()?;
    Some(if number < 0 { Typed::Error(number) } else { Typed::Either(number) })
}
