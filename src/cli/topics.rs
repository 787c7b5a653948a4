//! What can be explained: the sections of the documentation about ids, and its table of exit codes.

const FINDINGS: &str = include_str!("../../docs/findings.md");
const GUARDS: &str = include_str!("../../docs/guards.md");
const EXIT_CODES: &str = include_str!("../../docs/exit-codes.md");

/// How like a known id a word must be to be meant, from 0 to 1.
const ALIKE: f64 = 0.8;

/// A section of a page: an id and what stands below it.
pub struct Section {
    /// `Finding` or `Refusal`.
    pub what: &'static str,
    /// The id.
    pub id: &'static str,
    /// What stands below it, as Markdown.
    pub text: &'static str,
}

/// Accepts an id or an exit code; else names those that are near.
pub fn topic(text: &str) -> Result<String, String> {
    if exit_code(text).is_some() || sections().any(|section| section.id == text) {
        return Ok(text.to_owned());
    }
    let mut near: Vec<_> = sections()
        .map(|section| (strsim::jaro_winkler(section.id, text), section.id))
        .filter(|(likeness, id)| *likeness >= ALIKE || (text.len() > 3 && id.contains(text)))
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut near: Vec<_> = near.into_iter().map(|(_, id)| id).collect();
    near.dedup();
    near.truncate(5);
    Err(match near.as_slice() {
        [] => "no such id; edbmend explain lists all".to_owned(),
        near => format!("no such id; near it: {}. edbmend explain lists all", near.join(", ")),
    })
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
