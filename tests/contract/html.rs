//! `--html` and `report.html`: where a page is written, and where it is refused.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::terminal::Terminal;
use crate::harness::{
    Fixture, Group, Ran, damaged, finish, healthy, names, needs, operations, program, reset_words,
    run, snapshot, spawn,
};

const END: &str = "</html>";

fn page(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.starts_with("<!DOCTYPE html>") && text.ends_with(END), "{text}");
    text
}

/// A folder for pages, beside what they are about.
fn elsewhere() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    (folder, page)
}

fn paged(page: &Path, words: &[&str]) -> Ran {
    run(words.iter().copied().chain(["--html", page.to_str().unwrap()]))
}

#[test]
fn each_of_the_five_commands_has_one() {
    let group = Group::new();
    let (folder, _) = elsewhere();
    let page_of = |name: &str, words: &[&str], code: i32| {
        let file = folder.path().join(format!("{name}.html"));
        let ran = paged(&file, words);
        assert_eq!(ran.code, Some(code), "{ran:?}");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        page(&file)
    };
    let [dir, db] =
        [group.dir.to_str().unwrap(), group.path("priv1.edb").to_str().unwrap()].map(str::to_owned);
    let check = page_of("check", &["check", &dir], 1);
    for part in [
        "The next backups will fail",
        "full-backup-gen-invalid",
        "<svg",
        "What to do",
        "exit code 1",
    ] {
        assert!(check.contains(part), "no {part}: {check}");
    }
    let repair = page_of("repair", &["repair", "--yes", &db], 0);
    for part in [
        "Done: both header copies",
        "4294967295",
        "SHA-256 after",
        "edbmend restore",
        "Checked again",
    ] {
        assert!(repair.contains(part), "no {part}: {repair}");
    }
    let operation = operations(&group.dir).pop().unwrap();
    let restore = page_of("restore", &["restore", "--yes", operation.to_str().unwrap()], 0);
    assert!(restore.contains("Done: both header copies"), "{restore}");
    let reset = reset_words(&["--yes"], &group.dir);
    let words: Vec<&str> = reset.iter().map(String::as_str).collect();
    let reset = page_of("reset", &words, 0);
    assert!(reset.contains("E0000001.log") && reset.contains("Done: all logs"), "{reset}");
    let rebuild = page_of("rebuild", &["rebuild-header", "--yes", &db], 3);
    assert!(rebuild.contains("header-still-valid"), "{rebuild}");
}

/// Exit code 2, and nothing is begun.
#[track_caller]
fn refused(fixture: &Fixture, file: &Path) {
    let before = snapshot(fixture.dir());
    let db = fixture.db.to_str().unwrap();
    for command in [&["repair", "--yes"][..], &["repair", "--dry-run"], &["check"]] {
        let words: Vec<&str> = command.iter().copied().chain([db, "--json"]).collect();
        let ran = paged(file, &words);
        assert_eq!((ran.code, ran.outcome().as_str()), (Some(2), "usage"), "{ran:?}");
        let json = ran.json();
        assert_eq!(
            (json["refusals"].as_array().unwrap().len(), &json["refusals"][0]["id"]),
            (1, &"usage".into())
        );
        assert_eq!(json["refusals"][0]["path"], file.to_str().unwrap());
        assert!(json["databases"].as_array().unwrap().is_empty());
    }
    assert!(snapshot(fixture.dir()) == before, "{}", file.display());
}

#[test]
fn it_never_replaces_anything() {
    let fixture = Fixture::new(&damaged(8));
    let dir = fixture.dir().canonicalize().unwrap();
    fs::write(dir.join("page.html"), "mine").unwrap();
    fs::write(dir.join("empty.html"), "").unwrap();
    symlink(dir.join("priv1.edb"), dir.join("link.html")).unwrap();
    symlink(dir.join("nowhere"), dir.join("dangling.html")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, dir.join("fifo.html"), rustix::fs::Mode::RWXU).unwrap();
    for name in ["priv1.edb", "page.html", "empty.html", "link.html", "dangling.html", "fifo.html"]
    {
        refused(&fixture, &dir.join(name));
    }
    refused(&fixture, &dir);
    refused(&fixture, Path::new("/dev/null"));
}

