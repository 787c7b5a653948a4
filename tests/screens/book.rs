//! The book of screens: what people see, chapter by chapter, as text in `tests/screens/`.
//!
//! After a change that is meant: `INSTA_UPDATE=always cargo test --test screens book::`, then read the diff.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::harness::disks::{NTFS, Volume};
use crate::harness::terminal::Terminal;
use crate::harness::{files, in_memory, operations, run};
use edbmend::diagnose::FindingId;
use edbmend::ese::page::seal_page;
use edbmend::ese::shadow::Which;
use edbmend::ese::{checksum, db_header::RawDbHeader};
use edbmend::practice::{Recipe, corrupt_copy, edit_copy, edit_header, storage_group};
use edbmend::refusal::RefusalId;

/// The place of the made-up files; as long as the real path, so that lines break alike.
const PLACE: &str = "/mnt/exch01/mdbdata";

/// A chapter: a fresh practice storage group, and the screens that were seen with it.
struct Chapter {
    folder: tempfile::TempDir,
    text: String,
}

impl Chapter {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("edbmend-").tempdir_in("/tmp").unwrap();
        assert_eq!(folder.path().to_str().unwrap().len(), PLACE.len());
        let chapter = Self { folder, text: String::new() };
        chapter.fill();
        chapter
    }

    /// A chapter about a set that an engine left.
    fn of_set(set: &str) -> Self {
        let chapter = Self::new();
        chapter.clear();
        chapter.lay_out(set);
        chapter
    }

    /// Goes on with the practice storage group alone.
    fn begin_anew(&self) {
        self.clear();
        self.fill();
    }

    fn clear(&self) {
        for entry in fs::read_dir(self.folder.path()).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
    }

    /// Puts every file of a set back as it was.
    fn lay_out(&self, set: &str) {
        for entry in fs::read_dir(files::unpack(set).path()).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), self.path(entry.file_name().to_str().unwrap())).unwrap();
        }
    }

    /// Puts every file of the group back as it was.
    fn fill(&self) {
        for file in storage_group(&Recipe::of_samples()) {
            fs::write(self.path(&file.name), &file.bytes).unwrap();
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Changes a file of the group.
    fn change(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> &Self {
        let mut bytes = fs::read(self.path(name)).unwrap();
        change(&mut bytes);
        fs::write(self.path(name), bytes).unwrap();
        self
    }

    /// Types a command line, in which `@` stands for the folder, and keeps what was printed.
    fn typed(&mut self, title: &str, line: &str) -> crate::harness::Ran {
        let ran = run(self.words(line));
        let code = ran.code.expect("no signal");
        self.keep(title, line, &format!("{}{}", ran.stdout, ran.stderr), code);
        ran
    }

    fn words(&self, line: &str) -> Vec<String> {
        let dir = self.folder.path().to_str().unwrap();
        line.split_whitespace().map(|word| word.replace('@', dir)).collect()
    }

    fn keep(&mut self, title: &str, line: &str, printed: &str, code: i32) {
        let typed = line.replace('@', PLACE);
        self.text += &format!("## {title}\n\n$ edbmend {typed}\n{printed}[exit code {code}]\n\n");
    }

    /// The only operation folder of a command.
    fn operation(&self, command: &str) -> String {
        let mut found = operations(self.folder.path());
        found.retain(|dir| dir.to_str().unwrap().contains(&format!("-{command}-")));
        let name = found.pop().unwrap().file_name().unwrap().to_owned();
        format!("@/edbmend/{}", name.to_str().unwrap())
    }

    /// Compares the chapter with the one in the book.
    fn is(self, name: &str) {
        let text = without_times(&self.text.replace(self.folder.path().to_str().unwrap(), PLACE));
        let text = text.replace(concat!('"', env!("CARGO_PKG_VERSION"), '"'), "\"0.1.0\"");
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("book");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, text));
    }
}

/// Operation ids have the time and random digits: `edbmend-20261123T023223Z-repair-1f39`.
fn without_times(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("edbmend-20") {
        let (stamp, tail) = after.split_at("261123T023223Z".len());
        assert!(stamp.ends_with('Z'), "{stamp}");
        let command = ["-repair-", "-restore-", "-reset-logs-", "-rebuild-header-"]
            .into_iter()
            .find(|c| tail.starts_with(c));
        let command = command.expect("a command behind the time");
        out += &format!("{before}edbmend-20261123T023223Z{command}1f39");
        rest = &tail[command.len() + 4..];
    }
    without_clock(&(out + rest))
}

/// The times of operations as `list` prints them: `2026-11-23 02:32:23`.
fn without_clock(text: &str) -> String {
    const TIME: &str = "2026-11-23 02:32:23";
    let is_time = |found: &str| {
        found
            .bytes()
            .zip(TIME.bytes())
            .all(|(a, b)| a == b || a.is_ascii_digit() && b.is_ascii_digit())
    };
    let mut out = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let found = rest.get(..TIME.len()).filter(|found| is_time(found));
        out += found.map_or(&rest[..next.len_utf8()], |_| TIME);
        rest = &rest[found.map_or(next.len_utf8(), str::len)..];
    }
    out
}

