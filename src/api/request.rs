//! What can be asked for. Each has the defaults of its command.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use crate::apply::{Terms, Wish};
use crate::diagnose::FindingId;
use crate::guards::BackupTerms;
use crate::plan::{BackupScope, VerifyScope};
use crate::refusal::{ALLOW_BACKUP_IN_MEMORY, ALLOW_SHARED_BACKUP_DIR, ALLOW_UNPROVEN_LOCK};

/// Where the parts of a storage group are: Exchange keeps them on different disks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    pub log_dir: Option<PathBuf>,
    pub system_dir: Option<PathBuf>,
}

/// Who answers for a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Consent {
    /// Whoever made the request.
    #[default]
    Given,
    /// A person, who will be shown the plan; or nobody, since it is only shown.
    AfterTheQuestion,
    /// Nobody: there is no terminal to ask on. A guard refuses.
    Missing,
}

/// What every change is asked for with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guarded {
    pub backup_dir: Option<PathBuf>,
    pub allow_unproven_lock: bool,
    pub backup_terms: BackupTerms,
    pub consent: Consent,
}

impl Guarded {
    /// The guards that are overridden, by their flag.
    pub fn overrides(&self) -> Vec<String> {
        let BackupTerms { allow_shared, allow_in_memory } = self.backup_terms;
        let flags = [
            (self.allow_unproven_lock, ALLOW_UNPROVEN_LOCK),
            (allow_shared, ALLOW_SHARED_BACKUP_DIR),
            (allow_in_memory, ALLOW_BACKUP_IN_MEMORY),
        ];
        let given = flags.into_iter().filter(|(is_given, _)| *is_given);
        given.map(|(_, flag)| flag.to_owned()).collect()
    }

    /// How the change may be done, with its operation folder in `backup_dir`.
    pub fn terms(&self, backup_dir: PathBuf) -> Terms {
        let Self { allow_unproven_lock, backup_terms, .. } = *self;
        Terms { backup_dir, allow_unproven_lock, backup_terms }
    }
}

/// Methods that the requests of all changes have.
macro_rules! guarded {
    () => {
        /// Where the operation folder goes. Default: a folder `edbmend` beside the database or the logs.
        pub fn backup_dir(mut self, dir: impl Into<PathBuf>) -> Self {
            self.guarded.backup_dir = Some(dir.into());
            self
        }

        /// Goes on where the file system cannot prove that nobody else has the files open. Use it only
        /// when the store is certainly dismounted.
        pub fn allow_unproven_lock(mut self, allow: bool) -> Self {
            self.guarded.allow_unproven_lock = allow;
            self
        }

        /// Goes on where another user can write to the backup folder, or owns it. Who can write there can
        /// decide what is written.
        pub fn allow_shared_backup_dir(mut self, allow: bool) -> Self {
            self.guarded.backup_terms.allow_shared = allow;
            self
        }

        /// Goes on where the backup folder is in memory, and gone when the machine stops.
        pub fn allow_backup_in_memory(mut self, allow: bool) -> Self {
            self.guarded.backup_terms.allow_in_memory = allow;
            self
        }
    };
}

/// Methods of requests that concern a storage group.
macro_rules! placed {
    () => {
        /// Where the transaction logs are. Default: the folder, or that of the database.
        pub fn log_dir(mut self, dir: impl Into<PathBuf>) -> Self {
            self.places.log_dir = Some(dir.into());
            self
        }

        /// Where the checkpoint is. Default: the folder of the logs.
        pub fn system_dir(mut self, dir: impl Into<PathBuf>) -> Self {
            self.places.system_dir = Some(dir.into());
            self
        }
    };
}

/// What [`check`](crate::check) is to look at: databases, and folders of storage groups.
///
/// ```
/// use edbmend::Check;
///
/// let group = Check::new("mdbdata").path("/mnt/more/priv2.edb").log_dir("/mnt/logs");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Check {
    pub(crate) paths: Vec<PathBuf>,
    pub(crate) databases: Vec<PathBuf>,
    pub(crate) places: Places,
    pub(crate) deep: bool,
    pub(crate) may_be_missing: Vec<u32>,
    pub(crate) recursive: bool,
}

