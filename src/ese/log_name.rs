//! Names of the files of a log stream.
//!
//! Source: `dev/ese/src/ese/_log/logstream.cxx`, `dev/ese/src/inc/daeconst.hxx`.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The three characters with which all names of one log stream begin, such as `E00`.
///
/// Equality and order ignore the case, as the file systems do that the engine runs on; the case itself is
/// kept for building further names.
#[derive(Clone, Copy)]
pub struct LogBase([u8; 3]);

impl LogBase {
    /// Three ASCII characters that a Windows file name may have, but no dot.
    pub fn new(text: &str) -> Option<Self> {
        let characters: [u8; 3] = text.as_bytes().try_into().ok()?;
        characters.iter().all(|&c| is_base_character(c)).then_some(Self(characters))
    }

    /// The characters as they were given.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

fn is_base_character(character: u8) -> bool {
    character.is_ascii_graphic() && !br#".\/:*?"<>|"#.contains(&character)
}

impl PartialEq for LogBase {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for LogBase {}

impl Ord for LogBase {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.to_ascii_uppercase().cmp(&other.0.to_ascii_uppercase())
    }
}

impl PartialOrd for LogBase {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for LogBase {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_ascii_uppercase().hash(state);
    }
}

impl fmt::Display for LogBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for LogBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogBase({self})")
    }
}

/// The base name as a file name: what stands for a log stream in its folder, as `eseutil /ml E00` has it.
impl AsRef<Path> for LogBase {
    fn as_ref(&self) -> &Path {
        Path::new(self.as_str())
    }
}

/// `"E00"`
impl Serialize for LogBase {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_str().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for LogBase {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).ok_or_else(|| {
            de::Error::custom(format_args!(
                "found the base name {text:?}, expected three characters"
            ))
        })
    }
}

/// How many hexadecimal digits a name gives the generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogDigits {
    /// Exchange 2000 and 2003, and newer engines in their legacy mode.
    Five,
    /// Exchange 2007 and later.
    Eight,
}

impl LogDigits {
    /// The largest generation that fits.
    pub fn last_generation(self) -> u32 {
        match self {
            Self::Five => 0xf_ffff,
            Self::Eight => u32::MAX,
        }
    }

    fn count(self) -> usize {
        match self {
            Self::Five => 5,
            Self::Eight => 8,
        }
    }
}

/// The two families of extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogExtensions {
    /// `.log` and `.chk`
    Log,
    /// `.jtx` and `.jcp`
    Jtx,
}

impl LogExtensions {
    fn of_log(extension: &str) -> Option<Self> {
        [Self::Log, Self::Jtx].into_iter().find(|e| e.log().eq_ignore_ascii_case(extension))
    }

    fn of_checkpoint(extension: &str) -> Option<Self> {
        [Self::Log, Self::Jtx].into_iter().find(|e| e.checkpoint().eq_ignore_ascii_case(extension))
    }

    /// Extension of logs, without the dot.
    pub fn log(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Jtx => "jtx",
        }
    }

    /// Extension of checkpoints, without the dot.
    pub fn checkpoint(self) -> &'static str {
        match self {
            Self::Log => "chk",
            Self::Jtx => "jcp",
        }
    }
}

/// How the files of one log stream are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LogNaming {
    /// Base name of the stream.
    pub base: LogBase,
    /// Width of the numbers.
    pub digits: LogDigits,
    /// Family of extensions.
    pub extensions: LogExtensions,
}

impl LogNaming {
    /// The naming of Exchange 2000 and 2003: five digits, `.log`.
    pub fn legacy(base: LogBase) -> Self {
        Self { base, digits: LogDigits::Five, extensions: LogExtensions::Log }
    }

    /// The name of a closed log.
    pub fn archive(&self, generation: u32) -> LogFileName {
        LogFileName::archive(self.base, generation, self.digits, self.extensions)
    }
}

/// A file of a log stream, by its name alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LogFileName {
    /// `E0000001.log`, `E0000000001.log`: a closed log.
    Archive {
        /// Base name of the stream.
        base: LogBase,
        /// Log generation, at least 1. The header has the authoritative one.
        generation: u32,
        /// Width of the number.
        digits: LogDigits,
        /// Family of extensions.
        extensions: LogExtensions,
    },
    /// `E00.log`: the log that is written to.
    Current {
        /// Base name of the stream.
        base: LogBase,
        /// Family of extensions.
        extensions: LogExtensions,
    },
    /// `E00tmp.log`: the next log, being prepared; it may carry an old header.
    Temporary {
        /// Base name of the stream.
        base: LogBase,
        /// Family of extensions.
        extensions: LogExtensions,
    },
    /// `E00.chk`: the checkpoint.
    Checkpoint {
        /// Base name of the stream.
        base: LogBase,
        /// Family of extensions.
        extensions: LogExtensions,
    },
    /// `res1.log`, `res2.log`: the reserve logs of Exchange 2000 and 2003, one pair per folder.
    SharedReserve {
        /// 1 or 2.
        number: u32,
    },
    /// `E00res00001.jrs` (or `.log`): a reserve log.
    Reserve {
        /// Base name of the stream.
        base: LogBase,
        /// From 1 on.
        number: u32,
        /// `jrs` or `log`, in lower case.
        extension: &'static str,
    },
    /// `E00....jsl`: a shadow log.
    Shadow {
        /// Base name of the stream.
        base: LogBase,
        /// What stands between base and extension.
        middle: String,
    },
}

