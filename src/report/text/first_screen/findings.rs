//! What was found, each thing said once, in at most four lines.

use std::cmp::Reverse;

use crate::diagnose::{Finding, FindingId, Severity};
use crate::report::Report;
use crate::report::model::VerdictId;
use crate::report::overview::{Line, Overview};
use crate::report::text::findings::colour;
use crate::report::text::page::{Ink, Page};
use crate::show::Paragraph;

use super::density::Density;
use super::folders::Folders;

/// At most this many are shown.
const MOST_FINDINGS: usize = 6;

/// What is shown of the findings.
pub(super) struct Shown<'a> {
    /// Those in words, the worst first.
    told: Vec<Told<'a>>,
    /// The names of the others: what follows from those, and what is only good to know.
    named: Vec<&'static str>,
    density: Density,
}

/// A finding in words.
struct Told<'a> {
    finding: &'a Finding,
    /// The databases that it is told of; none of logs.
    names: Vec<String>,
    /// What follows from another finding of the same database that is only named, where it harms others.
    and: Option<&'a str>,
    /// What mends it, where no way out says it.
    remedy: Option<&'a Paragraph>,
}

/// A finding, and where it was made.
struct Place<'a> {
    finding: &'a Finding,
    line: Option<&'a Line>,
}

/// Of many findings those of several databases told once, in the words of the first.
fn each_once(all: Vec<Told>) -> Vec<Told> {
    let mut once: Vec<Told> = Vec::new();
    for told in all {
        let alike = once.iter_mut().find(|one| {
            one.finding.id == told.finding.id && one.finding.severity == told.finding.severity
        });
        match alike {
            Some(one) if !told.names.is_empty() => one.names.extend(told.names),
            _ => once.push(told),
        }
    }
    once
}

/// Findings that follow from others, or are said by the table.
const FOLLOWS: [(FindingId, &[FindingId]); 3] = {
    use FindingId::*;
    const IMPOSSIBLE: &[FindingId] = &[FullBackupGenInvalid, IncrementalBackupGenInvalid];
    [
        (NextIncrementalFails, IMPOSSIBLE),
        (NextFullTruncates, IMPOSSIBLE),
        (LogGap, &[RequiredLogMissing]),
    ]
};

impl<'a> Shown<'a> {
    pub fn of(report: &'a Report, overview: &'a Overview, density: Density) -> Self {
        let places = places(report, overview);
        let (mut told, mut named): (Vec<&Place>, Vec<&Place>) =
            places.iter().partition(|place| !is_only_named(place, &places));
        // What is good to know has room where there is nothing worse.
        if told.is_empty() {
            (told, named) = named.into_iter().partition(|place| is_info(place));
        }
        let rank = |place: &Place| place.line.map(|line| Reverse(line.verdict.id));
        told.sort_by_key(|place| (place.finding.severity, rank(place)));
        let mut names: Vec<&'static str> = Vec::new();
        for name in named.iter().map(|place| place.finding.id.name()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let told = told.into_iter().map(|place| Told::of(place, &places, report)).collect();
        let told = if places.len() > MOST_FINDINGS { each_once(told) } else { told };
        Self { told, named: names, density }
    }
}

/// All findings, those of databases first.
fn places<'a>(report: &'a Report, overview: &'a Overview) -> Vec<Place<'a>> {
    let of_databases = report.databases.iter().enumerate().flat_map(|(index, database)| {
        let line = overview.lines.iter().find(|line| line.database == Some(index));
        database.findings.iter().map(move |finding| Place { finding, line })
    });
    let of_logs = report.findings.iter().map(|finding| Place { finding, line: None });
    of_databases.chain(of_logs).collect()
}

/// Whether it follows from another finding, is said by the table, or is only good to know.
fn is_only_named(place: &Place, all: &[Place]) -> bool {
    let id = place.finding.id;
    if is_info(place) {
        return true;
    }
    let same_file = |other: &&Place| id == FindingId::LogGap || is_of_one(place, other);
    let is_there = |ids: &[FindingId]| {
        all.iter().filter(same_file).any(|other| ids.contains(&other.finding.id))
    };
    if id == FindingId::DirtyShutdown {
        let verdict = place.line.map(|line| line.verdict.id);
        return matches!(verdict, Some(VerdictId::NeedsRecovery))
            || all.iter().any(|other| is_other_error(place, other));
    }
    FOLLOWS.iter().any(|(follows, from)| *follows == id && is_there(from))
}

fn is_info(place: &Place) -> bool {
    place.finding.severity == Severity::Info
}

fn is_of_one(one: &Place, other: &Place) -> bool {
    one.line.map(|line| line.database) == other.line.map(|line| line.database)
}

/// Another error of the database, or one of the logs: the state alone tells nothing more.
fn is_other_error(one: &Place, other: &Place) -> bool {
    other.finding.severity == Severity::Error
        && other.finding.id != one.finding.id
        && (is_of_one(one, other) || other.line.is_none())
}

impl<'a> Told<'a> {
    fn of(place: &Place<'a>, all: &[Place<'a>], report: &'a Report) -> Self {
        let finding = place.finding;
        let is_alone = report.databases.len() == 1;
        let and = all.iter().find(|other| {
            other.finding.id == FindingId::NextFullTruncates
                && is_of_one(place, other)
                && finding.id != other.finding.id
                && finding.severity == Severity::Error
                && !is_alone
        });
        let has_way_out = !report.way_out.is_empty() && finding.severity == Severity::Error;
        Self {
            finding,
            names: place.line.map(Line::name).into_iter().collect(),
            and: and.map(|other| other.finding.consequence.as_str()),
            remedy: (!has_way_out).then_some(&finding.remedy),
        }
    }