#[test]
fn it_takes_no_name_of_a_storage_group_and_no_folder_that_is_not_there() {
    let fixture = Fixture::new(&damaged(8));
    let dir = fixture.dir().canonicalize().unwrap();
    for name in [
        "new.edb",
        "new.dit",
        "E00.log",
        "E0000009.log",
        "E00.chk",
        "x.edbmend-pending",
        "no/page.html",
    ] {
        refused(&fixture, &dir.join(name));
    }
    let operation = fixture.repair().canonicalize().unwrap();
    for name in ["page.html", "report.html"] {
        refused(&fixture, &operation.join(name));
    }
}

#[test]
fn a_dry_run_writes_its_page_and_nothing_else() {
    let fixture = Fixture::new(&damaged(8));
    let before = snapshot(fixture.dir());
    let (folder, file) = elsewhere();
    let ran = paged(&file, &["repair", "--dry-run", fixture.db.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(snapshot(fixture.dir()), before);
    assert_eq!(names(folder.path()), ["page.html"]);
    assert!(page(&file).contains("What would be done"));
}

#[test]
fn several_databases_are_one_page_and_a_failed_run_says_so() {
    let fixture = Fixture::new(&damaged(8));
    let (_folder, file) = elsewhere();
    let gone = fixture.dir().join("gone.edb");
    let ran =
        paged(&file, &["repair", "--yes", fixture.db.to_str().unwrap(), gone.to_str().unwrap()]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    let text = page(&file);
    for part in
        ["2 databases: 1 failed, 1 done", "priv1.edb", "gone.edb", "not-found", "exit code 4"]
    {
        assert!(text.contains(part), "no {part}: {text}");
    }
}

#[test]
fn all_groups_of_a_recursive_check_are_one_page() {
    let above = tempfile::tempdir().unwrap();
    for name in ["one", "two"] {
        fs::create_dir(above.path().join(name)).unwrap();
        Group::at(&above.path().join(name));
    }
    let (_folder, file) = elsewhere();
    let ran = paged(&file, &["check", "--recursive", above.path().to_str().unwrap()]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let text = page(&file);
    assert_eq!(text.matches("<figure>").count(), 2, "{text}");
}

#[test]
fn a_log_file_that_is_refused_is_on_the_page() {
    let fixture = Fixture::new(&damaged(8));
    let (_folder, file) = elsewhere();
    let log = fixture.db.to_str().unwrap();
    let ran = paged(&file, &["check", log, "--log-file", log]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(page(&file).contains("log-file-unusable"));
}

#[test]
fn standard_output_takes_the_page_and_standard_error_the_text() {
    let fixture = Fixture::new(&damaged(8));
    let db = fixture.db.to_str().unwrap();
    let ran = run(["check", db, "--html", "-"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.starts_with("<!DOCTYPE html>") && ran.stdout.ends_with(END), "{ran:?}");
    assert_eq!(ran.stderr, run(["check", db]).stdout);
    let before = snapshot(fixture.dir());
    let both = run(["repair", "--yes", "--json", "--html", "-", db]);
    assert_eq!((both.code, both.outcome().as_str()), (Some(2), "usage"), "{both:?}");
    assert!(snapshot(fixture.dir()) == before);
}

#[test]
fn json_and_a_page_go_together() {
    let fixture = Fixture::new(&damaged(8));
    let (_folder, file) = elsewhere();
    let ran = paged(&file, &["check", "--json", fixture.db.to_str().unwrap()]);
    assert_eq!(ran.outcome(), "findings");
    assert!(page(&file).contains("full-backup-gen-invalid"));
}

#[test]
fn until_the_end_it_says_that_the_run_is_not_over() {
    let fixture = Fixture::new(&damaged(8));
    let (_folder, file) = elsewhere();
    let words = ["repair", fixture.db.to_str().unwrap(), "--html", file.to_str().unwrap()];
    let mut terminal = Terminal::of_columns(80, words);
    terminal.expect("Write these changes to");
    assert!(page(&file).contains("Not finished"));
    terminal.press("y\r");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(0), "{screen}");
    let text = page(&file);
    assert!(
        text.contains("What was done") && text.contains("4294967295"),
        "the plan that was shown: {text}"
    );
}

#[test]
fn a_no_is_on_the_page() {
    let fixture = Fixture::new(&damaged(8));
    let (_folder, file) = elsewhere();
    let words = ["repair", fixture.db.to_str().unwrap(), "--html", file.to_str().unwrap()];
    let mut terminal = Terminal::of_columns(80, words);
    terminal.expect("Write these changes to");
    terminal.press("n\r");
    assert_eq!(terminal.end().0, Some(7));
    assert!(page(&file).contains("You said no: nothing was written"));
}

/// A run of the program that can write no file larger than so many bytes.
fn with_files_of(most_bytes: usize, words: &[&str]) -> Ran {
    needs::usable("prlimit", &["--version"]);
    let real = program(words);
    let mut command = Command::new("prlimit");
    command.arg(format!("--fsize={most_bytes}")).arg(real.get_program()).args(real.get_args());
    finish(spawn(&mut command))
}

/// The page is the last file that is written, and the largest of all but the database.
#[test]
#[ignore = "needs prlimit"]
fn a_page_that_cannot_be_written_changes_nothing_of_what_was_done() {
    let fixture = Fixture::new(&damaged(1));
    let (_folder, file) = elsewhere();
    let (db, file) = (fixture.db.to_str().unwrap(), file.to_str().unwrap());
    let words = ["repair", "--yes", "--backup", "header", db, "--html", file];
    let ran = with_files_of(fixture.bytes().len(), &words);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(fixture.bytes(), healthy(1));
    for part in ["WARNING: the page", "is not complete"] {
        assert!(ran.stderr.contains(part), "{ran:?}");
    }
    let operation = operations(fixture.dir()).pop().unwrap();
    let told = format!("WARNING: the report was not saved in {}", operation.display());
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&ran.stdout).contains(&told), "{ran:?}");
}

#[test]
#[ignore = "needs prlimit"]
fn a_page_that_cannot_even_be_begun_is_not_left_and_nothing_is_done() {
    let fixture = Fixture::new(&damaged(1));
    let before = snapshot(fixture.dir());
    let (folder, file) = elsewhere();
    let db = fixture.db.to_str().unwrap();
    let ran = with_files_of(100, &["repair", "--yes", db, "--html", file.to_str().unwrap()]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(snapshot(fixture.dir()) == before, "{ran:?}");
    assert!(names(folder.path()).is_empty(), "{ran:?}");
}

#[test]
fn every_operation_folder_has_one_that_says_how_to_undo_it() {
    let group = Group::new();
    let db = group.path("priv1.edb");
    assert_eq!(run(["repair", "--yes", db.to_str().unwrap()]).code, Some(0));
    let repair = operations(&group.dir).pop().unwrap();
    let text = page(&repair.join("report.html"));
    let undo = format!("edbmend restore {}", repair.display());
    for part in [undo.as_str(), "header-before.bin", "4294967295", "SHA-256 before", "This run"] {
        assert!(text.contains(part), "no {part}: {text}");
    }
    assert_eq!(run(["restore", "--yes", repair.to_str().unwrap()]).code, Some(0));
    assert_eq!(run(reset_words(&["--yes"], &group.dir)).code, Some(0));
    for operation in operations(&group.dir) {
        let text = page(&operation.join("report.html"));
        assert!(text.contains(&format!("edbmend restore {}", operation.display())), "{text}");
    }
}
