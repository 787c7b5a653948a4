//! What a record is: its first byte.
//!
//! Source: `dev/ese/src/inc/logapi.hxx`; the numbers hold for all formats.

use std::fmt;

/// Type of a record, as stored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKind(pub u8);

/// The names of the engine, by number; empty where none is known.
const NAMES: [&str; 102] = [
    "NOP",
    "Init",
    "Term",
    "MS",
    "End",
    "Begin",
    "Commit",
    "Rollback",
    "Begin0",
    "Commit0",
    "Refresh",
    "MacroBegin",
    "MacroCommit",
    "MacroAbort",
    "CreateDB",
    "AttachDB",
    "DetachDB",
    "RecoveryUndo",
    "RecoveryQuit",
    "FullBackup",
    "IncBackup",
    "JetOp",
    "Trace",
    "ShutDownMark",
    "CreateMultipleExtentFDP",
    "CreateSingleExtentFDP",
    "ConvertFDP",
    "Split",
    "Merge",
    "Insert",
    "FlagInsert",
    "FlagInsertAndReplaceData",
    "FlagDelete",
    "Replace",
    "ReplaceD",
    "Delete",
    "UndoInfo",
    "Delta",
    "SetExternalHeader",
    "Undo",
    "SLVPageAppend",
    "SLVSpace",
    "Checksum",
    "SLVPageMove",
    "ForceDetachDB",
    "ExtRestore",
    "Backup",
    "UpgradeDB",
    "EmptyTree",
    "Init2",
    "Term2",
    "RecoveryUndo2",
    "RecoveryQuit2",
    "BeginDT",
    "PrepCommit",
    "PrepRollback",
    "DbList",
    "ForceWriteLog",
    "ConvertFDP2",
    "ExtRestore2",
    "Backup2",
    "ForceLogRollover",
    "Split2",
    "Merge2",
    "Scrub",
    "PageMove",
    "PagePatchRequest",
    "MacroInfo",
    "ExtendDB",
    "CommitCtx",
    "ScanCheck",
    "NOP2",
    "ReAttach",
    "MacroInfo2",
    "FreeFDP",
    "Ignored9",
    "FragmentBegin",
    "Fragment",
    "ShrinkDB",
    "CreateDBFinish",
    "RecoveryQuitKeepAttachments",
    "TrimDB",
    "Ignored10",
    "Ignored11",
    "Ignored12",
    "Ignored13",
    "Ignored14",
    "Ignored15",
    "Ignored16",
    "Ignored17",
    "Ignored18",
    "Ignored19",
    "SetDbVersion",
    "Delta64",
    "ShrinkDB2",
    "NewPage",
    "RootPageMove",
    "SignalAttachDb",
    "ScanCheck2",
    "ShrinkDB3",
    "ExtentFreed",
    "ExtentFreed2",
];

/// Declares the numbers that the code speaks of.
macro_rules! kinds {
    ($($name:ident = $number:literal),* $(,)?) => {
        #[allow(missing_docs)] // the names are those of the engine
        impl RecordKind {
            $(pub const $name: Self = Self($number);)*
        }
    };
}