    fn title(&self) -> String {
        format!("{}: {}", self.finding.severity.name(), self.finding.id.name())
    }

    /// ` (priv1.edb)`, ` (priv1.edb and 3 more)`.
    fn in_brackets(&self) -> String {
        match self.names.as_slice() {
            [] => String::new(),
            [only] => format!(" ({only})"),
            [first, rest @ ..] => format!(" ({first} and {} more)", rest.len()),
        }
    }

    /// Its sentences in the order of their worth; of each part those behind the first that finds no room are left
    /// out.
    fn parts(&self, folders: &Folders) -> [Vec<String>; 3] {
        let Finding { message, consequence, .. } = self.finding;
        let mut message = sentences(&capital(folders.left_out_of(message)));
        if let Some(last) = message.last_mut().filter(|last| !last.ends_with('.')) {
            last.push('.');
        }
        let and = self.and.and_then(|and| sentences(and).into_iter().next());
        [message, and.into_iter().collect(), sentences(&folders.left_out_of(consequence))]
    }

    /// As much of it as `fits`; the first sentence in any case.
    fn words(&self, folders: &Folders, fits: impl Fn(&str) -> bool) -> String {
        let mut text = String::new();
        for part in self.parts(folders) {
            for sentence in part {
                let longer = if text.is_empty() { sentence } else { format!("{text} {sentence}") };
                if !text.is_empty() && !fits(&longer) {
                    break;
                }
                text = longer;
            }
        }
        text
    }
}

/// With a capital at its beginning, unless that is a name.
fn capital(text: String) -> String {
    let first = text.split(' ').next().unwrap_or_default();
    let is_word = first.chars().all(|c| c.is_ascii_lowercase());
    match text.chars().next() {
        Some(c) if is_word => c.to_uppercase().chain(text.chars().skip(1)).collect(),
        _ => text,
    }
}

/// The sentences of a text.
fn sentences(text: &str) -> Vec<String> {
    let mut all: Vec<String> = text.split(". ").map(|part| format!("{part}.")).collect();
    if let Some(last) = all.last_mut() {
        last.pop();
    }
    all
}

impl Page {
    pub(super) fn found(&mut self, shown: &Shown, folders: &Folders) {
        let also = shown.named.join(", ");
        let joined = self.title_with(shown, &also);
        for told in shown.told.iter().take(MOST_FINDINGS) {
            self.blank();
            match &joined {
                Some(names) => self.title(told, names),
                None => self.title(told, &told.in_brackets()),
            }
            self.told(told, folders, shown.density);
        }
        self.more_of(shown.told.len(), MOST_FINDINGS);
        if also.is_empty() || joined.is_some() {
            return;
        }
        if shown.told.is_empty() {
            self.blank();
        }
        self.words(2, "also: ", also);
    }

    /// Where there is little room, the names of the others stand behind the title of an only finding.
    fn title_with(&self, shown: &Shown, also: &str) -> Option<String> {
        let [only] = shown.told.as_slice() else { return None };
        let names = format!("{}; also {also}", only.in_brackets());
        let fits = 2 + only.title().len() + names.chars().count() <= self.style.width;
        (shown.density.is_tight() && fits && !also.is_empty()).then_some(names)
    }

    /// As many sentences as there is room for, and what mends it.
    fn told(&mut self, told: &Told, folders: &Folders, density: Density) {
        let room = self.style.width.saturating_sub(4);
        let remedy = told.remedy.filter(|remedy| !remedy.is_empty());
        // A command takes a line, words as many as they need.
        let for_remedy = remedy.map_or(0, |remedy| match remedy {
            Paragraph::Command(_) => 1,
            Paragraph::Words(words) => textwrap::wrap(words, room).len().min(2),
        });
        // What harms others is not left out.
        let density = if told.and.is_some() { Density::Roomy } else { density };
        let lines = density.lines_of_a_finding();
        let for_words = lines.saturating_sub(1 + for_remedy).max(1);
        let text = told.words(folders, |text| textwrap::wrap(text, room).len() <= for_words);
        self.words(4, "", text);
        if let Some(remedy) = remedy {
            self.paragraph(4, "", remedy);
        }
    }

    /// `error: log-gap`, with names behind it.
    fn title(&mut self, told: &Told, names: &str) {
        let title = self.painted(told.title(), colour(told.finding.severity));
        let title = Ink::from("  ") + title;
        if 2 + told.title().len() + names.chars().count() <= self.style.width {
            return self.line(title + names);
        }
        self.line(title);
        self.words(3, "", names);
    }
}