#[test]
fn help() {
    let mut chapter = Chapter::new();
    chapter.typed("The program", "--help");
    for command in [
        "inspect",
        "check",
        "repair",
        "rebuild-header",
        "reset-logs",
        "verify",
        "restore",
        "recover",
        "list",
        "demo",
        "completions",
        "man",
    ] {
        chapter.typed(command, &format!("{command} --help"));
    }
    chapter.typed("Nothing typed", "");
    chapter.typed("Too little", "repair");
    chapter.typed("A slip of the finger", "repai @/priv1.edb");
    chapter.typed("Two that exclude each other", "repair --yes --dry-run @/priv1.edb");
    chapter.typed("Too little, for a program", "repair --json");
    chapter.typed("A warning that no repair mends", "repair --also no-logging @/priv1.edb");
    chapter.is("help");
}

#[test]
fn check() {
    let mut chapter = Chapter::new();
    chapter.typed("A storage group with the damage", "check @");
    chapter.typed("Only what went wrong", "check --quiet @");
    chapter.typed("One line for each", "check --brief @");
    chapter.typed("All that there is to say", "check --verbose @");
    chapter.typed("Each stage", "check --verbose @/pub1.edb");
    chapter.typed("A healthy database, quietly", "check --quiet @/pub1.edb");
    chapter.is("check");
}

type Change = fn(&mut Vec<u8>);

#[test]
fn findings_of_a_header() {
    let mut chapter = Chapter::new();
    let changes: [(&str, Change); 13] = [
        ("Incremental backup", |b| edit_header(b, |raw| raw.inc_prev.gen_high = u32::MAX.into())),
        ("Copy backup", |b| {
            edit_header(b, |raw| {
                raw.revision = 0x14.into();
                raw.copy_prev.gen_high = u32::MAX.into();
            });
        }),
        ("Differential backup", |b| {
            edit_header(b, |raw| {
                raw.revision = 0x14.into();
                raw.diff_prev.gen_high = u32::MAX.into();
            });
        }),
        ("Low above high", |b| {
            edit_header(b, |raw| {
                raw.full_prev.gen_low = 2.into();
                raw.full_prev.gen_high = 1.into();
            });
        }),
        ("Half set", |b| edit_header(b, |raw| raw.full_prev.gen_low = 0.into())),
        ("Beyond the log", |b| edit_header(b, |raw| raw.full_prev.gen_high = 900.into())),
        ("Dirty", |b| edit_header(b, |raw| raw.state = 2.into())),
        ("A backup that has not ended", |b| edit_header(b, |raw| raw.full_cur.gen_low = 2.into())),
        ("A bad primary header", |b| corrupt_copy(b, Which::Primary)),
        ("A bad shadow header", |b| corrupt_copy(b, Which::Shadow)),
        ("Two headers that differ", |b| {
            edit_copy(b, Which::Shadow, |raw| raw.repair_count = 1.into())
        }),
        ("No log signature", |b| edit_header(b, |raw| raw.log_signature = Default::default())),
        ("No backup yet", |b| {
            edit_header(b, |raw| {
                raw.full_prev.gen_low = 0.into();
                raw.full_prev.gen_high = 0.into();
            });
        }),
    ];
    for (title, change) in changes {
        chapter.fill();
        chapter.change("pub1.edb", change);
        chapter.typed(title, "check @/pub1.edb");
    }
    chapter.fill();
    chapter.change("pub1.edb", |bytes| bytes[4096] ^= 1).change("pub1.edb", |bytes| bytes[0] ^= 1);
    chapter.typed("No valid header", "check @/pub1.edb");
    chapter.is("findings_of_a_header");
}

#[test]
fn findings_of_a_group() {
    let mut chapter = Chapter::new();
    let remove = |chapter: &Chapter, name: &str| fs::remove_file(chapter.path(name)).unwrap();
    remove(&chapter, "priv1.stm");
    chapter.typed("No streaming file", "check @/priv1.edb");
    chapter.fill();
    chapter.change("priv1.stm", |b| edit_header(b, |raw| raw.slv_signature.random = 1.into()));
    chapter.typed("Another streaming file", "check @/priv1.edb");
    chapter.fill();
    remove(&chapter, "E0000002.log");
    chapter.typed("A gap", "check @");
    chapter.fill();
    chapter.change("E0000002.log", |bytes| bytes[8] ^= 1);
    chapter.change("E00.chk", |bytes| bytes.fill(7));
    chapter.typed("A damaged log and checkpoint", "check @");
    chapter.fill();
    fs::rename(chapter.path("E0000003.log"), chapter.path("E0000007.log")).unwrap();
    chapter.typed("A log under another name", "check @");
    remove(&chapter, "E0000007.log");
    chapter.fill();
    fs::write(chapter.path("pub1.edb.edbmend-pending"), "").unwrap();
    chapter.typed("An interrupted operation", "check @/pub1.edb");
    chapter.is("findings_of_a_group");
}

