//! What one run is given: the disk, somebody who watches, the wish to stop, and who began it when.

use std::sync::atomic::AtomicBool;

use chrono::{DateTime, Utc};

use crate::apply::{Context, Ending, NoObserver, Observer};
use crate::machine::{host_name, login_name, now, random, user_name};
use crate::plan::{Command, OperationStamp};
use crate::report::Outcome;
use crate::report::model::{RunReport, utc};
use crate::show::path_text;
#[cfg(feature = "disk")]
use crate::storage::Disk;
use crate::storage::Storage;

static NEVER: AtomicBool = AtomicBool::new(false);

/// Who watches a call, and how it is asked to stop.
///
/// ```
/// use std::sync::atomic::AtomicBool;
/// use edbmend::{NoObserver, Watch};
///
/// static STOP: AtomicBool = AtomicBool::new(false);
/// let unwatched = Watch::default();
/// let watched = Watch::by(&NoObserver).stopped_by(&STOP);
/// ```
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    observer: &'a dyn Observer,
    stop: &'a AtomicBool,
}

impl Default for Watch<'_> {
    /// Nobody watches, and nobody stops it.
    fn default() -> Self {
        Self { observer: &NoObserver, stop: &NEVER }
    }
}

impl<'a> Watch<'a> {
    /// An observer is told of each stage, and how far it is.
    pub fn by(observer: &'a dyn Observer) -> Self {
        Self { observer, ..Self::default() }
    }

    /// Once the flag is set, the call ends with the refusal `interrupted`, and has changed nothing. It
    /// is heeded until the first header byte is written or the first file moved; what was begun then
    /// is finished.
    pub fn stopped_by(self, stop: &'a AtomicBool) -> Self {
        Self { stop, ..self }
    }
}

/// One run of a program that repairs.
pub struct Run<'a> {
    /// The disk, the observer, the wish to stop.
    pub context: Context<'a>,
    /// The command line, the program first.
    pub arguments: Vec<String>,
    /// When it began.
    pub started: DateTime<Utc>,
    /// Whether what is named will be written: then links on the way must be root's or one's own.
    pub writes: bool,
}

impl<'a> Run<'a> {
    /// A run that only reads, in a storage that may be any, begun by `arguments` at `started`.
    pub fn of_reader(
        storage: &'a dyn Storage,
        watch: &Watch<'a>,
        arguments: Vec<String>,
        started: DateTime<Utc>,
    ) -> Self {
        let context = Context { storage, observer: watch.observer, interrupted: watch.stop };
        Self { context, arguments, started, writes: false }
    }

    /// A run of the program that embeds this library, on the real disk.
    #[cfg(feature = "disk")]
    pub fn of_embedder(watch: &Watch<'a>) -> Self {
        let words = std::env::args_os();
        let arguments = words.map(|word| word.to_string_lossy().into_owned()).collect();
        Self::of_reader(&Disk, watch, arguments, now())
    }

    /// The same run, which from here on names what it will write.
    pub fn to_write(&self) -> Self {
        Self { arguments: self.arguments.clone(), writes: true, ..*self }
    }

    /// The disk.
    pub fn storage(&self) -> &'a dyn Storage {
        self.context.storage
    }

    /// Says that a stage begins.
    pub fn stage(&self, what: &str) {
        self.context.observer.stage(what);
    }

    /// Who runs what, where, and from when to now.
    pub fn report(&self) -> RunReport {
        RunReport {
            host: host_name(),
            user: user_name(),
            login: login_name(),
            directory: std::env::current_dir().ok().map(|dir| path_text(&dir)),
            arguments: self.arguments.clone(),
            started: utc(self.started),
            finished: utc(now()),
        }
    }

    /// A fresh operation id and the time of now.
    pub fn stamp(&self, command: Command) -> OperationStamp {
        let now = now();
        // Two operations of one second and one random number meet at an existing folder and stop.
        let random = random().unwrap_or_else(|| now.timestamp_subsec_nanos()) & 0xffff;
        OperationStamp {
            id: format!("edbmend-{}-{}-{random:04x}", now.format("%Y%m%dT%H%M%SZ"), command.name()),
            created: utc(now),
        }
    }
}

impl From<Ending> for Outcome {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Committed => Self::Committed,
            Ending::RolledBack => Self::RolledBack,
            Ending::Overtaken => Self::Overtaken,
            Ending::Pending => Self::Pending,
            Ending::Refused => Self::Refused,
            Ending::Failed => Self::Failed,
        }
    }
}
