//! `completions` and `man`: made from the same definitions as the help.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use clap::CommandFactory;

use crate::refusal::{Refusal, RefusalId};
use crate::report::{CommandName, Outcome, Report};
use crate::storage::StorageError;

use super::args::{Cli, CompletionsArgs, ManArgs};
use super::printed::Printed;

/// Writes the completion script of a shell to standard output.
pub fn completions(args: &CompletionsArgs) -> Printed {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "edbmend", &mut script);
    let text = String::from_utf8_lossy(&script).into_owned();
    Printed::text(CommandName::Completions, text)
}

/// Writes the man page to standard output, or a page for each command into a folder.
pub fn man(args: &ManArgs) -> Printed {
    let Some(dir) = &args.dir else {
        let (_, page) = page(Cli::command().disable_help_subcommand(true));
        return Printed::text(CommandName::Man, page);
    };
    match write_pages(dir) {
        Ok(names) => Printed::text(CommandName::Man, names.join("\n") + "\n"),
        Err(error) => {
            let remedy = "Name a folder that exists and holds no man pages of edbmend yet.";
            let refusal = Refusal::new(RefusalId::IoError, dir, error.to_string(), remedy);
            Report::new(CommandName::Man).ended(Outcome::Failed, &[refusal]).into()
        }
    }
}

/// Not by way of [`Storage`](crate::storage::Storage), whose files are for their owner alone.
fn write_pages(dir: &Path) -> Result<Vec<String>, StorageError> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let subcommands = root.get_subcommands().cloned();
    let mut names = Vec::new();
    for command in std::iter::once(root.clone()).chain(subcommands) {
        let (name, text) = page(command);
        let path = dir.join(&name);
        let written = File::create_new(&path).and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|e| StorageError::new("create", &path, e))?;
        names.push(name);
    }
    Ok(names)
}

/// The name and the text of a page.
fn page(command: clap::Command) -> (String, String) {
    let name = command.get_display_name().unwrap_or("edbmend").to_owned();
    let mut text = Vec::new();
    let man = clap_mangen::Man::new(command)
        .source(concat!("edbmend ", env!("CARGO_PKG_VERSION")))
        .manual("User Commands");
    // Writing into memory does not fail.
    let _ = man.render(&mut text);
    let text = String::from_utf8_lossy(&text).replace(".SH EXTRA", ".SH EXAMPLES AND NOTES");
    (format!("{name}.1"), text)
}