#[test]
fn repair_and_its_way_back() {
    let mut chapter = Chapter::new();
    chapter.typed("See the plan", "repair --dry-run @/priv1.edb");
    chapter.typed("With digests and stages", "repair --dry-run --verbose @/priv1.edb");
    chapter.typed("Nobody to ask", "repair @/priv1.edb");
    chapter.typed("The same, quietly", "repair --quiet @/priv1.edb");
    chapter.typed("Do it", "repair --yes --verify full @/priv1.edb");
    chapter.typed("Once more", "repair --yes @/priv1.edb");
    let operation = chapter.operation("repair");
    chapter.typed("See the undo", &format!("restore --dry-run {operation}"));
    chapter.typed("Undo it", &format!("restore --yes {operation}"));
    chapter.typed("Undo it again", &format!("restore --yes {operation}"));
    chapter.typed("Nothing pending", "recover --yes @");
    chapter.typed("Several", "repair --yes --backup header @/priv1.edb @/pub1.edb @/E00.log");
    chapter.is("repair");
}

#[test]
fn list() {
    let mut chapter = Chapter::new();
    chapter.typed("Nothing yet", "list @");
    chapter.typed("No such folder", "list @/mdbdata");
    chapter.typed("A repair", "repair --yes --quiet @/priv1.edb");
    chapter.seen("One operation", 80, "list @");
    let repair = chapter.operation("repair");
    chapter.typed("Undone", &format!("restore --yes --quiet {repair}"));
    let restore = chapter.operation("restore");
    chapter.typed("The undo undone", &format!("restore --yes --quiet {restore}"));
    let both = "--db @/priv1.edb --db @/pub1.edb";
    chapter.typed("A reset", &format!("reset-logs --yes --quiet {both} @"));
    for columns in [40, 80, 200] {
        chapter.seen(&format!("{columns} columns"), columns, "list @");
    }
    chapter.typed("The folder in place of the operation", "restore @");
    let journal = chapter.path(&format!("{}/journal", &chapter.operation("reset-logs")[2..]));
    fs::write(journal, "nothing").unwrap();
    chapter.typed("A damaged journal", "list @");
    chapter.typed("Quietly", "list --quiet @");
    fs::write(chapter.path("pub1.edb.edbmend-pending"), "").unwrap();
    chapter.typed("One that is pending", "list @");
    chapter.is("list");
}

#[test]
fn rebuild_header() {
    const CLEAN: &str = "engine/stage4_p4096/s4_1_bug_state";
    const KILLED: &str = "engine/killed_p16384";
    let mut chapter = Chapter::of_set(CLEAN);
    let destroyed = |chapter: &Chapter, set: &str, name: &str, bytes: usize| {
        let _ = fs::remove_dir_all(chapter.path("edbmend"));
        chapter.clear();
        chapter.lay_out(set);
        chapter.change(name, |file| file[..bytes].fill(0xff));
    };
    chapter.change("test.edb", |file| file[..4096].fill(0xff));
    chapter.typed("One copy is left", "rebuild-header @/test.edb");
    destroyed(&chapter, CLEAN, "test.edb", 8192);
    chapter.typed("What a check says", "check @/test.edb");
    chapter.typed("What can be proven", "rebuild-header --dry-run @/test.edb");
    chapter.typed("Do it", "rebuild-header --yes @/test.edb");
    let operation = chapter.operation("rebuild-header");
    chapter.typed("Undo it", &format!("restore --yes {operation}"));
    fs::rename(chapter.path("test.edb"), chapter.path("lost.edb")).unwrap();
    chapter.typed("Another name", "rebuild-header --dry-run @/lost.edb");
    destroyed(&chapter, CLEAN, "test.edb", 8192);
    fs::remove_file(chapter.path("E00.log")).unwrap();
    chapter.typed("No current log", "rebuild-header --dry-run @/test.edb");
    destroyed(&chapter, CLEAN, "test.edb", 8192);
    fs::copy(chapter.path("E0000005.log"), chapter.path("E0000009.log")).unwrap();
    chapter.typed("A log above the current one", "rebuild-header --dry-run @/test.edb");
    destroyed(&chapter, CLEAN, "test.edb", 8192);
    chapter.change("test.edb", |file| file[60 * 4096 + 100] ^= 1);
    chapter.typed("A bad page", "rebuild-header --dry-run @/test.edb");
    chapter.change("test.edb", |file| file[2 * 4096..3 * 4096].fill(0));
    chapter.typed("A root is lost", "rebuild-header --dry-run @/test.edb");
    destroyed(&chapter, CLEAN, "test.edb", 80 * 4096);
    chapter.typed("More than the header", "rebuild-header --dry-run @/test.edb");
    destroyed(&chapter, CLEAN, "test.edb", 8192);
    fs::write(chapter.path("test.stm"), [0; 8192]).unwrap();
    chapter.typed("A streaming file", "rebuild-header --dry-run @/test.edb");
    destroyed(&chapter, CLEAN, "test.edb", 8192);
    chapter.change("test.edb", |file| {
        let page = &mut file[41 * 4096..42 * 4096];
        page[9] += 1;
        seal_page(page, 40);
    });
    chapter.typed("A page of another time", "rebuild-header --dry-run @/test.edb");
    destroyed(&chapter, CLEAN, "test.edb", 8192);
    for entry in fs::read_dir(chapter.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if !path.ends_with("test.edb") {
            fs::remove_file(path).unwrap();
        }
    }
    chapter.typed("Nothing but pages", "rebuild-header --dry-run @/test.edb");
    destroyed(&chapter, "engine/stage4_multi_p4096", "one.edb", 8192);
    chapter.typed("Twins", "rebuild-header --dry-run @/one.edb");
    destroyed(&chapter, KILLED, "db1.edb", 2 * 16384);
    chapter.typed("Killed while it wrote", "rebuild-header --dry-run @/db1.edb");
    let of_another_time = files::unpack(CLEAN);
    fs::copy(of_another_time.path().join("test.jfm"), chapter.path("db1.jfm")).unwrap();
    chapter.typed("A flush map of another time", "rebuild-header --dry-run @/db1.edb");
    chapter.is("rebuild_header");
}

