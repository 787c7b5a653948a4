//! `completions`: the scripts of the shells, from the same definitions as the help.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::report::CommandName;

use super::printed::Printed;
use super::topics;

/// `completions`
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  edbmend completions bash > /etc/bash_completion.d/edbmend")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Writes the completion script of a shell to standard output.
pub fn run(args: &CompletionsArgs, mut program: Command) -> Printed {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, "edbmend", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    let script = match args.shell {
        Shell::Fish => script + &topics_of_fish(),
        Shell::PowerShell => with_topics_of_powershell(script),
        // Those of bash, zsh and elvish know the values of what stands behind a command.
        _ => script,
    };
    Printed::text(CommandName::Completions, script)
}

/// What can be explained, which the generator of fish leaves out: it knows options alone. The list is a text in
/// double quotes that is read once more, word by word.
fn topics_of_fish() -> String {
    let in_single = |text: &str| text.replace('\\', r"\\").replace('\'', r"\'");
    let value = |(topic, about): (&str, &str)| format!("{topic}\\t'{}'\n", in_single(about));
    let values: String = topics::all().into_iter().map(value).collect();
    let values = values.replace("\\'", r"\\'").replace('"', "\\\"").replace('$', r"\$");
    let words = "complete -c edbmend -n \"__fish_edbmend_using_subcommand explain\" -f -k -a";
    format!("{words} \"{values}\"\n")
}

/// What can be explained, which the generator of PowerShell leaves out.
fn with_topics_of_powershell(script: String) -> String {
    let begin = "'edbmend;explain' {\n";
    let escaped = |text: &str| text.replace('\'', "''");
    let value = |(topic, about): (&str, &str)| {
        let (topic, about) = (escaped(topic), escaped(about));
        let kind = "[CompletionResultType]::ParameterValue";
        format!("            [CompletionResult]::new('{topic}', '{topic}', {kind}, '{about}')\n")
    };
    let values: String = topics::all().into_iter().map(value).collect();
    script.replacen(begin, &format!("{begin}{values}"), 1)
}
