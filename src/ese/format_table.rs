//! Which format a database gets from the engine that writes a log.
//!
//! Source: `dev/ese/src/ese/sysver.cxx`, the table of engine format versions; for the engines before it the
//! headers of real files.

use super::LogVersion;

/// Format of a database: revision, and its second number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DbRevision {
    /// u32 at offset 232 of a header.
    pub major: u32,
    /// u32 at offset 644.
    pub minor: u32,
}

/// The first revision with an ECC checksum on each page.
pub const FIRST_REVISION_WITH_ECC: u32 = 0xb;

/// The first revision with pages of more than 8 KiB.
pub const FIRST_REVISION_WITH_LARGE_PAGES: u32 = 0x11;

/// The revision in which all later engines create a database, to raise it right after.
pub const CREATION_REVISION: u32 = 0x14;

/// A row of the table: engine, revision of its databases with second number, third and fourth number of the
/// version 8.4000 of its logs.
type Row = (u32, u32, u32, u32, u32);

/// From the engine on that raises formats by a record. Before it, all have [`CREATION_REVISION`].
const ROWS: [Row; 33] = [
    (8940, 20, 20, 6, 20),
    (8960, 30, 40, 6, 20),
    (8980, 40, 60, 7, 40),
    (9000, 50, 80, 7, 40),
    (9020, 50, 100, 7, 40),
    (9040, 60, 120, 20, 60),
    (9060, 60, 140, 20, 60),
    (9080, 70, 160, 20, 60),
    (9100, 80, 180, 30, 80),
    (9120, 90, 200, 40, 100),
    (9140, 100, 220, 50, 120),
    (9160, 100, 220, 60, 140),
    (9180, 110, 240, 60, 140),
    (9200, 120, 260, 60, 140),
    (9220, 130, 280, 60, 140),
    (9240, 140, 300, 60, 140),
    (9260, 150, 320, 60, 140),
    (9280, 160, 340, 60, 140),
    (9300, 160, 360, 60, 140),
    (9320, 160, 360, 70, 160),
    (9340, 170, 380, 80, 180),
    (9360, 180, 400, 90, 200),
    (9380, 190, 420, 90, 200),
    (9400, 200, 440, 90, 200),
    (9420, 210, 460, 100, 220),
    (9460, 230, 500, 100, 220),
    (9480, 230, 500, 110, 240),
    (9500, 230, 500, 120, 260),
    (9520, 250, 520, 120, 260),
    (9540, 260, 540, 120, 260),
    (9560, 270, 560, 120, 260),
    (9580, 280, 580, 130, 280),
    (9600, 290, 600, 130, 280),
];

/// The revision of a database that is attached by the engine which writes logs of this version. `engine` is the
/// engine format version that the log header names, 0 where it names none. The result may be too low, which an
/// engine mends by itself, but is never above that engine.
pub fn revision_by_log(version: LogVersion, engine: u32) -> DbRevision {
    let plain = |major| DbRevision { major, minor: 0 };
    if !version.is_segmented() {
        return plain(match version.update_major {
            0..=6 => 9,
            7..=9 => FIRST_REVISION_WITH_ECC,
            10..=13 => 0xc,
            _ => FIRST_REVISION_WITH_LARGE_PAGES,
        });
    }
    let update = (version.update_major, version.update_minor);
    let knows = |row: &&Row| (row.3, row.4) <= update && (engine == 0 || row.0 <= engine);
    let reached = ROWS.iter().rfind(knows);
    reached.map_or(plain(CREATION_REVISION), |row| DbRevision { major: row.1, minor: row.2 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_revisions_of_real_logs() {
        let new = |update_major, update_minor| LogVersion {
            major: 8,
            minor: 4000,
            update_major,
            update_minor,
        };
        let of = |version, engine| {
            let DbRevision { major, minor } = revision_by_log(version, engine);
            (major, minor)
        };
        assert_eq!(of(LogVersion::EXCHANGE_2003, 0), (9, 0));
        assert_eq!(of(new(5, 16), 9180), (0x14, 0));
        assert_eq!(of(new(20, 60), 9600), (0x46, 160));
        assert_eq!(of(new(60, 140), 9180), (0x6e, 240));
        assert_eq!(of(new(90, 200), 9360), (0xb4, 400));
        assert_eq!(of(new(90, 200), 9400), (0xc8, 440));
        assert_eq!(of(new(130, 280), 9600), (0x122, 600));
        assert_eq!(of(new(999, 0), 0), (0x122, 600));
    }
}