#[test]
fn reset_logs() {
    let mut chapter = Chapter::new();
    chapter.typed("See the moves", "reset-logs --dry-run @");
    chapter.typed("Not all were named", "reset-logs --yes --db @/priv1.edb @");
    chapter.change("pub1.edb", |b| edit_header(b, |raw| raw.state = 2.into()));
    chapter.typed("A dirty database", "reset-logs --dry-run @");
    chapter.fill();
    chapter.change("pub1.edb", |b| corrupt_copy(b, Which::Shadow));
    chapter.typed("Half a header", "reset-logs --dry-run @");
    chapter.fill();
    chapter.change("pub1.edb", |b| edit_header(b, |raw| raw.log_signature.random = 1.into()));
    chapter.typed("Logs of another group", "reset-logs --dry-run @");
    chapter.fill();
    fs::write(chapter.path("restore.env"), "").unwrap();
    fs::remove_file(chapter.path("priv1.stm")).unwrap();
    chapter.typed("A restore under way, no streaming file", "reset-logs --dry-run @");
    fs::remove_file(chapter.path("restore.env")).unwrap();
    chapter.fill();
    fs::copy(chapter.path("E00.log"), chapter.path("E01.log")).unwrap();
    chapter.typed("Two groups in one folder", "reset-logs --dry-run @");
    fs::remove_file(chapter.path("E01.log")).unwrap();
    chapter.typed("Do it", "reset-logs --yes --db @/priv1.edb --db @/pub1.edb @");
    chapter.typed("Nothing left to move", "reset-logs --yes --db @/priv1.edb --db @/pub1.edb @");
    let operation = chapter.operation("reset-logs");
    fs::write(chapter.path("E00.log"), "a new one").unwrap();
    chapter.typed("A new log stream has begun", &format!("restore --yes {operation}"));
    fs::remove_file(chapter.path("E00.log")).unwrap();
    chapter.typed("Bring them back", &format!("restore --yes {operation}"));
    chapter.is("reset_logs");
}

#[test]
fn verify_and_inspect() {
    let mut chapter = Chapter::new();
    chapter.typed("All pages", "verify @/priv1.edb");
    chapter.change("pub1.edb", |bytes| bytes[5 * 4096 + 100] ^= 4);
    chapter.typed("A bad page", "verify @/pub1.edb");
    chapter.typed("A header", "inspect @/priv1.edb");
    chapter.typed("A log and a checkpoint", "inspect @/E00.log @/E00.chk");
    chapter.typed("A set of logs", "inspect @/E00");
    chapter.typed("Records", "inspect --records @/E00.log");
    chapter.typed("A folder", "verify @");
    chapter.typed("A deep check", "check --deep @");
    chapter.change("E0000002.log", |bytes| bytes[4100] ^= 4);
    chapter.typed("A bad log", "verify @/E0000002.log");
    chapter.typed("All logs, one of them bad", "verify @/E00");
    chapter.change("pub1.edb", |bytes| corrupt_copy(bytes, Which::Shadow));
    chapter.typed("Half a header, quietly", "inspect --quiet @/pub1.edb @/priv1.edb");
    chapter.is("verify_and_inspect");
}