impl Check {
    /// A database, or a folder (whose subfolders are not read).
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self::default().path(path)
    }

    /// One more.
    pub fn path(mut self, path: impl Into<PathBuf>) -> Self {
        self.paths.push(path.into());
        self
    }

    /// A database of the storage group that lies elsewhere.
    pub fn database(mut self, path: impl Into<PathBuf>) -> Self {
        self.databases.push(path.into());
        self
    }

    /// Reads all pages of the databases, and the bodies of all logs, and not only of those that the next mount
    /// reads. The forecasts of the backups then rest on them.
    pub fn deep(mut self, deep: bool) -> Self {
        self.deep = deep;
        self
    }

    /// Looks for groups in all folders below those that are named, too.
    pub fn recursive(mut self, recursive: bool) -> Self {
        self.recursive = recursive;
        self
    }

    /// Takes a group for whole though a database that its logs name is missing, by the random number of its
    /// signature: that store was deleted since.
    pub fn allow_missing(mut self, signature_random: u32) -> Self {
        self.may_be_missing.push(signature_random);
        self
    }

    placed!();
}

/// What [`verify`](crate::verify()) is to read: databases, logs, checkpoints, flush maps, whole folders, or the logs
/// of a base name (`logs/E00`). Of a streaming file only the header pages can be checked.
///
/// ```
/// use std::num::NonZero;
/// use edbmend::Verify;
///
/// let all = Verify::new("mdbdata/priv1.edb").path("mdbdata/E0000001.log").path("logs");
/// let gently = all.threads(NonZero::<usize>::MIN);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Verify {
    pub(crate) paths: Vec<PathBuf>,
    pub(crate) threads: Option<NonZeroUsize>,
}

impl Verify {
    /// A file, a folder (whose subfolders are not read), or the base name of logs.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self::default().path(path)
    }

    /// One more.
    pub fn path(mut self, path: impl Into<PathBuf>) -> Self {
        self.paths.push(path.into());
        self
    }

    /// One more database.
    pub fn database(self, path: impl Into<PathBuf>) -> Self {
        self.path(path)
    }

    /// How many threads read and check. Default: one for each processor.
    pub fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = Some(threads);
        self
    }
}

/// Whose operations [`list`](crate::list()) is to tell of.
///
/// ```
/// use edbmend::List;
///
/// let operations = List::new("mdbdata").path("/mnt/backup");
/// ```
#[derive(Clone, Debug, Default)]
pub struct List {
    pub(crate) paths: Vec<PathBuf>,
}

impl List {
    /// A folder, whose subfolders are not read but for `edbmend` in it; a database; or an operation folder.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self::default().path(path)
    }

    /// One more.
    pub fn path(mut self, path: impl Into<PathBuf>) -> Self {
        self.paths.push(path.into());
        self
    }
}

/// A change that [`plan`](crate::plan()) is to plan.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Request {
    /// Of the backup fields of a header.
    Repair(Repair),
    /// Of a header that both copies have lost.
    RebuildHeader(RebuildHeader),
    /// Of the place of the logs.
    ResetLogs(ResetLogs),
    /// Back to what was before an earlier one.
    Restore(Restore),
}

/// The repair of the backup fields of one database (KB946799), and of a damaged header copy.
///
/// ```
/// use edbmend::{BackupScope, Repair, VerifyScope};
///
/// let repair = Repair::new("priv1.edb")
///     .backup_dir("/mnt/backup")
///     .backup(BackupScope::Header)
///     .verify(VerifyScope::Full);
/// ```
#[derive(Clone, Debug)]
pub struct Repair {
    pub(crate) database: PathBuf,
    pub(crate) evidence: Option<PathBuf>,
    pub(crate) also: Vec<FindingId>,
    pub(crate) backup: BackupScope,
    pub(crate) verify: VerifyScope,
    pub(crate) scan_now: bool,
    pub(crate) places: Places,
    pub(crate) guarded: Guarded,
}

impl Repair {
    /// Clears the fields, as the engine itself does, after a full copy of the file.
    pub fn new(database: impl Into<PathBuf>) -> Self {
        Self {
            database: database.into(),
            evidence: None,
            also: Vec::new(),
            backup: BackupScope::default(),
            verify: VerifyScope::default(),
            scan_now: false,
            places: Places::default(),
            guarded: Guarded::default(),
        }
    }

