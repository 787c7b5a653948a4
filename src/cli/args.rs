//! The command line: what can be typed, and its help.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use crate::diagnose::FindingId;
use crate::ese::LogBase;
use crate::plan::{BackupScope, VerifyScope};
use crate::report::CommandName;

use super::flags::{ColourWhen, GroupArgs, GuardedArgs, LogFileArgs, OutputArgs, PageArgs};
use super::topics::Topics;

/// Guarded repair of the header of dismounted ESE / Exchange databases.
///
/// edbmend mends the "Previous Full Backup: Log Gen: 1-4294967295 (0x1-0xffffffff)" damage of
/// KB946799. It backs up before it writes, writes only what it showed, verifies what it wrote, and
/// every operation can be undone. Nothing is written without being asked for.
#[derive(Debug, Parser)]
#[command(
    name = "edbmend",
    version,
    max_term_width = 80,
    after_help = "Begin with:\n  edbmend demo                       practise on a made-up storage group\n  edbmend check mdbdata              what is wrong, and what mends it\n  edbmend repair --dry-run priv1.edb what a repair would write\n\nExit codes: 0 done or nothing wrong, 1 findings, 2 wrong usage, 3 refused by a\nguard, 4 failed and nothing changed, 5 failed and rolled back, 6 unfinished (run\nrecover), 7 you said no."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// In colour: auto (on a terminal that has colours), always, or never
    #[arg(
        long,
        global = true,
        alias = "colour",
        value_name = "WHEN",
        value_enum,
        default_value_t,
        hide_possible_values = true,
        hide_default_value = true
    )]
    pub color: ColourWhen,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Dump headers as `eseutil /mh`, `/ml` and `/mk` do; never writes
    Inspect(InspectArgs),
    /// Find out what is wrong, what it means and what mends it; never writes
    Check(CheckArgs),
    /// Repair the backup fields of the header, and a damaged header copy
    Repair(RepairArgs),
    /// Rebuild a header that both copies have lost, from pages, logs and evidence
    RebuildHeader(RebuildHeaderArgs),
    /// Move the transaction logs of a storage group away (KB935634)
    ResetLogs(ResetLogsArgs),
    /// Check all pages and logs, as `eseutil /k` and `/ml` do; never writes
    Verify(VerifyArgs),
    /// Undo a finished operation, from its operation folder
    Restore(RestoreArgs),
    /// Finish or roll back an operation that was interrupted
    Recover(RecoverArgs),
    /// List the operations in a folder: how each ended, what undid it; never writes
    List(ListArgs),
    /// Write a practice storage group with the damage, and mend it
    Demo(DemoArgs),
    /// Explain a finding, a refusal, an exit code, or a number of the engine
    Explain(ExplainArgs),
    /// Print the completion script of a shell
    Completions(CompletionsArgs),
    /// Print the man page, or write one for each command into a folder
    Man(ManArgs),
}

impl Command {
    /// Its name, as reports have it.
    pub fn name(&self) -> CommandName {
        match self {
            Self::Inspect(_) => CommandName::Inspect,
            Self::Check(_) => CommandName::Check,
            Self::Repair(_) => CommandName::Repair,
            Self::RebuildHeader(_) => CommandName::RebuildHeader,
            Self::ResetLogs(_) => CommandName::ResetLogs,
            Self::Verify(_) => CommandName::Verify,
            Self::Restore(_) => CommandName::Restore,
            Self::Recover(_) => CommandName::Recover,
            Self::List(_) => CommandName::List,
            Self::Demo(_) => CommandName::Demo,
            Self::Explain(_) => CommandName::Explain,
            Self::Completions(_) => CommandName::Completions,
            Self::Man(_) => CommandName::Man,
        }
    }

    /// The log file that was asked for.
    pub fn log_file(&self) -> Option<&Path> {
        let log = match self {
            Self::Check(args) => &args.log,
            Self::Verify(args) => &args.log,
            Self::Repair(args) => &args.guarded.log,
            Self::RebuildHeader(args) => &args.guarded.log,
            Self::ResetLogs(args) => &args.guarded.log,
            Self::Restore(args) => &args.guarded.log,
            Self::Recover(args) => &args.guarded.log,
            Self::Inspect(_)
            | Self::List(_)
            | Self::Demo(_)
            | Self::Explain(_)
            | Self::Completions(_)
            | Self::Man(_) => return None,
        };
        log.log_file.as_deref()
    }

