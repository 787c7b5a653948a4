//! The sections of the documentation about ids, and its table of exit codes.

const FINDINGS: &str = include_str!("../../docs/findings.md");
const GUARDS: &str = include_str!("../../docs/guards.md");
const EXIT_CODES: &str = include_str!("../../docs/exit-codes.md");

/// A section of a page: an id and what stands below it.
pub struct Section {
    /// `Finding` or `Refusal`.
    pub what: &'static str,
    /// The id.
    pub id: &'static str,
    /// What stands below it, as Markdown.
    pub text: &'static str,
}

/// Every section about an id.
pub fn sections() -> impl Iterator<Item = Section> {
    let of = |what, page: &'static str| {
        page.split("\n## ").skip(1).filter_map(move |section| {
            let (id, text) = section.split_once('\n')?;
            // The next chapter is not part of the last section before it.
            let text = text.split("\n# ").next().unwrap_or(text);
            Some(Section { what, id: id.trim(), text: text.trim() })
        })
    };
    of("Finding", FINDINGS).chain(of("Refusal", GUARDS))
}

/// The outcome and the meaning of an exit code, from the table.
pub fn exit_code(code: &str) -> Option<(&'static str, &'static str)> {
    EXIT_CODES.lines().find_map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let is_code = code.len() == 1 && code.bytes().all(|byte| byte.is_ascii_digit());
        matches!(cells.as_slice(), [first, _, _] if is_code && *first == code)
            .then(|| (cells[1], cells[2]))
    })
}
