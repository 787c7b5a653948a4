//! The table of all refusals.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Goes on where the kernel grants no lease.
pub const ALLOW_UNPROVEN_LOCK: &str = "--allow-unproven-lock";

/// Goes on without a database that the logs name; followed by the random number of its signature.
pub const ALLOW_GROUP_INCOMPLETE: &str = "--allow-group-incomplete";

/// Goes on though the logs hold what a database lacks.
pub const ALLOW_OLDER_DATABASE: &str = "--allow-older-database";

/// Goes on where another user can write to the folder of the backup, or of an operation.
pub const ALLOW_SHARED_BACKUP_DIR: &str = "--allow-shared-backup-dir";

/// Goes on where the folder of the backup is in memory.
pub const ALLOW_BACKUP_IN_MEMORY: &str = "--allow-backup-in-memory";

/// Goes on where the current log may not be the newest that there was.
pub const ALLOW_NEWEST_LOG_DOUBTFUL: &str = "--allow-newest-log-doubtful";

/// Writes a header in Dirty Shutdown where there are nothing but pages.
pub const DIRTY_FOR_REPAIR: &str = "--dirty-for-repair";

/// Says which database of the logs a file is; followed by its path there.
pub const NAME_IN_LOGS: &str = "--name-in-logs";

/// Makes [`RefusalId`] of the rows: id, name, guard or failure, and the flag that overrides it.
macro_rules! refusals {
    ($($id:ident $name:tt $kind:ident $flag:expr;)*) => {
        /// The stable id of a refusal. Scripts rely on these names; `docs/guards.md` has a section on each.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
        )]
        #[non_exhaustive]
        #[allow(missing_docs)] // docs/guards.md describes each
        pub enum RefusalId {
            $(#[serde(rename = $name)] $id,)*
        }

        impl RefusalId {
            /// Every refusal, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$id),*];

            const fn row(self) -> Row {
                match self {
                    $(Self::$id => Row {
                        name: $name,
                        kind: Kind::$kind,
                        overridden_by: $flag,
                    },)*
                }
            }
        }
    };
}

refusals! {
    // id                name                     kind     overridden by
    NotFound             "not-found"              Failure  None;
    NotEse               "not-ese"                Guard    None;
    NotADatabase         "not-a-database"         Guard    None;
    NotARegularFile      "not-a-regular-file"     Guard    None;
    Truncated            "truncated"              Guard    None;
    UnsupportedFormat    "unsupported-format"     Guard    None;
    HeaderUnreadable     "header-unreadable"      Guard    None;
    DirtyShutdown        "dirty-shutdown"         Guard    None;
    InUse                "in-use"                 Guard    None;
    InUseUnproven        "in-use-unproven"        Guard    Some(ALLOW_UNPROVEN_LOCK);
    BackupInProgress     "backup-in-progress"     Guard    None;
    ShadowingDisabled    "shadowing-disabled"     Guard    None;
    ReadOnly             "read-only"              Guard    None;
    NoSpace              "no-space"               Guard    None;
    BackupDirUnusable    "backup-dir-unusable"    Guard    None;
    BackupDirShared      "backup-dir-shared"      Guard    Some(ALLOW_SHARED_BACKUP_DIR);
    BackupInMemory       "backup-in-memory"       Guard    Some(ALLOW_BACKUP_IN_MEMORY);
    OperationPending     "operation-pending"      Guard    None;
    ChangedSinceSurvey   "changed-since-survey"   Guard    None;
    ConfirmationNeeded   "confirmation-needed"    Guard    None;
    LogFileUnusable      "log-file-unusable"      Guard    None;
    EvidenceUnsuitable   "evidence-unsuitable"    Guard    None;
    BackupDamaged        "backup-damaged"         Guard    None;
    JournalDamaged       "journal-damaged"        Guard    None;
    DatabaseChanged      "database-changed"       Guard    None;
    NotAnOperation       "not-an-operation"       Guard    None;
    HeaderDamaged        "header-damaged"         Guard    None;
    GroupIncomplete      "group-incomplete"       Guard    Some(ALLOW_GROUP_INCOMPLETE);
    DatabaseOlderThanLogs "database-older-than-logs" Guard Some(ALLOW_OLDER_DATABASE);
    LogSignatureMismatch "log-signature-mismatch" Guard    None;
    RestorePending       "restore-pending"        Guard    None;
    MixedPrefixes        "mixed-prefixes"         Guard    None;
    StreamFileMissing    "stream-file-missing"    Guard    None;
    NewLogStream         "new-log-stream"         Guard    None;
    HeaderStillValid     "header-still-valid"     Guard    None;
    PageSizeUnknown      "page-size-unknown"      Guard    None;
    RootPageLost         "root-page-lost"         Guard    None;
    BadPages             "bad-pages"              Guard    None;
    LogsNotWhole         "logs-not-whole"         Guard    None;
    NewestLogDoubtful    "newest-log-doubtful"    Guard    Some(ALLOW_NEWEST_LOG_DOUBTFUL);
    DatabaseNotInLogs    "database-not-in-logs"   Guard    Some(NAME_IN_LOGS);
    TwinDatabase         "twin-database"          Guard    Some(NAME_IN_LOGS);
    PagesContradictLogs  "pages-contradict-logs"  Guard    None;
    FlushMapContradicts  "flush-map-contradicts"  Guard    None;
    StreamingFileUnproven "streaming-file-unproven" Guard  None;
    NothingButPages      "nothing-but-pages"      Guard    Some(DIRTY_FOR_REPAIR);
    Interrupted          "interrupted"            Failure  None;
    IoError              "io-error"               Failure  None;
    TargetNotEmpty       "target-not-empty"       Failure  None;
    Usage                "usage"                  Failure  None;
}

/// What the table says of one refusal.
struct Row {
    name: &'static str,
    kind: Kind,
    overridden_by: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A promise of `SAFETY.md` forbids it.
    Guard,
    /// It could not be done.
    Failure,
}

impl RefusalId {
    /// The id as it is printed.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Whether a guard of the contract refused; the others are failures.
    pub fn is_guard(self) -> bool {
        self.row().kind == Kind::Guard
    }

    /// The flag that overrides it, where there is one.
    pub fn overridden_by(self) -> Option<&'static str> {
        self.row().overridden_by
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_name_is_the_serialised_one() {
        for &id in RefusalId::ALL {
            assert_eq!(serde_json::to_value(id).unwrap(), id.name());
        }
    }

    #[test]
    fn the_names_are_those_of_the_variants() {
        for &id in RefusalId::ALL {
            let words = id.name().split('-').map(|word| word[..1].to_uppercase() + &word[1..]);
            assert_eq!(words.collect::<String>(), format!("{id:?}"));
        }
    }

    #[test]
    fn the_page_of_the_guards_names_each_that_can_be_overridden_and_its_section_the_flag() {
        let page = include_str!("../../docs/guards.md");
        let (head, _) = page.split_once("\n# Guards\n").unwrap();
        for &id in RefusalId::ALL {
            let named = head.contains(&format!("[{0}](#{0})", id.name()));
            assert_eq!(named, id.overridden_by().is_some(), "{}", id.name());
            let (_, section) = page.split_once(&format!("\n## {}\n", id.name())).unwrap();
            let section = section.split("\n## ").next().unwrap();
            assert!(id.overridden_by().is_none_or(|flag| section.contains(flag)), "{}", id.name());
        }
    }
}
