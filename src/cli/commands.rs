//! The command line: its commands, each with what was typed behind it, and the help of the whole.

use std::path::Path;

use clap::{Parser, Subcommand};

use crate::report::CommandName;

use super::check::CheckArgs;
use super::completions::CompletionsArgs;
use super::demo::DemoArgs;
use super::explain::ExplainArgs;
use super::flags::{ColourWhen, OutputArgs};
use super::inspect::InspectArgs;
use super::list::ListArgs;
use super::man::ManArgs;
use super::rebuild_header::RebuildHeaderArgs;
use super::recover::RecoverArgs;
use super::repair::RepairArgs;
use super::reset_logs::ResetLogsArgs;
use super::restore::RestoreArgs;
use super::verify::VerifyArgs;

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
