//! Where the output goes: a pipe that closes, a full disk, no terminal, a narrow one; colours,
//! `--quiet` and `--verbose` of every command that has them.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::PathBuf;
use std::process::Stdio;

use crate::harness::terminal::Terminal;
use crate::harness::{PROGRAM, Ran, finish, operations, program, run, spawn};
use edbmend::practice::{Recipe, storage_group};
use pty_process::blocking::Command;

/// A practice storage group, and the words that stand for it.
struct Group {
    folder: tempfile::TempDir,
}

impl Group {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("edbmend-test-").tempdir().unwrap();
        for file in storage_group(&Recipe::default()) {
            fs::write(folder.path().join(&file.name), &file.bytes).unwrap();
        }
        Self { folder }
    }

    /// Words with `@` for the folder.
    fn words(&self, line: &str) -> Vec<String> {
        let dir = self.folder.path().to_str().unwrap();
        line.split_whitespace().map(|word| word.replace('@', dir)).collect()
    }

    fn run(&self, line: &str) -> Ran {
        run(self.words(line))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let group = Group::new();
    // More than a pipe holds.
    let many: Vec<_> = std::iter::repeat_n("@/priv1.edb", 60).collect();
    let long = format!("inspect {}", many.join(" "));
    for (line, code) in [("check @", 1), ("check --json @", 1), (long.as_str(), 0), ("--help", 0)] {
        let mut child = spawn(&mut program(group.words(line)));
        let mut first = String::new();
        BufReader::with_capacity(16, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let mut told = String::new();
        child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        let status = child.wait().unwrap();
        assert!(!first.is_empty(), "{line}");
        assert_eq!((status.code(), told.as_str()), (Some(code), ""), "{line}");
    }
}

#[test]
fn a_full_disk_under_the_output_is_told_and_changes_no_exit_code() {
    let group = Group::new();
    for (line, code) in [("check @", 1), ("repair --yes --json @/priv1.edb", 0), ("--version", 0)] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let ran = program(group.words(line)).stdout(full).stderr(Stdio::piped()).output().unwrap();
        let told = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(code), "{told}");
        let expected = "edbmend: the report cannot be printed: No space left on device";
        assert!(told.starts_with(expected) && told.lines().count() == 1, "{told}");
    }
}

