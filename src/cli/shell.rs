//! `completions` and `man`: made from the same definitions as the help.

use std::path::Path;

use clap::CommandFactory;

use crate::plan::{Refusal, RefusalId};
use crate::report::{Outcome, RefusalReport, Report};
use crate::storage::{Storage, StorageError};

use super::args::{Cli, CompletionsArgs, ManArgs};
use super::session::Session;

/// Writes the completion script of a shell to standard output.
pub fn completions(args: &CompletionsArgs) -> Report {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "edbmend", &mut script);
    Report { preface: String::from_utf8_lossy(&script).into_owned(), ..Report::new("completions") }
}

/// Writes the man page to standard output, or a page for each command into a folder.
pub fn man(session: &Session, args: &ManArgs) -> Report {
    let mut report = Report::new("man");
    let Some(dir) = &args.dir else {
        report.preface = page(Cli::command()).1;
        return report;
    };
    match write_pages(session.storage(), dir) {
        Ok(names) => report.preface = names.join("\n") + "\n",
        Err(error) => {
            let remedy = "Name a folder that exists and holds no man pages of edbmend yet.";
            let refusal = Refusal::new(RefusalId::IoError, dir, error.to_string(), remedy);
            report.refusals.push(RefusalReport::from(&refusal));
            report.outcome = Outcome::Failed;
            report.exit_code = Outcome::Failed.exit_code();
        }
    }
    report
}

fn write_pages(storage: &dyn Storage, dir: &Path) -> Result<Vec<String>, StorageError> {
    let mut root = Cli::command();
    root.build();
    let subcommands =
        root.get_subcommands().filter(|command| command.get_name() != "help").cloned();
    let mut names = Vec::new();
    for command in std::iter::once(root.clone()).chain(subcommands) {
        let (name, text) = page(command);
        storage.create(&dir.join(&name))?.write_at(text.as_bytes(), 0)?;
        names.push(name);
    }
    Ok(names)
}

/// The name and the text of a page.
fn page(command: clap::Command) -> (String, String) {
    let name = command.get_display_name().unwrap_or("edbmend").to_owned();
    let mut text = Vec::new();
    // Writing into memory does not fail.
    let _ = clap_mangen::Man::new(command).render(&mut text);
    (format!("{name}.1"), String::from_utf8_lossy(&text).into_owned())
}