#[test]
fn refusals() {
    let mut chapter = Chapter::new();
    fs::write(chapter.path("notes.edb"), "to do: run a backup").unwrap();
    fs::create_dir(chapter.path("folder.edb")).unwrap();
    fs::create_dir(chapter.path("shared")).unwrap();
    let for_all = fs::Permissions::from_mode(0o777);
    fs::set_permissions(chapter.path("shared"), for_all).unwrap();
    std::os::unix::fs::symlink("priv1.edb", chapter.path("link.edb")).unwrap();
    for (title, line) in [
        ("Not there", "repair --yes @/priv.edb"),
        ("The wrong case", "repair --yes @/PRIV1.EDB"),
        ("No database", "repair --yes @/notes.edb"),
        ("A log", "repair --yes @/E00.log"),
        ("A folder", "repair --yes @/folder.edb"),
        ("A link", "repair --yes @/link.edb"),
        ("No place for the backup", "repair --yes --backup-dir @/no/where @/priv1.edb"),
        ("A backup folder for everybody", "repair --yes --backup-dir @/shared @/priv1.edb"),
        ("No operation", "restore --yes @"),
        ("Not evidence", "repair --yes --from @/pub1.edb @/priv1.edb"),
        ("A log file that is a database", "repair --yes --log-file @/pub1.edb @/priv1.edb"),
        ("A folder that is not empty", "demo @"),
    ] {
        chapter.typed(title, line);
    }
    let memory = in_memory();
    std::os::unix::fs::symlink(memory.path(), chapter.path("memory")).unwrap();
    let line = "repair --quiet --yes --backup-dir @/memory @/priv1.edb";
    let ran = run(chapter.words(line));
    let place = memory.path().to_str().unwrap();
    let printed = ran.stdout.replace(place, "/dev/shm/mdb");
    chapter.keep("A backup that goes with the power", line, &printed, ran.code.unwrap());
    fs::remove_file(chapter.path("memory")).unwrap();
    let changes: [(&str, Change); 6] = [
        ("Cut off", |bytes| bytes.truncate(bytes.len() - 100)),
        ("An unknown format", |b| edit_header(b, |raw| raw.full_prev_type = 9.into())),
        ("Dirty", |b| edit_header(b, |raw| raw.state = 2.into())),
        ("A backup that has not ended", |b| edit_header(b, |raw| raw.full_cur.gen_low = 2.into())),
        ("No valid header", |bytes| {
            bytes[0] ^= 1;
            bytes[4096] ^= 1;
        }),
        ("Healthy but held open", |_| {}),
    ];
    for (title, change) in changes {
        chapter.fill();
        chapter.change("priv1.edb", change);
        let held = fs::File::open(chapter.path("priv1.edb")).unwrap();
        let held = title.ends_with("held open").then_some(held);
        chapter.typed(title, "repair --quiet --yes @/priv1.edb");
        drop(held);
    }
    chapter.fill();
    chapter.change("priv1.edb", |b| edit_header(b, |raw| raw.flags[0] |= 1));
    chapter.change("priv1.edb", |bytes| bytes[4096..8192].fill(0xaa));
    chapter.typed("No second header", "repair --quiet --yes @/priv1.edb");
    chapter.typed("No folder for the man pages", "man @/none");
    chapter.fill();
    fs::write(chapter.path("priv1.edb.edbmend-pending"), "").unwrap();
    chapter.typed("Interrupted before", "repair --quiet --yes @/priv1.edb");
    chapter.typed("What recover would do", "recover --dry-run @/priv1.edb");
    fs::write(
        chapter.path("priv1.edb.edbmend-pending"),
        format!(
            "{}
{{}}
",
            "x".repeat(64)
        ),
    )
    .unwrap();
    chapter.typed("A damaged marker", "recover --yes @/priv1.edb");
    fs::remove_file(chapter.path("priv1.edb.edbmend-pending")).unwrap();
    chapter.typed("Repaired", "repair --yes --quiet @/priv1.edb");
    let operation = chapter.operation("repair");
    chapter.change("priv1.edb", |b| edit_header(b, |raw| raw.repair_count = 1.into()));
    chapter.typed("The header changed since", &format!("restore --yes --quiet {operation}"));
    let image = chapter.path(&format!("{}/header-before.bin", &operation[2..]));
    fs::write(image, "nothing").unwrap();
    chapter.typed("The saved header is damaged", &format!("restore --yes {operation}"));
    chapter.is("refusals");
}

#[test]
fn findings_of_logs() {
    let mut chapter = Chapter::new();
    let dirty = |chapter: &Chapter| {
        chapter.fill();
        chapter.change("pub1.edb", |b| {
            edit_header(b, |raw| {
                raw.state = 2.into();
                (raw.gen_min_required, raw.gen_max_required) = (2.into(), 3.into());
            });
        });
    };
    dirty(&chapter);
    fs::remove_file(chapter.path("E0000002.log")).unwrap();
    chapter.typed("Recovery needs a log that is gone", "check @/pub1.edb");
    dirty(&chapter);
    chapter.change("E0000002.log", |bytes| bytes[8] ^= 1);
    chapter.typed("Recovery needs a log that is damaged", "check @/pub1.edb");
    chapter.fill();
    let foreign = storage_group(&Recipe { log_random: 7, ..Recipe::of_samples() });
    let foreign = foreign.into_iter().find(|file| file.name == "E0000002.log").unwrap();
    fs::write(chapter.path("E0000002.log"), foreign.bytes).unwrap();
    fs::remove_file(chapter.path("priv1.edb")).unwrap();
    chapter.typed("A log of another stream", "check @");
    chapter.fill();
    fs::remove_file(chapter.path("priv1.edb")).unwrap();
    // Byte 20: the log signature of a checkpoint.
    chapter.change("E00.chk", |bytes| in_both_copies(bytes, |copy| copy[20] ^= 0x40));
    chapter.typed("The checkpoint of another stream", "check @");
    chapter.fill();
    fs::remove_file(chapter.path("priv1.edb")).unwrap();
    fs::remove_file(chapter.path("pub1.edb")).unwrap();
    chapter.renumber(0xe_0001 - 4);
    chapter.typed("The numbers of the logs run out", "check @");
    chapter.is("findings_of_logs");
}