impl LogFileName {
    /// Recognises a file name (no folder) in any case. `None` for every other file; a number of
    /// zero makes a name of none, because no log has generation 0.
    pub fn parse(name: &str) -> Option<Self> {
        let (stem, extension) = name.rsplit_once('.')?;
        if let Some(number) = shared_reserve_number(stem, extension) {
            return Some(Self::SharedReserve { number });
        }
        let (base, rest) = stem.split_at_checked(3)?;
        let base = LogBase::new(base)?;
        if extension.eq_ignore_ascii_case("jsl") {
            return Some(Self::Shadow { base, middle: rest.to_owned() });
        }
        if let Some(reserve) = parse_reserve(base, rest, extension) {
            return Some(reserve);
        }
        if let Some(extensions) = LogExtensions::of_checkpoint(extension) {
            return rest.is_empty().then_some(Self::Checkpoint { base, extensions });
        }
        parse_log(base, rest, LogExtensions::of_log(extension)?)
    }

    /// The name of a closed log; with eight digits where five are too few.
    pub fn archive(
        base: LogBase,
        generation: u32,
        digits: LogDigits,
        extensions: LogExtensions,
    ) -> Self {
        let fits = generation <= digits.last_generation();
        let digits = if fits { digits } else { LogDigits::Eight };
        Self::Archive { base, generation, digits, extensions }
    }

    /// How the stream of a closed or current log is named. A current log does not show the digits:
    /// they are taken to be five.
    pub fn naming(&self) -> Option<LogNaming> {
        match *self {
            Self::Archive { base, digits, extensions, .. } => {
                Some(LogNaming { base, digits, extensions })
            }
            Self::Current { base, extensions } => {
                Some(LogNaming { extensions, ..LogNaming::legacy(base) })
            }
            _ => None,
        }
    }

    /// The base name; `None` for the shared reserve logs.
    pub fn base(&self) -> Option<LogBase> {
        match *self {
            Self::SharedReserve { .. } => None,
            Self::Archive { base, .. }
            | Self::Current { base, .. }
            | Self::Temporary { base, .. }
            | Self::Checkpoint { base, .. }
            | Self::Reserve { base, .. }
            | Self::Shadow { base, .. } => Some(base),
        }
    }

    /// The log generation in the name; only a closed log has one.
    pub fn generation(&self) -> Option<u32> {
        match *self {
            Self::Archive { generation, .. } => Some(generation),
            _ => None,
        }
    }
}

fn shared_reserve_number(stem: &str, extension: &str) -> Option<u32> {
    let numbers = [("res1", 1), ("res2", 2)];
    let number = numbers.iter().find(|(name, _)| name.eq_ignore_ascii_case(stem))?.1;
    extension.eq_ignore_ascii_case("log").then_some(number)
}

fn parse_reserve(base: LogBase, rest: &str, extension: &str) -> Option<LogFileName> {
    let extension = ["jrs", "log"].into_iter().find(|e| e.eq_ignore_ascii_case(extension))?;
    let (word, digits) = rest.split_at_checked(3)?;
    let number = hex_number(digits, LogDigits::Five)?;
    word.eq_ignore_ascii_case("res").then_some(LogFileName::Reserve { base, number, extension })
}

fn parse_log(base: LogBase, rest: &str, extensions: LogExtensions) -> Option<LogFileName> {
    if rest.is_empty() {
        return Some(LogFileName::Current { base, extensions });
    }
    if rest.eq_ignore_ascii_case("tmp") {
        return Some(LogFileName::Temporary { base, extensions });
    }
    [LogDigits::Five, LogDigits::Eight].into_iter().find_map(|digits| {
        let generation = hex_number(rest, digits)?;
        Some(LogFileName::Archive { base, generation, digits, extensions })
    })
}

/// A hexadecimal number of exactly that many digits, no sign, not zero.
fn hex_number(text: &str, digits: LogDigits) -> Option<u32> {
    let all_digits = text.bytes().all(|c| c.is_ascii_hexdigit());
    if text.len() != digits.count() || !all_digits {
        return None;
    }
    u32::from_str_radix(text, 16).ok().filter(|&number| number != 0)
}