kinds! {
    NOP = 0, INIT = 1, TERM = 2, CREATE_DB = 14, ATTACH_DB = 15, DETACH_DB = 16, RECOVERY_UNDO = 17,
    RECOVERY_QUIT = 18, FULL_BACKUP = 19, INC_BACKUP = 20, TRACE = 22, SHUT_DOWN_MARK = 23,
    CREATE_MULTIPLE_EXTENT_FDP = 24, CREATE_SINGLE_EXTENT_FDP = 25, CONVERT_FDP = 26, SPLIT = 27,
    MERGE = 28, INSERT = 29, FLAG_INSERT = 30, FLAG_INSERT_AND_REPLACE_DATA = 31, FLAG_DELETE = 32,
    REPLACE = 33, REPLACE_D = 34, DELETE = 35, UNDO_INFO = 36, DELTA = 37, SET_EXTERNAL_HEADER = 38,
    UNDO = 39, CHECKSUM = 42, EXT_RESTORE = 45, BACKUP = 46, EMPTY_TREE = 48, INIT_2 = 49, TERM_2 = 50,
    RECOVERY_UNDO_2 = 51, RECOVERY_QUIT_2 = 52, CONVERT_FDP_2 = 58, EXT_RESTORE_2 = 59, BACKUP_2 = 60,
    SPLIT_2 = 62, MERGE_2 = 63, SCRUB = 64, PAGE_MOVE = 65, EXTEND_DB = 68, SCAN_CHECK = 70, NOP_2 = 71,
    RE_ATTACH = 72, FRAGMENT_BEGIN = 76, FRAGMENT = 77, SHRINK_DB = 78, CREATE_DB_FINISH = 79,
    RECOVERY_QUIT_KEEP_ATTACHMENTS = 80, TRIM_DB = 81, SET_DB_VERSION = 92, DELTA_64 = 93,
    SHRINK_DB_2 = 94, NEW_PAGE = 95, SIGNAL_ATTACH_DB = 97, SCAN_CHECK_2 = 98, SHRINK_DB_3 = 99,
    EXTENT_FREED = 100, EXTENT_FREED_2 = 101,
}

impl RecordKind {
    /// Whether the record changes one page of one database, and begins with a page head.
    pub fn is_page_change(self) -> bool {
        matches!(self.0, 24..=39 | 48 | 58 | 62..=65 | 93)
    }

    /// Whether it tells of databases as a whole, of the engine or of backups, and not of pages and
    /// transactions.
    pub fn is_notable(self) -> bool {
        matches!(
            self,
            Self::INIT
                | Self::TERM
                | Self::CREATE_DB
                | Self::ATTACH_DB
                | Self::DETACH_DB
                | Self::RECOVERY_UNDO
                | Self::RECOVERY_QUIT
                | Self::FULL_BACKUP
                | Self::INC_BACKUP
                | Self::TRACE
                | Self::SHUT_DOWN_MARK
                | Self::EXT_RESTORE
                | Self::BACKUP
                | Self::INIT_2
                | Self::TERM_2
                | Self::RECOVERY_UNDO_2
                | Self::RECOVERY_QUIT_2
                | Self::EXT_RESTORE_2
                | Self::BACKUP_2
                | Self::RE_ATTACH
                | Self::SHRINK_DB
                | Self::CREATE_DB_FINISH
                | Self::RECOVERY_QUIT_KEEP_ATTACHMENTS
                | Self::TRIM_DB
                | Self::SET_DB_VERSION
                | Self::SHRINK_DB_2
                | Self::SIGNAL_ATTACH_DB
                | Self::SHRINK_DB_3
        )
    }

    /// Whether it is without meaning: fill, or a checksum.
    pub fn is_filler(self) -> bool {
        matches!(self, Self::NOP | Self::NOP_2 | Self::CHECKSUM)
    }
}

/// `Term2`; `type 200` where the engine has no name.
impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.get(usize::from(self.0)) {
            Some(name) => f.write_str(name),
            None => write!(f, "type {}", self.0),
        }
    }
}

impl fmt::Debug for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_at_their_numbers() {
        for (kind, name) in [
            (RecordKind::NOP, "NOP"),
            (RecordKind::UNDO, "Undo"),
            (RecordKind::CHECKSUM, "Checksum"),
            (RecordKind::BACKUP_2, "Backup2"),
            (RecordKind::FRAGMENT, "Fragment"),
            (RecordKind::SET_DB_VERSION, "SetDbVersion"),
            (RecordKind::EXTENT_FREED_2, "ExtentFreed2"),
            (RecordKind(102), "type 102"),
        ] {
            assert_eq!(kind.to_string(), name);
        }
    }
}