/// A set of an engine that was killed: `db1.edb` needs log 4, where the checkpoint is.
const KILLED: &str = "engine/killed_p16384";

/// Bytes of a segment of its logs.
const SEGMENT_BYTES: usize = 4096;

/// The last segment of its current log that holds data.
const LAST_SEGMENT: usize = 21;

/// Offset of the checksum of all segments of the log before, in the header of a log.
const PREVIOUS_SUM_OFFSET: usize = 653;

#[test]
fn findings_of_log_bodies() {
    let mut chapter = Chapter::of_set(KILLED);
    chapter.change("E0100002.log", |bytes| bytes[SEGMENT_BYTES..].fill(0));
    chapter.typed("A closed log without its data", "check --deep @");
    chapter.lay_out(KILLED);
    chapter.change("E0100003.log", |bytes| {
        bytes[PREVIOUS_SUM_OFFSET] ^= 1;
        checksum::seal(&mut bytes[..SEGMENT_BYTES]);
    });
    chapter.typed("Not the log that the next goes on from", "check --deep @");
    chapter.lay_out(KILLED);
    chapter.change("E01.log", |bytes| {
        let last = LAST_SEGMENT * SEGMENT_BYTES;
        bytes.copy_within(last..last + SEGMENT_BYTES, last + SEGMENT_BYTES);
        bytes[last + SEGMENT_BYTES / 2..last + SEGMENT_BYTES].fill(0);
    });
    chapter.typed("A last write that power cut", "check @");
    chapter.is("findings_of_log_bodies");
}

#[test]
fn findings_of_the_next_start() {
    let mut chapter = Chapter::of_set(KILLED);
    chapter.change("db1.edb", |b| edit_header(b, |raw| raw.gen_min_required = 3.into()));
    chapter.typed("A checkpoint ahead of a database", "check @");
    chapter.lay_out(KILLED);
    chapter.change("db1.edb", |b| edit_header(b, |raw| raw.db_signature.random = 1.into()));
    chapter.typed("Another database of that name", "check @");
    chapter.lay_out(KILLED);
    fs::remove_file(chapter.path("db1.edb")).unwrap();
    chapter.typed("A database that is gone", "check @");
    let older = |raw: &mut RawDbHeader| {
        raw.last_consistent_pos.generation = 2.into();
        raw.last_detach_pos.generation = 2.into();
    };
    chapter.begin_anew();
    chapter.change("pub1.edb", |bytes| edit_header(bytes, older));
    chapter.typed("An older copy of a database", "check @");
    chapter.typed("What a reset would give up", "reset-logs --dry-run @");
    chapter.is("findings_of_the_next_start");
}

#[test]
fn findings_of_what_lies_beside() {
    let mut chapter = Chapter::new();
    let counted = |raw: &mut RawDbHeader| {
        (raw.bad_checksum, raw.ecc_fix_success, raw.repair_count) = (7.into(), 2.into(), 1.into());
    };
    chapter.change("pub1.edb", |bytes| edit_header(bytes, counted));
    chapter.typed("A database that was damaged and repaired", "check @/pub1.edb");
    chapter.begin_anew();
    let newer = |raw: &mut RawDbHeader| {
        raw.last_consistent_pos.generation = 9.into();
        raw.last_detach_pos.generation = 9.into();
    };
    chapter.change("pub1.edb", |bytes| edit_header(bytes, newer));
    chapter.typed("A database that is newer than its logs", "check @");
    chapter.begin_anew();
    fs::write(chapter.path("people.mdb"), b"\0\x01\0\0Standard Jet DB\0").unwrap();
    fs::copy(chapter.path("pub1.edb"), chapter.path("tmp.edb")).unwrap();
    chapter.change("tmp.edb", |bytes| edit_header(bytes, |raw| raw.file_type = 5.into()));
    chapter.leave_patch_file_of("pub1.edb", "pub1.pat");
    chapter.typed("Files that are in nobody's way", "check --verbose @");
    chapter.begin_anew();
    let of_another_version = |bytes: &mut Vec<u8>| {
        bytes[32] = 9;
        checksum::seal(&mut bytes[..4096]);
    };
    chapter.change("E00.log", of_another_version);
    chapter.typed("Logs of a version that is not known", "check @");
    chapter.begin_anew();
    fs::copy(chapter.path("E00.log"), chapter.path("E0000004.log")).unwrap();
    chapter.typed("A file under the name of the next log", "check @");
    chapter.begin_anew();
    for name in ["E00.log", "E00.chk", "priv1.edb", "priv1.stm", "pub1.edb"] {
        fs::remove_file(chapter.path(name)).unwrap();
    }
    chapter.typed("An archive of closed logs", "check @");
    chapter.is("findings_of_what_lies_beside");
}

