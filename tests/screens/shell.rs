//! Completion scripts in the shells that they are for, and man pages as Debian's lintian reads them.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::{PROGRAM, names, needs, run};
use tempfile::TempDir;

/// A folder with a completion script, a database, and a folder of logs.
fn folder_with_script(shell: &str, name: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(["completions", shell]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    fs::write(folder.path().join(name), &ran.stdout).unwrap();
    fs::write(folder.path().join("priv1.edb"), "").unwrap();
    fs::create_dir(folder.path().join("logs")).unwrap();
    folder
}

/// Standard output of a shell, which must end well and complain of nothing.
#[track_caller]
fn output_of(command: &mut Command, folder: &Path) -> String {
    let output = command.current_dir(folder).env("TERM", "dumb").output().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaints.is_empty(), "{:?} {complaints}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn has_all(answer: &str, expected: &[&str]) {
    for word in expected {
        assert!(answer.contains(word), "{word} is not in: {answer}");
    }
}

const COMMANDS_IN_RE: [&str; 5] = ["repair", "rebuild-header", "reset-logs", "restore", "recover"];
const WARNINGS: [&str; 3] = ["backup-gen-inverted", "backup-gen-half-set", "backup-gen-beyond-log"];

/// What bash would offer, one a line; the last word is the one at the cursor.
const BASH: &str = r#"
source ./edbmend.bash
complete -p edbmend >/dev/null || exit 1
compopt() { :; } # works only under a real key press
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_edbmend edbmend "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;

#[test]
#[ignore = "needs bash"]
fn bash_completes() {
    needs::programs(&["bash"]);
    let folder = folder_with_script("bash", "edbmend.bash");
    let complete = |words: &[&str]| {
        let mut bash = Command::new("bash");
        bash.args(["--norc", "-c", BASH, "bash", "edbmend"]).args(words);
        output_of(&mut bash, folder.path())
    };
    let commands = complete(&["re"]);
    has_all(&commands, &COMMANDS_IN_RE);
    assert_eq!(commands.lines().count(), COMMANDS_IN_RE.len(), "{commands}");
    assert_eq!(complete(&["repair", "--also", ""]), WARNINGS.map(|w| format!("{w}\n")).concat());
    assert_eq!(complete(&["repair", "--backup", "f"]), "full\n");
    assert_eq!(complete(&["explain", "-121"]), "-1213\n-1214\n-1215\n-1216\n-1217\n");
    assert_eq!(complete(&["explain", "JET_errMissingLogF"]), "JET_errMissingLogFile\n");
    has_all(
        &complete(&["explain", "full-backup"]),
        &["full-backup-gen-invalid", "full-backup-needed"],
    );
    has_all(&complete(&["explain", "in-use"]), &["in-use", "in-use-unproven"]);
    has_all(&complete(&["explain", "45"]), &["455", "459"]);
    assert_eq!(complete(&["repair", "--from", "pr"]), "priv1.edb\n");
    // No word of its own for a database: bash then completes file names (`-o default`).
    assert_eq!(complete(&["repair", "pr"]), "\n");
}

/// What zsh shows after a Tab, on a terminal of its own. It shows nothing while keys are waiting, so the
/// second argument, a word that is to come, is awaited before the line is left.
const ZSH: &str = r#"
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "fpath=($PWD \$fpath); autoload -Uz compinit; compinit -u -D; PS1=; stty cols 200"
zpty -w shell 'print "${_comps[edbmend]} REA""DY"'
zpty -r shell answer '*READY*'
print -r -- "$answer"
zpty -w -n shell "$1"$'\t'
sleep 1
zpty -w -n shell $'\C-d'
zpty -r shell answer "*$2*"
print -r -- "$answer"
zpty -w -n shell $'\C-uprint DO""NE\n'
zpty -r shell answer '*DONE*'
print -r -- "$answer"
"#;

#[test]
#[ignore = "needs zsh"]
fn zsh_completes() {
    needs::programs(&["zsh"]);
    let folder = folder_with_script("zsh", "_edbmend");
    let complete = |line: &str, awaited: &str| {
        let mut zsh = Command::new("timeout");
        zsh.args(["60", "zsh", "-f", "-c", ZSH, "zsh", line, awaited]);
        output_of(&mut zsh, folder.path())
    };
    let commands = complete("edbmend re", "restore");
    has_all(&commands, &["_edbmend READY", "reset-logs      -- Move the transaction logs"]);
    has_all(&commands, &COMMANDS_IN_RE);
    has_all(&complete("edbmend repair --also ", "inverted"), &WARNINGS);
    has_all(&complete("edbmend repair p", "priv1.edb"), &["priv1.edb"]);
    has_all(&complete("edbmend explain full-backup", "needed"), &["full-backup-gen-invalid"]);
    has_all(&complete("edbmend explain JET_errMissingLog", "File"), &["JET_errMissingLogFile"]);
    let folders = complete("edbmend repair --log-dir ", "logs/");
    assert!(folders.contains("logs/") && !folders.contains("priv1.edb"), "{folders}");
}

#[test]
#[ignore = "needs fish"]
fn fish_completes() {
    needs::programs(&["fish"]);
    let folder = folder_with_script("fish", "edbmend.fish");
    let complete = |line: &str| {
        let script = format!("source edbmend.fish; complete -C'{line}'");
        let mut fish = Command::new("fish");
        fish.args(["--no-config", "-c", &script]).env("HOME", folder.path());
        output_of(&mut fish, folder.path())
    };
    let commands = complete("edbmend re");
    has_all(&commands, &COMMANDS_IN_RE);
    has_all(&commands, &["restore\tUndo a finished operation"]);
    has_all(&complete("edbmend repair --also "), &WARNINGS);
    has_all(&complete("edbmend repair p"), &["priv1.edb"]);
    has_all(&complete("edbmend explain in-us"), &["in-use\tRefusal", "in-use-unproven\tRefusal"]);
    has_all(&complete("edbmend explain -121"), &["-1213\t", "-1216\t"]);
    has_all(&complete("edbmend explain JET_errMissingLog"), &["JET_errMissingLogFile\t"]);
    let names = complete("edbmend explain full-backup-g");
    assert!(names.contains("full-backup-gen-invalid") && !names.contains("priv1.edb"), "{names}");
    let folders = complete("edbmend repair --log-dir ");
    assert!(folders.contains("logs/") && !folders.contains("priv1.edb"), "{folders}");
}

const POWERSHELL: &str = r"
. ./edbmend.ps1
foreach ($line in 'edbmend re', 'edbmend explain full-backup-g', 'edbmend explain -121') {
    (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText
}
";

#[test]
#[ignore = "needs pwsh"]
fn powershell_completes() {
    needs::programs(&["pwsh"]);
    let folder = folder_with_script("powershell", "edbmend.ps1");
    let mut pwsh = Command::new("pwsh");
    let commands = output_of(pwsh.args(["-NoProfile", "-Command", POWERSHELL]), folder.path());
    has_all(&commands, &COMMANDS_IN_RE);
    has_all(&commands, &["full-backup-gen-invalid", "-1216"]);
}

/// Without a PowerShell: each topic is a completion of `explain`, once.
#[test]
fn the_script_of_powershell_has_each_topic() {
    let script = run(["completions", "powershell"]).stdout;
    let (_, explain) = script.split_once("'edbmend;explain' {\n").unwrap();
    let (explain, _) = explain.split_once("break\n").unwrap();
    for topic in ["-1216", "459", "full-backup-gen-invalid", "in-use", "7", "JET_errMissingLogFile"]
    {
        let value = format!("[CompletionResult]::new('{topic}', '{topic}', ");
        assert_eq!(explain.matches(&value).count(), 1, "{topic}: {explain}");
    }
}

#[test]
#[ignore = "needs man"]
fn man_pages_render_without_a_warning() {
    needs::programs(&["man"]);
    let folder = tempfile::tempdir().unwrap();
    let ran = run(["man".as_ref(), folder.path().as_os_str()]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let pages = names(folder.path());
    assert_eq!(pages.len(), ran.stdout.lines().count());
    for page in &pages {
        let mut man = Command::new("man");
        man.args(["--warnings", "-E", "UTF-8", "-l", "-Tutf8"]).arg(page);
        man.env("LC_ALL", "C.UTF-8").env("MANROFFSEQ", "").env("MANWIDTH", "80");
        let text = without_overstrike(&output_of(&mut man, folder.path()));
        has_all(&text, &["NAME", "SYNOPSIS", concat!("edbmend ", env!("CARGO_PKG_VERSION"))]);
        has_all(&text, &["(8)", "System Administration", "EXIT STATUS", "FILES", "SEE ALSO"]);
        has_all(&text, &["refused; that database was not written", "DATABASE.edbmend-pending"]);
        assert!(!text.contains("EXTRA"), "{text}");
    }
    every_page_named_is_there(&pages, folder.path());
}

/// Bold is a letter, a backspace, and the letter again.
fn without_overstrike(text: &str) -> String {
    let mut plain = String::new();
    for letter in text.chars() {
        match letter {
            '\u{8}' => drop(plain.pop()),
            _ => plain.push(letter),
        }
    }
    plain
}

/// The main page sends readers to the others.
fn every_page_named_is_there(pages: &[std::ffi::OsString], folder: &Path) {
    let main = fs::read_to_string(folder.join("edbmend.8")).unwrap().replace('\\', "");
    let named: Vec<_> = main.lines().filter_map(|line| line.strip_suffix("(8)")).collect();
    assert_eq!(named.len() + 1, pages.len(), "{named:?}");
    for page in named {
        assert!(folder.join(format!("{page}.8")).is_file(), "{page}");
    }
}

/// Everybody on the machine reads them, whatever is asked of files that hold mail.
#[test]
fn man_pages_are_readable_by_all() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("edbmend.8");
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask 022; \"$0\" man ."]).arg(PROGRAM);
    output_of(&mut shell, folder.path());
    assert_eq!(fs::metadata(page).unwrap().permissions().mode() & 0o777, 0o644);
    let again = run(["man".as_ref(), folder.path().as_os_str()]);
    assert_eq!(again.code, Some(4), "a page that is there is not replaced: {again:?}");
}
