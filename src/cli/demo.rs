//! `demo`: a practice storage group with the damage, mended before the reader's eyes.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use console::Term;

use crate::api::Run;
use crate::practice::{Recipe, storage_group};
use crate::refusal::{Refusal, RefusalId};
use crate::report::{CommandName, DatabaseReport, Outcome, Report, Style, render};
use crate::show::{CommandLine, quoted};
use crate::storage::{Disk, FileKind, Storage, StorageError};

use super::check::{self, CheckArgs};
use super::flags::{GroupArgs, GuardedArgs, LogFileArgs, OutputArgs, PageArgs};
use super::on_path::program;
use super::printed::Printed;
use super::repair::{self, RepairArgs, ScopeArg, VerifyArg};
use super::session::Session;
use super::terminal::{can_ask, style_for, wait_for_enter};

/// The database of the practice storage group that has the damage.
const DAMAGED: &str = "priv1.edb";

/// Lists a folder and all below it.
const LIST_ALL: &str = if cfg!(windows) { "dir /s" } else { "ls -R" };

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

pub fn run(session: &Session, args: &DemoArgs) -> Printed {
    let dir = match make_folder(&session.run(), args.dir.as_deref()) {
        Ok(dir) => dir,
        Err(refusal) => return failed(args.dir.as_deref(), &refusal).into(),
    };
    if let Err(error) = write_group(&Disk, &dir) {
        let refusal =
            Refusal::new(RefusalId::IoError, &dir, error.to_string(), "Name another folder.");
        return failed(Some(&dir), &refusal).into();
    }
    let damaged = dir.join(DAMAGED);
    let program = program();
    let mut stage = Stage::new(args.output);
    stage.show(&opening(&dir, &program));
    let mut step = |words: &str, path: &Path, report: &Report| {
        let typed = CommandLine::new(words).path(path).of_program(&program);
        stage.show(&format!("$ {typed}\n\n{}", render(report, stage.style)));
        stage.pause();
    };
    let before = check::run(session, &check_args(args, &dir)).report;
    step("check", &dir, &before);
    let mut repaired = repair::run(session, &repair_args(args, &damaged));
    step("repair --yes --verify full", &damaged, &repaired);
    let after = check::run(session, &check_args(args, &dir)).report;
    step("check", &dir, &after);
    stage.show(&next_steps(&dir, &damaged, &repaired, &program));
    let text = if args.output.quiet { what_went_wrong([&repaired, &after]) } else { stage.kept };
    repaired.document.command = CommandName::Demo;
    Printed { report: repaired, text: Some(text) }
}

/// Where the steps are shown: one by one to a person at a terminal, who says when to go on; else all at the end.
struct Stage {
    has_audience: bool,
    style: Style,
    /// What was not shown yet.
    kept: String,
}

impl Stage {
    fn new(output: OutputArgs) -> Self {
        let has_audience = can_ask() && Term::stdout().is_term() && !output.json && !output.quiet;
        Self { has_audience, style: style_for(&Term::stdout()), kept: String::new() }
    }

    fn show(&mut self, text: &str) {
        self.kept += text;
        if self.has_audience {
            // A terminal that is gone is met by the pause.
            let _ = Term::stdout().write_str(&std::mem::take(&mut self.kept));
        }
    }

    fn pause(&mut self) {
        if self.has_audience {
            self.has_audience =
                wait_for_enter("Press Enter to go on, or Ctrl-C to skip the rest of the pauses.");
        }
    }
}

fn failed(dir: Option<&Path>, refusal: &Refusal) -> Report {
    let mut report = Report::new(CommandName::Demo);
    report.push(
        DatabaseReport::unknown(dir.unwrap_or(Path::new("")), Outcome::Failed),
        std::slice::from_ref(refusal),
    );
    report.conclude()
}