/// Changes both copies of a checkpoint in the same way.
fn in_both_copies(bytes: &mut [u8], change: impl Fn(&mut [u8])) {
    for copy in bytes.chunks_exact_mut(4096) {
        change(copy);
        checksum::seal(copy);
    }
}

impl Chapter {
    /// What a streaming backup leaves of a database beside it, where the format page says.
    fn leave_patch_file_of(&self, database: &str, name: &str) {
        let header = fs::read(self.path(database)).unwrap();
        let mut page = vec![0; 4096];
        page[48..56].copy_from_slice(&[0x38, 0x11, 9, 0x0b, 3, 0x76, 1, 0]);
        page[56..64].copy_from_slice(&[1, 0, 0, 0, 3, 0, 0, 0]);
        page[64..92].copy_from_slice(&header[24..52]);
        page[92..120].copy_from_slice(&header[108..136]);
        checksum::seal(&mut page);
        fs::write(self.path(name), page.repeat(2)).unwrap();
    }

    /// Gives the logs, and the checkpoint, generations that are so much higher.
    fn renumber(&self, by: u32) {
        let raised = |header: &mut [u8], at: usize| {
            let old = u32::from_le_bytes(header[at..at + 4].try_into().unwrap());
            header[at..at + 4].copy_from_slice(&(old + by).to_le_bytes());
            checksum::seal(&mut header[..4096]);
        };
        for generation in 1..=3u32 {
            let name = format!("E00{generation:05X}.log");
            self.change(&name, |bytes| raised(bytes, 4));
            let raised = format!("E00{:05X}.log", generation + by);
            fs::rename(self.path(&name), self.path(&raised)).unwrap();
        }
        self.change("E00.log", |bytes| raised(bytes, 4));
        self.change("E00.chk", |bytes| bytes.chunks_exact_mut(4096).for_each(|c| raised(c, 16)));
    }
}

/// The situations of a night, on a narrow, a plain and a wide terminal.
#[test]
fn first_screens() {
    let mut chapter = Chapter::new();
    let remove = |chapter: &Chapter, name: &str| fs::remove_file(chapter.path(name)).unwrap();
    for columns in [40, 80, 200] {
        chapter.begin_anew();
        chapter.seen(&format!("The damage, {columns} columns"), columns, "check @");
        chapter.change("priv1.edb", |bytes| bytes[..8192].fill(0xff));
        chapter.seen(&format!("A lost header, {columns} columns"), columns, "check @");
        chapter.fill();
        chapter.change("priv1.edb", |b| edit_header(b, |raw| raw.full_prev.gen_high = 3.into()));
        chapter.seen(&format!("Nothing wrong, {columns} columns"), columns, "check @");
        chapter.change("pub1.edb", |bytes| {
            edit_header(bytes, |raw| {
                raw.state = 2.into();
                (raw.gen_min_required, raw.gen_max_required) = (1.into(), 4.into());
            });
        });
        remove(&chapter, "E00.chk");
        remove(&chapter, "E0000002.log");
        chapter.seen(&format!("A required log is gone, {columns} columns"), columns, "check @");
    }
    chapter.begin_anew();
    ["priv1.edb", "priv1.stm", "pub1.edb"].iter().for_each(|name| remove(&chapter, name));
    chapter.typed("Logs without a database", "check @");
    chapter.typed("In one line", "check --brief @");
    chapter.typed("Nothing there", "check @/none.edb");
    chapter.is("first_screens");
}

#[test]
fn questions() {
    let mut chapter = Chapter::new();
    chapter.answered("Yes", "repair @/priv1.edb", "to priv1.edb?", |_| {}, "y\r");
    chapter.fill();
    chapter.answered("No", "repair @/priv1.edb", "to priv1.edb?", |_| {}, "n\r");
    chapter.answered("Ctrl-C", "repair @/priv1.edb", "to priv1.edb?", |_| {}, "\u{3}");
    let mounted = |chapter: &Chapter| {
        chapter.change("priv1.edb", |b| edit_header(b, |raw| raw.repair_count = 1.into()));
    };
    chapter.answered("Changed meanwhile", "repair @/priv1.edb", "to priv1.edb?", mounted, "y\r");
    chapter.fill();
    chapter.answered("Which databases", "reset-logs @", "shall the files move?", |_| {}, "\r");
    fs::write(chapter.path("pub1.edb.edbmend-pending"), "").unwrap();
    let empty = "edbmend/edbmend-20261124T103000Z-repair-0000";
    fs::create_dir_all(chapter.path(empty)).unwrap();
    chapter.answered("Recover", "recover @/pub1.edb", "Do it?", |_| {}, "y\r");
    chapter.is("questions");
}

impl Chapter {
    /// Types a command line at a terminal of 80 columns, and answers its question, before which
    /// something happens.
    fn answered(
        &mut self,
        title: &str,
        line: &str,
        question: &str,
        meanwhile: impl FnOnce(&Self),
        keys: &str,
    ) {
        let mut terminal = Terminal::of_columns(80, self.words(line));
        terminal.expect(question);
        meanwhile(self);
        terminal.press(keys);
        let (code, screen) = terminal.end();
        self.keep(title, line, &as_it_stands(&screen), code.expect("no signal"));
    }