/// What a command prints on a terminal of so many columns, and its exit code.
fn on_a_terminal(columns: u16, words: &[String], no_color: Option<&str>) -> (String, i32) {
    let (mut pty, pts) = pty_process::blocking::open().unwrap();
    pty.resize(pty_process::Size::new(24, columns)).unwrap();
    let mut command = Command::new(PROGRAM).args(words).env("TERM", "xterm").env("LC_ALL", "C");
    if let Some(value) = no_color {
        command = command.env("NO_COLOR", value);
    }
    let mut child = command.spawn(pts).unwrap();
    let mut screen = Vec::new();
    let mut bytes = [0; 4096];
    loop {
        match pty.read(&mut bytes) {
            Ok(0) => break,
            Ok(count) => screen.extend_from_slice(&bytes[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Linux says EIO where no program has the terminal any more.
            Err(_) => break,
        }
    }
    let code = child.wait().unwrap().code().unwrap();
    (String::from_utf8(screen).unwrap().replace("\r\n", "\n"), code)
}

/// A line that holds a path or a command is never broken; all others fit.
fn too_wide(text: &str, columns: usize) -> Vec<&str> {
    let may_be = |line: &&str| !line.contains('/') && !line.contains("edbmend ");
    text.lines().filter(may_be).filter(|line| line.chars().count() > columns).collect()
}

#[test]
fn a_report_is_as_wide_as_the_terminal_but_no_wider_than_people_read() {
    let group = Group::new();
    let line = "check --quiet @/priv1.edb";
    let plain = |columns| on_a_terminal(columns, &group.words(line), Some("1")).0;
    let piped = group.run(line).stdout;
    assert_eq!(plain(80), piped);
    assert_eq!(plain(120), piped);
    // Of a terminal that does not say how wide it is, nothing is believed.
    assert_eq!(plain(0), piped);
    let narrow = plain(60);
    assert_ne!(narrow, piped);
    assert_eq!(
        narrow.split_whitespace().collect::<Vec<_>>(),
        piped.split_whitespace().collect::<Vec<_>>()
    );
    assert!(too_wide(&narrow, 60).is_empty(), "{narrow}");
}

/// Only tables and drawings use all the columns that there are.
#[test]
fn a_first_screen_fits_every_terminal() {
    let group = Group::new();
    let check = |columns| on_a_terminal(columns, &group.words("check @"), Some("1")).0;
    assert_eq!(check(80), group.run("check @").stdout);
    for columns in 40..=200 {
        let screen = check(columns);
        assert!(too_wide(&screen, columns.into()).is_empty(), "{columns}: {screen}");
        let is_drawn =
            |line: &&str| ["##", "--", "??", "Logs"].iter().any(|bar| line.contains(bar));
        let sentences: String =
            screen.lines().filter(|line| !is_drawn(line)).map(|line| format!("{line}\n")).collect();
        assert!(too_wide(&sentences, 80).is_empty(), "{columns}: {screen}");
    }
}

/// Of what stays wider than a narrow terminal, only rows of a table, digests, paths and commands may.
#[test]
fn every_sentence_fits_a_narrow_terminal() {
    let group = Group::new();
    for line in [
        "explain",
        "explain no-space",
        "explain 3",
        "repair --dry-run @/priv1.edb",
        "repair --yes @/priv1.edb",
        "repair --yes @/priv1.edb @/pub1.edb",
        "reset-logs --dry-run @",
        "verify @/priv1.edb",
        "check @",
        "list @",
    ] {
        let screen = on_a_terminal(60, &group.words(line), Some("1")).0;
        let is_fixed = |line: &&str| {
            let text = line.trim_start();
            let is_row = text.starts_with(|first: char| first.is_ascii_digit());
            (is_row && !text.contains(". ")) || text.contains("SHA-256: ") || text.contains("Rand:")
        };
        let wide = too_wide(&screen, 60).into_iter().filter(|line| !is_fixed(line));
        let wide: Vec<_> = wide.collect();
        assert!(wide.is_empty(), "{line}: {wide:#?}");
    }
}

#[test]
fn colours_are_for_terminals_of_people_who_want_them() {
    let group = Group::new();
    let check = group.words("check @");
    let coloured = |no_color| on_a_terminal(80, &check, no_color).0.contains("\x1b[");
    assert!(coloured(None) && coloured(Some("")));
    assert!(!coloured(Some("1")));
    for line in ["check @", "check --quiet @", "verify @/priv1.edb", "--help", "chekc"] {
        let ran = group.run(line);
        assert!(!ran.stdout.contains('\x1b') && !ran.stderr.contains('\x1b'), "{line}");
        for when in ["--color=always", "--color always", "--colour=always"] {
            let ran = group.run(&format!("{line} {when}"));
            assert!((ran.stdout + &ran.stderr).contains('\x1b'), "{line} {when}");
        }
    }
}

#[test]
fn what_was_asked_for_by_a_flag_counts_most() {
    let group = Group::new();
    let coloured =
        |line: &str, no_color| on_a_terminal(80, &group.words(line), no_color).0.contains("\x1b[");
    assert!(coloured("check @ --color always", Some("1")));
    assert!(!coloured("check @ --color never", None) && !coloured("--color=never --help", None));
    assert!(coloured("--color auto check @", None) && !coloured("--color=auto check @", Some("1")));
    let wrong = group.run("check --color sometimes @");
    assert!(wrong.code == Some(2) && wrong.stderr.contains("sometimes"), "{wrong:?}");
}

#[test]
fn a_dumb_terminal_gets_no_colours() {
    let group = Group::new();
    let db = group.path("priv1.edb");
    let (_, screen) = Terminal::of_kind("dumb", &["check"], &db).end();
    assert!(screen.contains("full-backup-gen-invalid") && !screen.contains('\x1b'), "{screen:?}");
    let (_, screen) = Terminal::of_kind("xterm", &["check"], &db).end();
    assert!(screen.contains('\x1b'), "{screen:?}");
}

/// Whoever runs the command that mends needs not to be told of it.
#[test]
fn a_repair_does_not_name_itself_as_what_mends() {
    let group = Group::new();
    let mend = format!("edbmend repair {}", group.path("priv1.edb").display());
    assert!(group.run("check @").stdout.contains(&mend));
    for line in ["repair -n @/priv1.edb", "repair @/priv1.edb", "repair -y @/priv1.edb"] {
        let ran = group.run(line);
        assert!(ran.stdout.contains("full-backup-gen-invalid"), "{ran:?}");
        assert!(!ran.stdout.contains("edbmend repair "), "{ran:?}");
    }
}

#[test]
fn quiet_says_nothing_where_nothing_is_wrong() {
    let group = Group::new();
    for line in [
        "inspect -q @/priv1.edb @/E00.log @/E00.chk",
        "check -q @/pub1.edb",
        "verify -q @/priv1.edb",
        "repair -q --dry-run @/priv1.edb",
        "repair -q --yes --verify full @/priv1.edb",
        "repair -q --yes @/priv1.edb",
        "reset-logs -q --dry-run @",
        "recover -q --dry-run @",
        "demo -q @/practice",
    ] {
        let ran = group.run(line);
        assert_eq!(
            (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
            (Some(0), "", ""),
            "{line}"
        );
    }
}

#[test]
fn quiet_still_says_what_is_wrong_and_what_to_do() {
    let group = Group::new();
    let check = group.run("check -q @");
    assert!(check.stdout.contains("error: full-backup-gen-invalid"), "{}", check.stdout);
    let refused = group.run("repair -q @/priv1.edb");
    assert!(refused.stdout.contains("do:     Look at the plan with --dry-run"), "{refused:?}");
    let mut bytes = fs::read(group.path("pub1.edb")).unwrap();
    bytes[5 * 4096 + 100] ^= 4;
    fs::write(group.path("pub1.edb"), bytes).unwrap();
    let verify = group.run("verify -q @/pub1.edb");
    assert!(verify.code == Some(1) && verify.stdout.contains("pub1.edb"), "{verify:?}");
}

#[test]
fn verbose_names_each_stage_on_standard_error_alone() {
    let group = Group::new();
    for (line, stage) in [
        ("inspect -v @/priv1.edb", "looking at "),
        ("check -v @", "reading the logs in "),
        ("verify -v @/priv1.edb", "checking all pages"),
        ("repair -v --dry-run @/priv1.edb", "asking every guard"),
        ("repair -v --yes @/priv1.edb", "journal: prepared"),
        ("reset-logs -v --dry-run @", "asking every guard"),
    ] {
        let ran = group.run(line);
        assert!(ran.stderr.contains(stage), "{line}: {ran:?}");
        assert!(!ran.stdout.contains(stage), "{line}: {ran:?}");
    }
    let operation = operations(group.folder.path()).pop().unwrap();
    let line = format!("restore -v --yes {}", operation.display());
    assert!(group.run(&line).stderr.contains("journal: committed"));
}

#[test]
fn a_page_check_that_is_stopped_says_so() {
    let group = Group::new();
    let file = fs::File::options().write(true).open(group.path("priv1.edb")).unwrap();
    // Pages that are stored, not a hole that is skipped; and again and again, so that it takes a while.
    use std::os::unix::fs::FileExt;
    let block = vec![1; 1 << 20];
    (1..64).for_each(|at| file.write_all_at(&block, at << 20).unwrap());
    let mut line = "verify --threads 1 @/priv1.edb".to_owned();
    for again in 0..200 {
        let name = group.path(&format!("again{again}.edb"));
        fs::hard_link(group.path("priv1.edb"), &name).unwrap();
        line += &format!(" {}", name.display());
    }
    let child = spawn(&mut program(group.words(&line)));
    std::thread::sleep(std::time::Duration::from_millis(200));
    // SAFETY: kill(2) takes a process id and a signal; the child is not reaped yet.
    unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
    let ran = finish(child);
    assert_eq!((ran.code, ran.signal), (Some(4), None), "{ran:?}");
    assert_eq!(ran.stdout.matches("interrupted while the pages were checked").count(), 1);
    // What comes behind is not begun, and each of them is named.
    assert!(ran.stdout.contains("found:  not begun"), "{}", ran.stdout);
    let headings = ran.stdout.lines().filter(|line| line.starts_with('/')).count();
    assert_eq!(headings, 201, "{}", ran.stdout);
    assert!(ran.stdout.contains("do:     Run the same command again."), "{ran:?}");
}

#[test]
fn long_lists_are_cut_and_say_how_many_more_there_are() {
    let group = Group::new();
    // 24 pages of a file that all belong elsewhere: each page is the one after it.
    let mut bytes = fs::read(group.path("pub1.edb")).unwrap();
    bytes.drain(8192..8192 + 4096);
    bytes.extend_from_slice(&[0; 4096]);
    fs::write(group.path("pub1.edb"), &bytes).unwrap();
    let brief = group.run("verify @/pub1.edb").stdout;
    let all = group.run("verify --verbose @/pub1.edb").stdout;
    let listed = |text: &str| text.matches(": wrong page number").count();
    assert!(listed(&all) > 10 && listed(&brief) == 10, "{all}");
    assert!(brief.contains(&format!("and {} more (--verbose", listed(&all) - 10)), "{brief}");

    // Logs under names that are not theirs, and more databases than a screen has lines.
    for number in 0x100..0x140 {
        fs::copy(group.path("E0000002.log"), group.path(&format!("E00{number:05X}.log"))).unwrap();
    }
    for number in 10..50 {
        let name = group.path(&format!("priv{number}.edb"));
        fs::copy(group.path("priv1.edb"), name).unwrap();
    }
    let screen = group.run("check @").stdout;
    assert!(
        screen.contains("and 30 more that are no worse") && screen.lines().count() < 100,
        "{screen}"
    );
    let check = group.run("check --verbose @").stdout;
    assert!(check.starts_with("42 databases: "), "{check}");
    let (_, end) = check.rsplit_once("42 databases: ").unwrap();
    let (end, _) = end.split_once("\nMore: ").unwrap();
    assert!(end.contains("\n  and ") && end.lines().count() < 100, "{end}");
    let (told, _) = check.split_once("\nThe way out").unwrap();
    assert!((1..12).contains(&told.matches("E00001").count()), "{told}");
    assert!(check.contains("and 59 more"), "{check}");
    let moves = group.run("reset-logs --dry-run --quiet @");
    assert!(moves.stdout.lines().count() < 400, "{}", moves.stdout);
}