    /// Where the page that was asked for goes.
    pub fn page(&self) -> Option<&Path> {
        let page = match self {
            Self::Check(args) => &args.page,
            Self::Repair(args) => &args.page,
            Self::RebuildHeader(args) => &args.page,
            Self::ResetLogs(args) => &args.page,
            Self::Restore(args) => &args.page,
            Self::Inspect(_)
            | Self::Verify(_)
            | Self::List(_)
            | Self::Recover(_)
            | Self::Demo(_)
            | Self::Explain(_)
            | Self::Completions(_)
            | Self::Man(_) => return None,
        };
        page.html.as_deref()
    }

    /// Whether metrics are printed in place of the report.
    pub fn prints_metrics(&self) -> bool {
        matches!(self, Self::Check(args) if args.openmetrics)
    }

    /// The flags of the output.
    pub fn output(&self) -> OutputArgs {
        match self {
            Self::Inspect(args) => args.output,
            Self::Check(args) => args.output,
            Self::Repair(args) => args.guarded.output,
            Self::RebuildHeader(args) => args.guarded.output,
            Self::ResetLogs(args) => args.guarded.output,
            Self::Verify(args) => args.output,
            Self::Restore(args) => args.guarded.output,
            Self::Recover(args) => args.guarded.output,
            Self::List(args) => args.output,
            Self::Demo(args) => args.output,
            Self::Explain(_) | Self::Completions(_) | Self::Man(_) => OutputArgs::default(),
        }
    }
}

/// `inspect`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  edbmend inspect priv1.edb\n  edbmend inspect --copy shadow priv1.edb\n  edbmend inspect E0000001.log E00.chk\n  edbmend inspect --records E00.log\n  edbmend inspect --json priv1.edb priv1.stm"
)]
pub struct InspectArgs {
    /// Databases, streaming files, logs, checkpoints, flush maps; or the base name
    /// of a log stream (logs/E00)
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Show one header copy as it is, also a damaged one
    #[arg(long, value_enum)]
    pub copy: Option<CopyArg>,
    /// List the records of a log that tell of databases as a whole, of the engine
    /// and of backups
    #[arg(long)]
    pub records: bool,
    /// With --records: list all of them
    #[arg(long, requires = "records")]
    pub all: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub output: OutputArgs,
}

/// A header copy.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum CopyArg {
    /// The copy at offset 0.
    Primary,
    /// The copy one page behind it.
    Shadow,
}

/// `check`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  edbmend check priv1.edb\n  edbmend check mdbdata\n  edbmend check --log-dir logs --db pub1.edb mdbdata\n\nEnds with 1 where there is an error."
)]
pub struct CheckArgs {
    /// Databases, or folders of storage groups
    #[arg(required_unless_present = "db")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub group: GroupArgs,
    /// Read all pages of the databases and the bodies of all logs, as a backup does
    #[arg(long)]
    pub deep: bool,
    /// Look for storage groups in all folders below, too
    #[arg(long)]
    pub recursive: bool,
    /// Print one line for each database: path, state, verdict, worst finding and
    /// first command, separated by tabs
    #[arg(long, conflicts_with_all = ["json", "quiet", "verbose"])]
    pub brief: bool,
    /// Take the group for whole without a database that the logs name and that was
    /// deleted since, by the Rand number of its DB Signature
    #[arg(long, value_name = "SIGNATURE", value_parser = signature_random)]
    pub allow_group_incomplete: Vec<u32>,
    /// Print metrics for monitoring (OpenMetrics), whatever happens
    #[arg(long, conflicts_with_all = ["json", "quiet", "verbose", "brief"])]
    pub openmetrics: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub page: PageArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub log: LogFileArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub output: OutputArgs,
}

