//! The next full backup, from the pages of the databases where all were read.

use crate::show::shown;
use crate::survey::{BadPage, BadPageKind, DatabaseFacts, PageFacts};

use super::super::instance::Instance;
use super::Forecast;
use super::short::name_of;

/// Whether all pages of all databases were read.
pub(super) fn were_read(instance: &Instance) -> bool {
    !instance.databases.is_empty()
        && instance.databases.iter().all(|member| member.facts.pages.is_some())
}

/// The first page that ends the backup of its database.
pub(super) fn failure(instance: &Instance) -> Option<Forecast> {
    let read = instance
        .databases
        .iter()
        .filter_map(|member| Some((member.facts, member.facts.pages.as_deref()?)));
    read.filter_map(|(facts, pages)| bad_page(facts, pages).or_else(|| lost_page(facts, pages)))
        .next()
}

fn bad_page(facts: &DatabaseFacts, pages: &PageFacts) -> Option<Forecast> {
    // What one flipped bit did, the engine corrects as it reads. The header copies are not among its pages.
    let ends_it = |page: &&BadPage| page.number > 0 && !page.correctable;
    let page = pages.bad.iter().find(ends_it)?;
    let (error, event, what) = match page.kind {
        BadPageKind::Unreadable => (-1022, 481, "cannot be read"),
        BadPageKind::Checksum => (-1018, 474, "has a wrong checksum"),
        BadPageKind::PageNumber => (-1018, 475, "is another page"),
    };
    let message = format!(
        "It reads {}, and page {} at offset {} {what}.",
        shown(&facts.path),
        page.number,
        page.offset
    );
    let in_short = format!("page {} of {} {what}", page.number, name_of(&facts.path));
    Some(Forecast::fails(error, Some(event), message).in_short(in_short).at(&facts.path))
}

fn lost_page(facts: &DatabaseFacts, pages: &PageFacts) -> Option<Forecast> {
    let lost = pages.lost?;
    let message = format!(
        "It reads {}, and page {} is empty or missing, though the flush map knows that it was written.",
        shown(&facts.path),
        lost.first
    );
    let in_short = format!("page {} of {} is lost", lost.first, name_of(&facts.path));
    Some(Forecast::fails(-1119, Some(544), message).in_short(in_short).at(&facts.path))
}