/// The folder that was named, if it is missing or empty; else a fresh temporary one.
fn make_folder(run: &Run, named: Option<&Path>) -> Result<PathBuf, Refusal> {
    let Some(named) = named else {
        let made = tempfile::Builder::new().prefix("edbmend-demo-").tempdir();
        return made.map(tempfile::TempDir::keep).map_err(|error| {
            let dir = std::env::temp_dir();
            Refusal::new(
                RefusalId::IoError,
                &dir,
                error.to_string(),
                "Name a folder: edbmend demo DIR",
            )
        });
    };
    let dir = run.resolve(named)?;
    let storage = run.storage();
    match storage.status(&dir) {
        Err(error) if error.is_not_found() => {
            storage.create_dir(&dir).map(|()| dir.clone()).map_err(|error| {
                Refusal::new(
                    RefusalId::IoError,
                    &dir,
                    error.to_string(),
                    "Create the folder above it first.",
                )
            })
        }
        Ok(status) if status.kind == FileKind::Directory && is_empty(storage, &dir) => Ok(dir),
        _ => Err(Refusal::new(
            RefusalId::TargetNotEmpty,
            &dir,
            "it exists and is no empty folder",
            "Name a folder that does not exist yet. Nothing was written.",
        )),
    }
}

fn is_empty(storage: &dyn Storage, dir: &Path) -> bool {
    storage.list(dir).is_ok_and(|names| names.is_empty())
}

fn write_group(storage: &dyn Storage, dir: &Path) -> Result<(), StorageError> {
    for file in storage_group(&Recipe::default()) {
        storage.create(&dir.join(&file.name))?.write_at(&file.bytes, 0)?;
    }
    Ok(())
}

fn check_args(args: &DemoArgs, dir: &Path) -> CheckArgs {
    CheckArgs {
        allow_group_incomplete: Vec::new(),
        openmetrics: false,
        recursive: false,
        deep: false,
        brief: false,
        paths: vec![dir.to_owned()],
        group: GroupArgs::default(),
        page: PageArgs::default(),
        log: LogFileArgs::default(),
        output: args.output,
    }
}

fn repair_args(args: &DemoArgs, database: &Path) -> RepairArgs {
    RepairArgs {
        databases: vec![database.to_owned()],
        group: GroupArgs::default(),
        clear: true,
        from: None,
        also: Vec::new(),
        backup: ScopeArg::Full,
        verify: VerifyArg::Full,
        backup_dir: None,
        page: PageArgs::default(),
        guarded: GuardedArgs {
            dry_run: false,
            yes: true,
            // A temporary folder may lie where no lease is to be had; nobody else knows the file.
            allow_unproven_lock: true,
            allow_shared_backup_dir: false,
            allow_backup_in_memory: false,
            log: LogFileArgs::default(),
            output: args.output,
        },
    }
}

/// Of what came after the damage, which is there on purpose.
fn what_went_wrong(reports: [&Report; 2]) -> String {
    let style = Style { quiet: true, ..Style::default() };
    reports.map(|report| render(report, style)).concat()
}

fn opening(dir: &Path, program: &str) -> String {
    let mut text = format!("A practice storage group was written to\n  {}\n\n", quoted(dir));
    if program != "edbmend" {
        text += &format!("edbmend is not on the PATH; here it is\n  {program}\n\n");
    }
    text
}

fn next_steps(dir: &Path, damaged: &Path, repaired: &Report, program: &str) -> String {
    let ours = |words: &str, path: &Path| CommandLine::new(words).path(path).of_program(program);
    let undo = repaired.operation.as_ref().map(|operation| ours("restore", &operation.dir));
    let commands = [
        ("put the damage back", undo.unwrap_or_default()),
        ("see the field as eseutil /mh shows it", ours("inspect", damaged)),
        ("see what a repair would write", ours("repair --dry-run", damaged)),
        ("repair it yourself, with the question", ours("repair", damaged)),
        ("see what was done here so far", ours("list", dir)),
        ("look at everything that was kept", format!("{LIST_ALL} {}", quoted(dir))),
    ];
    let mut text = "To go on practising:\n".to_owned();
    for (what, command) in commands {
        text += &format!("\n  {what}\n    {command}\n");
    }
    text
}