/// `repair`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  edbmend repair --dry-run priv1.edb      show what would be written\n  edbmend repair priv1.edb                show it, ask, do it\n  edbmend repair --yes --json priv1.edb pub1.edb\n\nThe store must be dismounted. What was done can be undone with edbmend restore."
)]
pub struct RepairArgs {
    /// Databases, each handled on its own
    #[arg(required_unless_present = "db")]
    pub databases: Vec<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub group: GroupArgs,
    /// Write "no such backup", as the engine itself does (the default)
    #[arg(long, conflicts_with = "from")]
    pub clear: bool,
    /// Take the backup fields from an older header of the same database, if it
    /// meets every condition
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Mend a finding of severity warning too
    #[arg(long, value_name = "FINDING-ID", value_parser = repairable_warning())]
    pub also: Vec<FindingId>,
    /// How much to back up before writing
    #[arg(long, value_enum, default_value_t = ScopeArg::Full)]
    pub backup: ScopeArg,
    /// How much to verify
    #[arg(long, value_enum, default_value_t = VerifyArg::Header)]
    pub verify: VerifyArg,
    /// Where the operation folder goes (default: edbmend beside the database)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub backup_dir: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub page: PageArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub guarded: GuardedArgs,
}

/// Takes the id of such a finding, and tells the completions which there are.
fn repairable_warning() -> impl TypedValueParser<Value = FindingId> {
    let ids = FindingId::repairable_warnings;
    PossibleValuesParser::new(ids().map(FindingId::name))
        .try_map(move |text| ids().find(|id| id.name() == text).ok_or("no such finding"))
}

/// How much to back up.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ScopeArg {
    /// The whole file
    Full,
    /// Both header pages, which are all that is written
    Header,
}

impl From<ScopeArg> for BackupScope {
    fn from(scope: ScopeArg) -> Self {
        match scope {
            ScopeArg::Full => Self::Full,
            ScopeArg::Header => Self::Header,
        }
    }
}

/// How much to verify.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum VerifyArg {
    /// Both header pages
    Header,
    /// Every page before, and by SHA-256 that all others are unchanged after
    Full,
}

impl From<VerifyArg> for VerifyScope {
    fn from(scope: VerifyArg) -> Self {
        match scope {
            VerifyArg::Header => Self::Header,
            VerifyArg::Full => Self::Full,
        }
    }
}

/// `rebuild-header`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  edbmend rebuild-header --dry-run priv1.edb\n  edbmend rebuild-header --log-dir logs priv1.edb\n  edbmend rebuild-header --from backup/priv1.edb priv1.edb\n\nDo not start the store before: the engine may delete such a file and make it\nanew. Only what is proven is written, and Clean Shutdown never from pages alone."
)]
pub struct RebuildHeaderArgs {
    /// The database whose two header copies are both destroyed
    pub database: PathBuf,
    /// Where the transaction logs are (default: beside the database)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub log_dir: Option<PathBuf>,
    /// Where the checkpoint is (default: the folder of the logs)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub system_dir: Option<PathBuf>,
    /// The path that the logs have for it (default: its file name)
    #[arg(long, value_name = "PATH", value_hint = ValueHint::Other)]
    pub name_in_logs: Option<String>,
    /// An older header as evidence: an operation folder, another copy of the
    /// database, a header image; repeat it for each
    #[arg(long, value_name = "FILE")]
    pub from: Vec<PathBuf>,
    /// Go on where the current log may not be the newest. What newer logs hold
    /// is lost then, in silence
    #[arg(long)]
    pub allow_newest_log_doubtful: bool,
    /// Where there are nothing but pages: write a header in Dirty Shutdown, with
    /// which eseutil /p works on a copy
    #[arg(long)]
    pub dirty_for_repair: bool,
    /// Where the operation folder goes (default: edbmend beside the database)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub backup_dir: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub page: PageArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub guarded: GuardedArgs,
}

/// `reset-logs`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  edbmend reset-logs --dry-run mdbdata\n  edbmend reset-logs --log-dir logs --system-dir logs mdbdata\n  edbmend reset-logs --yes --db priv1.edb --db pub1.edb mdbdata\n\nAll stores of the storage group must be dismounted. No file lists all\ndatabases of a storage group: you are asked whether those that were found are\nall, and with --yes each must be named by --db."
)]
pub struct ResetLogsArgs {
    /// The folder of the storage group
    #[arg(value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
    /// Base name of the logs, where the folder holds several (E00)
    #[arg(long, value_name = "BASE", value_parser = log_base, value_hint = ValueHint::Other)]
    pub prefix: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub group: GroupArgs,
    /// Go on without a database that the logs name and that was deleted since,
    /// by the Rand number of its DB Signature
    #[arg(long, value_name = "SIGNATURE", value_parser = signature_random)]
    pub allow_group_incomplete: Vec<u32>,
    /// Give up what the logs hold beyond an older copy of a database
    #[arg(long)]
    pub allow_older_database: bool,
    /// Where the operation folder goes (default: edbmend beside the logs)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub backup_dir: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub page: PageArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub guarded: GuardedArgs,
}

