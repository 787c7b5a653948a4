//! What happened to the databases of a practice storage group, and where in its log stream.

use super::attachment::Attachment;
use super::log_body::Filling;
use super::log_records::{attach, detach, full_backup, shutdown};
use super::logs::{Entry, HEADER_SECTORS, LogContents, signed};
use super::{Moment, Recipe};
use crate::ese::LgPos;
use crate::ese::log_body::CHECKSUM_RECORD_BYTES;

/// Ids of the databases: the private store, then the public one.
const BOTH: Filling = Filling::Changes(&[1, 2]);

/// The private store alone.
const PRIVATE: Filling = Filling::Changes(&[1]);

/// Bytes from the last detach to the mark of the shutdown, as in a real log of Windows 2003; more
/// where the names are longer.
const DETACH_BYTES: usize = 0x51;

/// The moments of the story. The logs have no record of the engine's start: it would not fit in front
/// of the first attach.
pub(super) struct History {
    pub private_attach: Moment,
    pub public_attach: Moment,
    pub public_backup: Moment,
    pub private_backup: Moment,
    pub public_detach: Moment,
    pub private_detach: Moment,
}

impl History {
    pub(super) fn of(recipe: &Recipe) -> Self {
        let moment = |generation, sectors_in, offset, seconds| {
            let sector = HEADER_SECTORS + sectors_in;
            let pos = LgPos { generation: signed(generation), sector, offset };
            Moment { pos, time: recipe.log_time(generation, seconds) }
        };
        let current = recipe.current_generation;
        Self {
            private_attach: moment(1, 1, 0x1c, 4),
            public_attach: moment(1, 2, 0xc4, 9),
            public_backup: moment(2, 5, 0x8c, 2400),
            private_backup: moment(current - 1, 6, 0x10c, 2500),
            public_detach: moment(current, 3, 0x12c, 1210),
            private_detach: moment(current, 4, 0x7b, 1212),
        }
    }

    /// Position of the mark of the shutdown, behind the last detach.
    pub(super) fn shutdown(&self, attached: &[Attachment]) -> LgPos {
        let detach_bytes = attached.first().map_or(0, |private| detach(private).len());
        let bytes = detach_bytes.max(DETACH_BYTES);
        let last = self.private_detach.pos;
        LgPos { offset: last.offset + u16::try_from(bytes).unwrap_or(u16::MAX), ..last }
    }

    /// What the log of a generation says; `attached` has the private store, then the public one.
    pub(super) fn contents(
        &self,
        recipe: &Recipe,
        generation: u32,
        attached: &[Attachment],
    ) -> LogContents {
        let is_current = generation == recipe.current_generation;
        let mut entries = self.entries(recipe, attached);
        entries.retain(|entry| entry.at.generation == signed(generation));
        LogContents {
            filling: if generation == 1 { Filling::Notes } else { BOTH },
            entries,
            last_sector: is_current.then_some(self.private_detach.pos.sector),
        }
    }

    /// Every record that matters, in its order.
    fn entries(&self, recipe: &Recipe, attached: &[Attachment]) -> Vec<Entry> {
        let [private, public] = attached else { return Vec::new() };
        let log_signature = recipe.log_signature();
        let entry = |at, record, filling| Entry { at, record, filling };
        let mark = self.shutdown(attached);
        let behind_mark = LgPos { offset: mark.offset + 1, ..mark };
        let first = LgPos {
            generation: 1,
            sector: HEADER_SECTORS,
            offset: u16::try_from(CHECKSUM_RECORD_BYTES).unwrap_or(u16::MAX),
        };
        let [shut_down_mark, end] = shutdown(first, self.private_detach);
        vec![
            entry(self.private_attach.pos, attach(private, log_signature), PRIVATE),
            entry(self.public_attach.pos, attach(public, log_signature), BOTH),
            entry(self.public_backup.pos, full_backup(), BOTH),
            entry(self.private_backup.pos, full_backup(), BOTH),
            entry(self.public_detach.pos, detach(public), PRIVATE),
            entry(self.private_detach.pos, detach(private), Filling::Notes),
            entry(mark, shut_down_mark, Filling::Notes),
            entry(behind_mark, end, Filling::Notes),
        ]
    }
}