    /// Takes the fields from an older header of the same database instead, where that meets every
    /// condition: a copy of the database, or the header image in an operation folder.
    pub fn from_header(mut self, evidence: impl Into<PathBuf>) -> Self {
        self.evidence = Some(evidence.into());
        self
    }

    /// Mends a finding of severity warning too: one of [`FindingId::repairable_warnings`].
    pub fn also(mut self, finding: FindingId) -> Self {
        self.also.push(finding);
        self
    }

    /// How much is copied before the first byte is written.
    pub fn backup(mut self, scope: BackupScope) -> Self {
        self.backup = scope;
        self
    }

    /// How much is verified.
    pub fn verify(mut self, scope: VerifyScope) -> Self {
        self.verify = scope;
        self
    }

    /// With [`VerifyScope::Full`]: reads all pages while it plans, for a plan that is only shown.
    /// [`apply`](crate::apply()) reads them in any case.
    pub fn scan_while_planning(mut self, scan: bool) -> Self {
        self.scan_now = scan;
        self
    }

    placed!();
    guarded!();
}

/// The rebuild of a header whose two copies are both destroyed, from the pages, the logs and older header copies.
///
/// The verdict is in `rebuild` of the database of the plan's report: only what is proven is written.
///
/// ```
/// use edbmend::RebuildHeader;
///
/// let rebuild = RebuildHeader::new("priv1.edb").log_dir("/mnt/logs").from_header("/mnt/backup/priv1.edb");
/// ```
#[derive(Clone, Debug)]
pub struct RebuildHeader {
    pub(crate) database: PathBuf,
    pub(crate) name_in_logs: Option<String>,
    pub(crate) evidence: Vec<PathBuf>,
    pub(crate) allow_newest_log_doubtful: bool,
    pub(crate) dirty_for_repair: bool,
    pub(crate) places: Places,
    pub(crate) guarded: Guarded,
}

impl RebuildHeader {
    /// Of a database that has its logs beside it, under the name that they know.
    pub fn new(database: impl Into<PathBuf>) -> Self {
        Self {
            database: database.into(),
            name_in_logs: None,
            evidence: Vec::new(),
            allow_newest_log_doubtful: false,
            dirty_for_repair: false,
            places: Places::default(),
            guarded: Guarded::default(),
        }
    }

    /// The path, or the name, that the logs have for it. Default: the name of the file.
    pub fn name_in_logs(mut self, name: impl Into<String>) -> Self {
        self.name_in_logs = Some(name.into());
        self
    }

    /// An older header as evidence: an operation folder, another copy of the database, a header image.
    pub fn from_header(mut self, evidence: impl Into<PathBuf>) -> Self {
        self.evidence.push(evidence.into());
        self
    }

    /// Goes on where the current log may not be the newest. What newer logs hold is lost then, in silence.
    pub fn allow_newest_log_doubtful(mut self, allow: bool) -> Self {
        self.allow_newest_log_doubtful = allow;
        self
    }

    /// Where there are nothing but pages: a header in Dirty Shutdown, with which `eseutil /p` works.
    pub fn dirty_for_repair(mut self, dirty: bool) -> Self {
        self.dirty_for_repair = dirty;
        self
    }

    placed!();
    guarded!();
}

/// The log reset of KB935634 for one storage group: all logs and the checkpoint of a log stream go to
/// the operation folder.
///
/// No file lists all databases of a storage group. Each that is found must therefore be named by
/// [`database`](Self::database), or a person must be asked.
///
/// ```
/// use edbmend::ResetLogs;
///
/// let reset = ResetLogs::new("mdbdata").database("mdbdata/priv1.edb").database("mdbdata/pub1.edb");
/// ```
#[derive(Clone, Debug)]
pub struct ResetLogs {
    pub(crate) dir: PathBuf,
    pub(crate) prefix: Option<String>,
    pub(crate) databases: Vec<PathBuf>,
    pub(crate) may_be_missing: Vec<u32>,
    pub(crate) allow_older_database: bool,
    pub(crate) places: Places,
    pub(crate) guarded: Guarded,
}