/// The name as the engine writes it: digits in upper case, extensions in lower case.
impl fmt::Display for LogFileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Archive { base, generation, digits, extensions } => {
                let width = digits.count();
                write!(f, "{base}{generation:0width$X}.{}", extensions.log())
            }
            Self::Current { base, extensions } => write!(f, "{base}.{}", extensions.log()),
            Self::Temporary { base, extensions } => write!(f, "{base}tmp.{}", extensions.log()),
            Self::Checkpoint { base, extensions } => {
                write!(f, "{base}.{}", extensions.checkpoint())
            }
            Self::SharedReserve { number } => write!(f, "res{number}.log"),
            Self::Reserve { base, number, extension } => {
                write!(f, "{base}res{number:05X}.{extension}")
            }
            Self::Shadow { base, middle } => write!(f, "{base}{middle}.jsl"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> LogBase {
        LogBase::new(text).unwrap()
    }

    #[test]
    fn every_kind_of_name_is_recognised_and_built_again() {
        let (e00, log, jtx) = (base("E00"), LogExtensions::Log, LogExtensions::Jtx);
        let five = |generation, extensions| {
            LogFileName::archive(e00, generation, LogDigits::Five, extensions)
        };
        let eight = |generation, extensions| {
            LogFileName::archive(e00, generation, LogDigits::Eight, extensions)
        };
        let names = [
            ("E00.log", LogFileName::Current { base: e00, extensions: log }),
            ("E00.jtx", LogFileName::Current { base: e00, extensions: jtx }),
            ("E00tmp.log", LogFileName::Temporary { base: e00, extensions: log }),
            ("E00.chk", LogFileName::Checkpoint { base: e00, extensions: log }),
            ("E00.jcp", LogFileName::Checkpoint { base: e00, extensions: jtx }),
            ("E0000001.log", five(1, log)),
            ("E00FFFEF.log", five(0xf_ffef, log)),
            ("E000000A.jtx", five(10, jtx)),
            ("E000000000A.log", eight(10, log)),
            ("E007FFFF800.jtx", eight(0x7fff_f800, jtx)),
            ("res1.log", LogFileName::SharedReserve { number: 1 }),
            ("res2.log", LogFileName::SharedReserve { number: 2 }),
            ("E00res00001.jrs", LogFileName::Reserve { base: e00, number: 1, extension: "jrs" }),
            ("E00res00002.log", LogFileName::Reserve { base: e00, number: 2, extension: "log" }),
            ("E0000017.jsl", LogFileName::Shadow { base: e00, middle: "00017".into() }),
        ];
        for (text, name) in names {
            assert_eq!(LogFileName::parse(text), Some(name.clone()), "{text}");
            assert_eq!(name.to_string(), text);
        }
    }

    #[test]
    fn case_does_not_matter_but_is_kept_in_the_base() {
        let name = LogFileName::parse("edb0007e.LOG").unwrap();
        assert_eq!(name.generation(), Some(0x7e));
        assert_eq!(name.base(), Some(base("EDB")));
        assert_eq!(name.to_string(), "edb0007E.log");
        assert_eq!(LogFileName::parse("RES2.LOG"), Some(LogFileName::SharedReserve { number: 2 }));
        let temporary = LogFileName::parse("E01TMP.LOG").unwrap();
        assert_eq!(temporary.to_string(), "E01tmp.log");
        assert_eq!(LogFileName::parse("E00.CHK").unwrap().base(), Some(base("e00")));
    }

    #[test]
    fn a_base_is_stored_as_it_is_written_and_compared_without_case() {
        assert_eq!(serde_json::to_string(&base("e00")).unwrap(), "\"e00\"");
        assert_eq!(serde_json::from_str::<LogBase>("\"E00\"").unwrap(), base("e00"));
        assert!(serde_json::from_str::<LogBase>("\"E0\"").is_err());
        assert!(base("e00") < base("E01") && base("E00") < base("e01"));
    }

    #[test]
    fn other_files_are_no_log_names() {
        let names = [
            "",
            ".",
            ".log",
            "E0.log",
            "E00",
            "E00.edb",
            "E00.pat",
            "priv1.edb",
            "restore.env",
            "E0000000.log",
            "E0000000000.log",
            "E00000001.log",
            "E000000G.log",
            "E00+0001.log",
            "E00res00001.chk",
            "E00res00000.jrs",
            "E00res0001.jrs",
            "res3.log",
            "E00tmp.chk",
            "E0000001.chk",
            "E00 0001.log.bak",
            "\u{e4}\u{f6}.log",
            "E\u{20ac}.log",
            "a/b.log",
        ];
        for name in names {
            assert_eq!(LogFileName::parse(name), None, "{name}");
        }
        // A dot or a multi-byte character never splits in the middle.
        assert_eq!(LogFileName::parse("E0\u{e4}00001.log"), None);
    }

    #[test]
    fn a_generation_too_large_for_five_digits_gets_eight() {
        let name =
            LogFileName::archive(base("E00"), 0x10_0000, LogDigits::Five, LogExtensions::Log);
        assert_eq!(name.to_string(), "E0000100000.log");
        assert_eq!(LogFileName::parse("E0000100000.log"), Some(name));
    }
}
