//! A report as JSON. It may be large, so it is written piece by piece.

use std::io::{self, Write};

use super::Document;

/// Writes one JSON object and a line break.
pub fn write_json(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    writeln!(out)
}