impl ResetLogs {
    /// Of the storage group in a folder.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            prefix: None,
            databases: Vec::new(),
            may_be_missing: Vec::new(),
            allow_older_database: false,
            places: Places::default(),
            guarded: Guarded::default(),
        }
    }

    /// Base name of the logs (`E00`), where the folder holds several.
    pub fn prefix(mut self, base: impl Into<String>) -> Self {
        self.prefix = Some(base.into());
        self
    }

    /// A database of the storage group; the caller answers for it that these are all.
    pub fn database(mut self, path: impl Into<PathBuf>) -> Self {
        self.databases.push(path.into());
        self
    }

    /// The caller will show the plan to a person, and ask whether its databases are all there are
    /// ([`Plan::report`](crate::Plan::report) lists them). Then none has to be named.
    pub fn a_person_confirms(mut self) -> Self {
        self.guarded.consent = Consent::AfterTheQuestion;
        self
    }

    /// Goes on without a database that the logs name and that was deleted since, by the random number
    /// of its signature.
    pub fn allow_missing(mut self, signature_random: u32) -> Self {
        self.may_be_missing.push(signature_random);
        self
    }

    /// Gives up what the logs hold beyond an older copy of a database. Use it only where the rest is worthless.
    pub fn allow_older_database(mut self, allow: bool) -> Self {
        self.allow_older_database = allow;
        self
    }

    placed!();
    guarded!();
}

/// The undo of a finished repair, reset or undo.
#[derive(Clone, Debug)]
pub struct Restore {
    pub(crate) operation: PathBuf,
    pub(crate) guarded: Guarded,
}

impl Restore {
    /// Of the operation in this folder, as `operation` of a [`Report`](crate::Report)
    /// named it.
    pub fn new(operation_dir: impl AsRef<Path>) -> Self {
        Self { operation: operation_dir.as_ref().to_owned(), guarded: Guarded::default() }
    }

    guarded!();
}

/// The end of an operation that was interrupted, for [`recover`](crate::recover()).
#[derive(Clone, Debug)]
pub struct Recover {
    pub(crate) path: PathBuf,
    pub(crate) back: bool,
    pub(crate) accept_changed: bool,
    pub(crate) only_say: bool,
    pub(crate) allow_unproven_lock: bool,
    pub(crate) allow_shared_backup_dir: bool,
    pub(crate) consent: Consent,
}

impl Recover {
    /// Of a database, an operation folder, or all in a folder of databases and logs.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            back: false,
            accept_changed: false,
            only_say: false,
            allow_unproven_lock: false,
            allow_shared_backup_dir: false,
            consent: Consent::Given,
        }
    }

    /// Rolls back, also where a header copy was written.
    pub fn back(mut self, back: bool) -> Self {
        self.back = back;
        self
    }

    /// Where somebody else has written since, and what he wrote is whole: leaves that as it is, and closes the
    /// operation. Of no effect together with [`back`](Self::back), or where `recover` knows a way.
    pub fn accept_changed(mut self, accept: bool) -> Self {
        self.accept_changed = accept;
        self
    }

    pub(crate) fn wish(&self) -> Wish {
        match (self.back, self.accept_changed) {
            (true, _) => Wish::Back,
            (false, true) => Wish::AcceptChanged,
            (false, false) => Wish::AsFound,
        }
    }

    /// Says which way it would go, and does nothing.
    pub fn only_say(mut self, only_say: bool) -> Self {
        self.only_say = only_say;
        self
    }

    /// Goes on where the file system cannot prove that nobody else has the files open. Use it only when
    /// the store is certainly dismounted.
    pub fn allow_unproven_lock(mut self, allow: bool) -> Self {
        self.allow_unproven_lock = allow;
        self
    }

    /// Goes on where another user can write to the operation folder, or owns it. Who can write there can decide
    /// what is written.
    pub fn allow_shared_backup_dir(mut self, allow: bool) -> Self {
        self.allow_shared_backup_dir = allow;
        self
    }
}

impl From<Repair> for Request {
    fn from(repair: Repair) -> Self {
        Self::Repair(repair)
    }
}

impl From<RebuildHeader> for Request {
    fn from(rebuild: RebuildHeader) -> Self {
        Self::RebuildHeader(rebuild)
    }
}

impl From<ResetLogs> for Request {
    fn from(reset: ResetLogs) -> Self {
        Self::ResetLogs(reset)
    }
}

impl From<Restore> for Request {
    fn from(restore: Restore) -> Self {
        Self::Restore(restore)
    }
}