fn log_base(text: &str) -> Result<String, String> {
    let base = LogBase::new(text).map(|base| base.as_str().to_owned());
    base.ok_or_else(|| {
        "expected the three characters that all names of the logs begin with, such as E00"
            .to_owned()
    })
}

fn signature_random(text: &str) -> Result<u32, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| "expected the number behind Rand: of the DB Signature".to_owned())
}

/// `verify`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  edbmend verify priv1.edb\n  edbmend verify E00.log\n  edbmend verify mdbdata                  everything in the folder\n  edbmend verify mdbdata/E00              the logs of one base name\n  edbmend verify --json D:\\mdbdata\\priv1.edb D:\\mdbdata\\pub1.edb\n\nEnds with 1 where a page or a log is bad, also where the engine could correct\nor mend it."
)]
pub struct VerifyArgs {
    /// Databases, logs, checkpoints, flush maps, folders, or the base name of a log
    /// stream (logs/E00); of a streaming file only the header pages can be checked
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// How many threads read and check (default: one for each processor)
    #[arg(long, value_name = "N", value_hint = ValueHint::Other)]
    pub threads: Option<NonZeroUsize>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub log: LogFileArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub output: OutputArgs,
}

/// `restore`
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  edbmend restore mdbdata/edbmend/edbmend-20261123T015812Z-repair-3fa9\n\nOnly the header bytes of that operation are put back, and only while the header\nis still what it left. The undo is an operation of its own and can be undone."
)]
pub struct RestoreArgs {
    /// The operation folder
    #[arg(value_hint = ValueHint::DirPath)]
    pub operation: PathBuf,
    /// Where the folder of the undo goes (default: edbmend beside the database)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub backup_dir: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub page: PageArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub guarded: GuardedArgs,
}

/// `recover`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  edbmend recover --dry-run priv1.edb     say which way it would go\n  edbmend recover --yes mdbdata"
)]
pub struct RecoverArgs {
    /// A database, an operation folder, or a folder of databases
    pub path: PathBuf,
    /// Roll back, also where a header copy was written
    #[arg(long, conflicts_with = "accept_changed")]
    pub back: bool,
    /// Where somebody else has written since, as by a mount, and what is there is
    /// whole: leave it as it is, and close the operation
    #[arg(long)]
    pub accept_changed: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub guarded: GuardedArgs,
}

/// `list`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  edbmend list mdbdata                    the newest first\n  edbmend list /mnt/backup                where --backup-dir was\n\nEnds with 6 where an operation is not finished, and with 4 where one cannot be\nread."
)]
pub struct ListArgs {
    /// Folders of databases or logs, backup folders, databases, or operation
    /// folders
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub output: OutputArgs,
}

/// `demo`
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  edbmend demo practice")]
pub struct DemoArgs {
    /// Where to write it; must be missing or empty (default: a fresh temporary
    /// folder)
    #[arg(value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub output: OutputArgs,
}

/// `explain`
#[derive(Args, Debug)]
#[command(
    allow_negative_numbers = true,
    after_help = "Examples:\n  edbmend explain full-backup-gen-invalid\n  edbmend explain in-use\n  edbmend explain 3\n  edbmend explain -1216\n  edbmend explain event 459"
)]
pub struct ExplainArgs {
    /// A finding or refusal id, an exit code, or an error or event of the
    /// engine by its number or name (default: list them all)
    #[arg(value_name = "ID", value_parser = Topics, hide_possible_values = true)]
    pub topics: Vec<String>,
}

/// `completions`
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  edbmend completions bash > /etc/bash_completion.d/edbmend")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `man`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  edbmend man | man -l -\n  edbmend man /usr/local/share/man/man8"
)]
pub struct ManArgs {
    /// Where to write a page for each command
    #[arg(value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
}