    /// Types a command line at a terminal of so many columns.
    fn seen(&mut self, title: &str, columns: u16, line: &str) {
        let (code, screen) = Terminal::of_columns(columns, self.words(line)).end();
        self.keep(title, line, &as_it_stands(&screen), code.expect("no signal"));
    }
}

/// What is on a terminal in the end: colours and lines that were cleared are left out.
fn as_it_stands(screen: &str) -> String {
    let lines = screen.split("\r\n").map(|line| {
        let line = line.rsplit("\r\x1b[2K").next().unwrap_or_default();
        console::strip_ansi_codes(line).trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn narrow_and_wide_terminals_and_long_paths() {
    let mut chapter = Chapter::new();
    chapter.seen("60 columns", 60, "check @/priv1.edb");
    chapter.seen("80 columns", 80, "check @/priv1.edb");
    chapter.seen("120 columns", 120, "check @/priv1.edb");
    chapter.seen("A plan at 60 columns", 60, "repair --dry-run @/priv1.edb");
    let deep = ["First Storage Group", &"long".repeat(40), &"longer".repeat(30)].join("/");
    fs::create_dir_all(chapter.path(&deep)).unwrap();
    for name in ["priv1.edb", "priv1.stm"] {
        fs::copy(chapter.path(name), chapter.path(&deep).join(name)).unwrap();
    }
    fs::rename(chapter.path("First Storage Group"), chapter.path("First_Storage_Group")).unwrap();
    let path = format!("@/{}/priv1.edb", deep.replace(' ', "_"));
    chapter.typed("A very long path", &format!("check {path}"));
    chapter.typed("Its plan", &format!("repair --dry-run {path}"));
    chapter.is("widths");
}

#[test]
#[ignore = "needs root and ntfs-3g"]
fn volumes() {
    let mut chapter = Chapter::new();
    fs::set_permissions(chapter.path("priv1.edb"), Permissions::from_mode(0o444)).unwrap();
    chapter.typed("Nobody may write it", "repair --quiet --yes @/priv1.edb");
    fs::set_permissions(chapter.path("priv1.edb"), Permissions::from_mode(0o644)).unwrap();
    let (full, leaseless) = (Volume::ext4(1), Volume::new(&NTFS));
    std::os::unix::fs::symlink(full.path(), chapter.path("full")).unwrap();
    chapter.typed("No space", "repair --quiet --yes --backup-dir @/full @/priv1.edb");
    std::os::unix::fs::symlink(leaseless.path(), chapter.path("share")).unwrap();
    for name in ["priv1.edb", "priv1.stm"] {
        fs::copy(chapter.path(name), leaseless.path().join(name)).unwrap();
    }
    chapter.typed("Nobody can say who has it open", "repair --quiet --yes @/share/priv1.edb");
    for (volume, place) in [(&leaseless, "/mnt/share"), (&full, "/mnt/full")] {
        chapter.text = chapter.text.replace(volume.path().to_str().unwrap(), place);
    }
    // How much an empty volume holds, mkfs decides.
    let (before, free) = chapter.text.split_once(" bytes are free").expect("a full volume");
    let before = before.trim_end_matches(|c: char| c.is_ascii_digit());
    chapter.text = format!("{before}968704 bytes are free{free}");
    chapter.is("volumes");
}

fn ids_of<Id: serde::de::DeserializeOwned>() -> Vec<String> {
    let answer = serde_json::from_str::<Id>("\"?\"").err().expect("no id is called ?").to_string();
    let (_, listed) = answer.split_once("expected one of").expect("the answer lists the ids");
    listed.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_id_is_on_a_screen() {
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/screens/book");
    let mut text = String::new();
    for chapter in fs::read_dir(book).unwrap() {
        text += &fs::read_to_string(chapter.unwrap().path()).unwrap();
    }
    let on_a_screen = |words: &[&str], id: &str| {
        let titles = words.iter().map(|word| format!("  {word}: {id}"));
        // On a first screen the database stands behind it.
        let is_title = |line: &str, title: &str| {
            let behind = line.strip_prefix(title);
            behind.is_some_and(|rest| {
                rest.is_empty() || rest.starts_with(" (") || rest.starts_with("; also ")
            })
        };
        titles.into_iter().any(|title| text.lines().any(|line| is_title(line, &title)))
    };
    let findings = ids_of::<FindingId>().into_iter();
    let findings = findings.filter(|id| !on_a_screen(&["error", "warning", "info"], id));
    let refusals = ids_of::<RefusalId>().into_iter();
    let refusals = refusals.filter(|id| !on_a_screen(&["refused", "stopped"], id));
    // A command line that is not understood is met with the parser's own words; the id is in the JSON.
    let refusals = refusals.filter(|id| id != "usage" || !text.contains("\"id\": \"usage\""));
    let missing: Vec<String> = findings.chain(refusals).collect();
    assert!(missing.is_empty(), "on no screen: {missing:?}");
}
