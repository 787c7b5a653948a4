//! What is known of a header that is lost, where its pages and its logs were read for it.

use crate::ese::DbHeader;
use crate::show::Paragraph;

/// The answer of a rebuild that writes nothing.
#[derive(Clone)]
pub struct LostHeader {
    /// How much is proven.
    pub case: LostCase,
    /// That, in words.
    pub in_words: String,
    /// What to do about it.
    pub remedy: Paragraph,
}

/// How much of a lost header is proven.
#[derive(Clone)]
pub enum LostCase {
    /// All that counts: this header would be written.
    Proven(Box<DbHeader>),
    /// Nothing, and there are pages: a header for a hard repair can be written.
    PagesOnly,
    /// Something stands against any header.
    Unproven,
}

impl LostHeader {
    /// The header that would be written.
    pub fn header(&self) -> Option<&DbHeader> {
        match &self.case {
            LostCase::Proven(header) => Some(header),
            LostCase::PagesOnly | LostCase::Unproven => None,
        }
    }
}
