//! The report as one page that needs nothing beside it: no script, no network. It is read in the light, in the
//! dark, on a phone, on paper, and by a screen reader.
//!
//! Whatever comes from a file, a path or a library is [`shown`](crate::show::shown), and the macro escapes it.

mod databases;
mod deed;
mod drawing;
mod fields;
mod findings;
mod frame;
mod head;
mod headers;
#[cfg(test)]
pub(super) mod judge;
mod logs;
mod moves;
mod next;
mod parts;
mod run;
#[cfg(test)]
mod tests;

use super::Report;

/// What stands in the place of a report until the run has ended.
pub fn unfinished_page() -> String {
    frame::unfinished().into_string()
}

impl Report {
    /// The report as one page for a browser (`docs/html.md`): it fetches nothing, and runs nothing.
    pub fn to_html(&self) -> String {
        let sections = [
            databases::section(self),
            logs::section(self),
            findings::section(self),
            deed::section(self),
            next::section(self),
            run::section(self),
            headers::section(self),
        ];
        let sections: Vec<_> = sections.into_iter().flatten().collect();
        frame::page(self, &sections).into_string()
    }
}
