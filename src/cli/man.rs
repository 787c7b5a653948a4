//! `man`: a page for each command, from the same definitions as the help, the exit codes from their page of the
//! documentation.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::manual::{exit_code, without_marks};
use crate::refusal::{Refusal, RefusalId};
use crate::report::{CommandName, Outcome, Report};
use crate::storage::StorageError;

use super::printed::Printed;

/// Commands for whoever administers a system.
const SECTION: &str = "8";

/// What the commands leave on a disk, or read there.
const FILES: [(&str, &str); 4] = [
    (
        "FOLDER/edbmend/edbmend-TIME-COMMAND-ID/",
        "The operation folder: the backup, the plan, the journal, and the reports in words and as JSON. The way back \
         needs it. Option --backup-dir puts it elsewhere.",
    ),
    (
        "DATABASE.edbmend-pending, BASE.edbmend-pending",
        "The marker of an operation that has not ended, beside a database or the logs. Never remove it by hand: \
         edbmend-recover(8).",
    ),
    ("SHA256SUMS", "Digests of what is in an operation folder, for sha256sum -c."),
    ("report.txt, report.json", "What was found and done, in an operation folder."),
];

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

/// Writes the man page to standard output, or a page for each command into a folder.
pub fn run(args: &ManArgs, program: clap::Command) -> Printed {
    let pages = pages(program);
    let Some(dir) = &args.dir else {
        let first = pages.into_iter().next().map(|page| page.text);
        return Printed::text(CommandName::Man, first.unwrap_or_default());
    };
    match pages.iter().try_for_each(|page| page.write(dir)) {
        Ok(()) => {
            let names = pages.iter().map(|page| format!("{}\n", page.name));
            Printed::text(CommandName::Man, names.collect())
        }
        Err(error) => {
            let remedy = "Name a folder that exists and holds no man pages of edbmend yet.";
            let refusal = Refusal::new(RefusalId::IoError, dir, error.to_string(), remedy);
            Report::new(CommandName::Man).ended(Outcome::Failed, &[refusal]).into()
        }
    }
}

/// A page, and the name of its file.
struct Page {
    name: String,
    text: String,
}

impl Page {
    /// Not by way of [`Storage`](crate::storage::Storage), whose files are for their owner alone.
    fn write(&self, dir: &Path) -> Result<(), StorageError> {
        let path = dir.join(&self.name);
        let written =
            File::create_new(&path).and_then(|mut file| file.write_all(self.text.as_bytes()));
        written.map_err(|error| StorageError::new("create", &path, error))
    }
}

/// That of the program, then one for each command.
fn pages(program: clap::Command) -> Vec<Page> {
    let mut root = program.disable_help_subcommand(true);
    root.build();
    let commands: Vec<_> =
        std::iter::once(root.clone()).chain(root.get_subcommands().cloned()).collect();
    let titles: Vec<_> = commands.iter().map(title).collect();
    commands.into_iter().map(|command| page(command, &titles)).collect()
}

fn title(command: &clap::Command) -> String {
    command.get_display_name().unwrap_or("edbmend").to_owned()
}

fn page(command: clap::Command, titles: &[String]) -> Page {
    let title = title(&command);
    let has_commands = command.has_subcommands();
    let man = Man::new(command)
        .section(SECTION)
        .source(concat!("edbmend ", env!("CARGO_PKG_VERSION")))
        .manual("System Administration");
    let mut text = Vec::new();
    // Writing into memory does not fail.
    let _ = render(&man, has_commands, &mut text);
    // Examples keep their lines.
    text.extend_from_slice(b".fi\n");
    let _ = endings(&title, titles).to_writer(&mut text);
    let text = String::from_utf8_lossy(&text).replace(".SH EXTRA", ".SH EXAMPLES AND NOTES\n.nf");
    Page { name: format!("{title}.{SECTION}"), text }
}

fn render(man: &Man, has_commands: bool, to: &mut dyn Write) -> io::Result<()> {
    man.render_title(to)?;
    man.render_name_section(to)?;
    man.render_synopsis_section(to)?;
    man.render_description_section(to)?;
    man.render_options_section(to)?;
    if has_commands {
        man.render_subcommands_section(to)?;
    }
    man.render_extra_section(to)
}

/// EXIT STATUS, FILES and SEE ALSO.
fn endings(title: &str, titles: &[String]) -> Roff {
    let mut roff = Roff::default();
    roff.control("SH", ["EXIT STATUS"]);
    for code in 0..8_u8 {
        let code = code.to_string();
        let meaning = exit_code(&code).map_or("", |(_, meaning)| meaning);
        roff.control("TP", []).text([bold(code)]).text([roman(without_marks(meaning))]);
    }
    roff.control("SH", ["FILES"]);
    for (name, meaning) in FILES {
        roff.control("TP", []).text([bold(name)]).text([roman(meaning)]);
    }
    roff.control("SH", ["SEE ALSO"]);
    let others = titles.iter().filter(|other| *other != title);
    let mut named: Vec<_> = others.map(|other| format!("{other}({SECTION})")).collect();
    named.push("sha256sum(1)".to_owned());
    roff.text([roman(named.join(", "))]);
    roff
}
