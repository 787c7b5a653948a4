//! `demo`: a practice storage group with the damage, mended before the reader's eyes.

use std::path::{Path, PathBuf};

use console::Term;

use crate::api::Run;
use crate::practice::{Recipe, storage_group};
use crate::refusal::{Refusal, RefusalId};
use crate::report::{CommandName, DatabaseReport, Outcome, Report, Style, render};
use crate::show::{CommandLine, quoted};
use crate::storage::{Disk, FileKind, Storage, StorageError};

use super::args::{CheckArgs, DemoArgs, RepairArgs, ScopeArg, VerifyArg};
use super::flags::{GroupArgs, GuardedArgs, LogFileArgs, PageArgs};
use super::printed::Printed;
use super::session::Session;
use super::terminal::style_for;
use super::{check, repair};

/// The database of the practice storage group that has the damage.
const DAMAGED: &str = "priv1.edb";

/// Lists a folder and all below it.
const LIST_ALL: &str = if cfg!(windows) { "dir /s" } else { "ls -R" };

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
    let before = check::run(session, &check_args(args, &dir)).report;
    let mut repaired = repair::run(session, &repair_args(args, &damaged));
    let after = check::run(session, &check_args(args, &dir)).report;
    let text = if args.output.quiet {
        what_went_wrong([&repaired, &after])
    } else {
        transcript(&dir, &damaged, [&before, &repaired, &after])
    };
    repaired.document.command = CommandName::Demo;
    Printed { report: repaired, text: Some(text) }
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

fn transcript(dir: &Path, damaged: &Path, [before, repaired, after]: [&Report; 3]) -> String {
    let Style { width, columns, unicode, .. } = style_for(&Term::stdout());
    let style = Style { width, columns, unicode, ..Style::default() };
    let commands = [
        (CommandLine::new("check").path(dir), before),
        (CommandLine::new("repair --yes --verify full").path(damaged), repaired),
        (CommandLine::new("check").path(dir), after),
    ];
    let mut text = format!("A practice storage group was written to\n  {}\n\n", quoted(dir));
    for (command, report) in commands {
        text += &format!("$ {command}\n\n{}", render(report, style));
    }
    text + &next_steps(dir, damaged, repaired)
}

fn next_steps(dir: &Path, damaged: &Path, repaired: &Report) -> String {
    let ours = |words: &str, path: &Path| CommandLine::new(words).path(path).to_string();
    let undo = repaired.operation.as_ref().map(|operation| ours("restore", &operation.dir));
    let commands = [
        ("put the damage back", undo.unwrap_or_default()),
        ("see the field as eseutil /mh shows it", ours("inspect", damaged)),
        ("see what a repair would write", ours("repair --dry-run", damaged)),
        ("repair it yourself, with the question", ours("repair", damaged)),
        ("look at everything that was kept", format!("{LIST_ALL} {}", quoted(dir))),
    ];
    let mut text = "To go on practising:\n".to_owned();
    for (what, command) in commands {
        text += &format!("\n  {what}\n    {command}\n");
    }
    text
}
