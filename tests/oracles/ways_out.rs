//! The way out of each kind of damage of which it was measured with the published engine what helps: the steps that
//! are right, written by hand.

use std::fs;
use std::path::Path;
use std::process::Command;

use edbmend::ese::{RawDbHeader, checksum};
use edbmend::practice::edit_header;
use serde_json::Value;

use crate::harness::ran::check_folder;
use crate::harness::{PROGRAM, files, needs};

/// One kind of damage.
struct Kind {
    name: &'static str,
    set: &'static str,
    damage: fn(&Path),
    /// The steps: what each does, and what its command has in it.
    steps: &'static [(&'static str, &'static str)],
}

const DIRTY: &str = "trials/one_database/jd";
const CLEAN: &str = "trials/one_database/jc";
const TWO_DIRTY: &str = "trials/two_databases/mC";
const TWO_CLEAN: &str = "trials/two_databases/mD";

const MOUNT: (&str, &str) = ("mount-stores", "");
const COPY: (&str, &str) = ("copy-aside", "cp -a ");
const LOGS_BACK: (&str, &str) = ("bring-logs-back", "");
const DATABASE_BACK: (&str, &str) = ("bring-database-back", "");
const CHECKPOINT_AWAY: (&str, &str) = ("move-checkpoint-away", "/E00.chk ");
const ALL_OPTION: (&str, &str) = ("recover-logs", " /a");
const RESET: (&str, &str) = ("reset-logs", "edbmend reset-logs --prefix E00 --db ");

/// Where required logs are lost: nothing but a backup, and force.
const REQUIRED_LOST: &[(&str, &str)] = &[
    LOGS_BACK,
    ("restore-backup", ""),
    COPY,
    ("repair-database", "eseutil /p "),
    RESET,
    ("check-again", "edbmend check "),
];
/// Where only committed logs are lost.
const COMMITTED_LOST: &[(&str, &str)] = &[LOGS_BACK, COPY, ALL_OPTION, MOUNT];
const COMMITTED_IN_THE_WAY: &[(&str, &str)] =
    &[LOGS_BACK, COPY, ("move-logs-away", "put-aside"), ALL_OPTION, MOUNT];
const BY_CHECKPOINT: &[(&str, &str)] = &[CHECKPOINT_AWAY, MOUNT];
const BY_RESET: &[(&str, &str)] = &[RESET, MOUNT];
const BY_REBUILD: &[(&str, &str)] = &[COPY, ("rebuild-header", "edbmend rebuild-header "), MOUNT];
const NEXT_NAME_FREED: &[(&str, &str)] = &[("move-logs-away", "/E0000008.log "), MOUNT];
const ONLY_MOUNT: &[(&str, &str)] = &[MOUNT];

fn kind(
    name: &'static str,
    set: &'static str,
    damage: fn(&Path),
    steps: &'static [(&'static str, &'static str)],
) -> Kind {
    Kind { name, set, damage, steps }
}

fn kinds() -> Vec<Kind> {
    vec![
        kind("first required log missing", DIRTY, |dir| remove(dir, "E0000003.log"), REQUIRED_LOST),
        kind("a required log missing", DIRTY, |dir| remove(dir, "E0000005.log"), REQUIRED_LOST),
        kind(
            "last closed required log missing",
            DIRTY,
            |dir| remove(dir, "E0000007.log"),
            REQUIRED_LOST,
        ),
        kind("body of a required log", DIRTY, |dir| spoil_body(dir, "E0000005.log"), REQUIRED_LOST),
        kind(
            "header of a required log",
            DIRTY,
            |dir| spoil_header(dir, "E0000005.log"),
            REQUIRED_LOST,
        ),
        kind(
            "committed log missing",
            DIRTY,
            |dir| {
                lag(dir, 6, 8);
                remove(dir, "E0000007.log")
            },
            COMMITTED_LOST,
        ),
        kind(
            "body of a committed log",
            DIRTY,
            |dir| {
                lag(dir, 6, 8);
                spoil_body(dir, "E0000007.log")
            },
            COMMITTED_LOST,
        ),
        kind(
            "header of a committed log",
            DIRTY,
            |dir| {
                lag(dir, 6, 8);
                spoil_header(dir, "E0000007.log")
            },
            COMMITTED_IN_THE_WAY,
        ),
        kind(
            "current log missing, lagging",
            DIRTY,
            |dir| {
                lag(dir, 6, 8);
                remove(dir, "E00.log")
            },
            COMMITTED_LOST,
        ),
        kind(
            "current and temporary log missing, lagging",
            DIRTY,
            |dir| {
                lag(dir, 6, 8);
                remove(dir, "E00.log");
                remove(dir, "E00tmp.log");
            },
            COMMITTED_LOST,
        ),
        kind("current log missing, dirty", DIRTY, |dir| remove(dir, "E00.log"), REQUIRED_LOST),
        kind("current log missing, clean", CLEAN, |dir| remove(dir, "E00.log"), BY_RESET),
        kind(
            "current and temporary log missing, clean",
            CLEAN,
            |dir| {
                remove(dir, "E00.log");
                remove(dir, "E00tmp.log");
            },
            BY_RESET,
        ),
        kind(
            "body of the current log, lagging",
            DIRTY,
            |dir| {
                lag(dir, 6, 8);
                spoil_body(dir, "E00.log")
            },
            COMMITTED_LOST,
        ),
        kind(
            "header of the current log, lagging",
            DIRTY,
            |dir| {
                lag(dir, 6, 8);
                spoil_header(dir, "E00.log")
            },
            COMMITTED_IN_THE_WAY,
        ),
        kind(
            "body of the current log, dirty",
            DIRTY,
            |dir| spoil_body(dir, "E00.log"),
            REQUIRED_LOST,
        ),
        kind(
            "header of the current log, clean",
            CLEAN,
            |dir| spoil_header(dir, "E00.log"),
            BY_RESET,
        ),
        kind(
            "a passive copy",
            DIRTY,
            |dir| {
                lag(dir, 6, 7);
                remove(dir, "E00.log");
                remove(dir, "E00tmp.log");
            },
            &[("recover-logs", "eseutil /r E00 /c5 /l "), MOUNT],
        ),
        kind("checkpoint missing", DIRTY, |dir| remove(dir, "E00.chk"), ONLY_MOUNT),
        kind(
            "both copies of the checkpoint bad",
            DIRTY,
            |dir| fs::write(dir.join("E00.chk"), [0; 8192]).unwrap(),
            ONLY_MOUNT,
        ),
        kind(
            "checkpoint before the first log",
            DIRTY,
            |dir| {
                remove(dir, "E0000001.log");
                set_checkpoint(dir, 1);
            },
            BY_CHECKPOINT,
        ),
        kind("checkpoint behind the last log", DIRTY, |dir| set_checkpoint(dir, 13), BY_CHECKPOINT),
        kind(
            "checkpoint ahead of the first required log",
            DIRTY,
            |dir| set_checkpoint(dir, 7),
            BY_CHECKPOINT,
        ),
        kind(
            "checkpoint behind the last log, and a gap below",
            DIRTY,
            |dir| {
                remove(dir, "E0000002.log");
                set_checkpoint(dir, 13);
            },
            &[CHECKPOINT_AWAY, ("move-logs-away", "/E0000001.log "), MOUNT],
        ),
        kind(
            "a log below the required ones missing",
            DIRTY,
            |dir| remove(dir, "E0000002.log"),
            ONLY_MOUNT,
        ),
        kind(
            "a log below the required ones damaged",
            DIRTY,
            |dir| spoil_body(dir, "E0000002.log"),
            ONLY_MOUNT,
        ),
        kind(
            "a log below missing, and no checkpoint",
            DIRTY,
            |dir| {
                remove(dir, "E0000002.log");
                remove(dir, "E00.chk");
            },
            &[("move-logs-away", "/E0000001.log "), MOUNT],
        ),
        kind(
            "an attached database missing",
            TWO_DIRTY,
            |dir| remove(dir, "db2.edb"),
            &[DATABASE_BACK, CHECKPOINT_AWAY, MOUNT],
        ),
        kind("an older dirty copy", TWO_DIRTY, |dir| bring(dir, "mB", "db2.edb"), BY_CHECKPOINT),
        kind(
            "an older clean copy, the rest dirty",
            TWO_DIRTY,
            |dir| bring(dir, "mA", "db2.edb"),
            BY_CHECKPOINT,
        ),
        kind(
            "an older clean copy, the rest clean",
            TWO_CLEAN,
            |dir| bring(dir, "mA", "db2.edb"),
            BY_CHECKPOINT,
        ),
        kind(
            "one of two after /p, the rest dirty",
            TWO_DIRTY,
            |dir| bring(dir, "p", "db2.edb"),
            &[COPY, ("recover-logs", " /i"), MOUNT],
        ),
        kind("the only one after /p", "trials/after_p_logs_left", |_| (), BY_RESET),
        kind("no header, dirty", TWO_DIRTY, spoil_database, BY_REBUILD),
        kind("no header, clean", TWO_CLEAN, spoil_database, BY_REBUILD),
        kind(
            "half of a database",
            TWO_DIRTY,
            halve_database,
            &[
                DATABASE_BACK,
                COPY,
                ("move-database-away", "/db2.edb "),
                ("recover-logs", " /i"),
                MOUNT,
            ],
        ),
        kind(
            "the next name taken, dirty",
            DIRTY,
            |dir| copy(dir, "E00.log", "E0000008.log"),
            NEXT_NAME_FREED,
        ),
        kind(
            "the next name taken, clean",
            CLEAN,
            |dir| copy(dir, "E00.log", "E0000008.log"),
            NEXT_NAME_FREED,
        ),
        kind("the last generation", "trials/sequence_end", |_| (), BY_RESET),
        kind("killed at a log roll", "trials/killed_at_log_roll", |_| (), ONLY_MOUNT),
        kind(
            "/p killed on a clean database",
            "trials/p_interrupted",
            |_| (),
            &[
                DATABASE_BACK,
                ("restore-backup", ""),
                COPY,
                ("repair-database", "eseutil /p "),
                MOUNT,
            ],
        ),
    ]
}

#[test]
#[ignore = "needs the real files"]
fn each_kind_of_damage_has_its_way() {
    needs::real_files();
    for kind in kinds() {
        let dir = files::unpack(kind.set);
        (kind.damage)(dir.path());
        let checked = check_folder(dir.path());
        let steps = checked.json()["way_out"].as_array().unwrap().clone();
        let actions: Vec<&str> =
            steps.iter().map(|step| step["action"].as_str().unwrap()).collect();
        let expected: Vec<&str> = kind.steps.iter().map(|(action, _)| *action).collect();
        assert_eq!(actions, expected, "{}: {steps:#?}", kind.name);
        for (step, (_, part)) in steps.iter().zip(kind.steps) {
            let command = step["command"].as_str().unwrap_or_default();
            assert!(command.contains(part), "{}: {command}", kind.name);
        }
        carry_out(&kind, dir.path(), &steps);
    }
}

/// Does what a shell and this program can do, and looks whether the next mount succeeds then.
fn carry_out(kind: &Kind, dir: &Path, steps: &[Value]) {
    let commands: Vec<&str> = steps.iter().filter_map(|step| step["command"].as_str()).collect();
    let is_by_hand =
        steps.iter().any(|step| step["command"].is_null() && step["action"] != "mount-stores");
    if is_by_hand || commands.iter().any(|command| command.contains("eseutil")) {
        return;
    }
    for command in commands {
        let program = format!("{PROGRAM} ");
        let with_yes = |command: String, deed: &str| {
            command.replacen(&format!("edbmend {deed} "), &format!("{program}{deed} --yes "), 1)
        };
        let command = with_yes(command.to_owned(), "reset-logs");
        let command = with_yes(command, "rebuild-header");
        let done = Command::new("sh").args(["-c", &command]).output().unwrap();
        assert!(done.status.success(), "{}: {command}: {done:?}", kind.name);
    }
    let checked = check_folder(dir);
    let said =
        if checked.logs().is_null() { "succeeds".to_owned() } else { checked.next("mount").0 };
    assert_eq!(said, "succeeds", "{}", kind.name);
}

fn remove(dir: &Path, name: &str) {
    let _ = fs::remove_file(dir.join(name));
}

fn copy(dir: &Path, from: &str, to: &str) {
    fs::copy(dir.join(from), dir.join(to)).unwrap();
}

fn edit(path: &Path, edit: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    edit(&mut bytes);
    fs::write(path, bytes).unwrap();
}

fn spoil_header(dir: &Path, log: &str) {
    edit(&dir.join(log), |bytes| bytes[40] ^= 0x10);
}

/// More than one bit of the first byte of a body that is not zero.
fn spoil_body(dir: &Path, log: &str) {
    edit(&dir.join(log), |bytes| {
        let at = (8300..).find(|&at| bytes[at] != 0).unwrap();
        bytes[at] ^= 0x5a;
    });
}

fn spoil_database(dir: &Path) {
    edit(&dir.join("db2.edb"), |bytes| {
        bytes[600] ^= 1;
        bytes[8192 + 600] ^= 1;
    });
}

fn halve_database(dir: &Path) {
    edit(&dir.join("db2.edb"), |bytes| bytes.truncate(bytes.len() / 2));
}

/// Pages that lag behind the logs: recovery requires only the logs up to `max_required`.
fn lag(dir: &Path, max_required: i32, max_committed: i32) {
    let lagging = |raw: &mut RawDbHeader| {
        (raw.gen_max_required, raw.gen_max_committed) = (max_required.into(), max_committed.into());
    };
    edit(&dir.join("db1.edb"), |bytes| edit_header(bytes, lagging));
}

fn set_checkpoint(dir: &Path, generation: i32) {
    edit(&dir.join("E00.chk"), |bytes| {
        for copy in bytes.chunks_exact_mut(4096) {
            copy[16..20].copy_from_slice(&generation.to_le_bytes());
            checksum::seal(copy);
        }
    });
}

/// A database as it was at another moment of the two.
fn bring(dir: &Path, moment: &str, name: &str) {
    fs::write(dir.join(name), files::read(&format!("trials/two_databases/{moment}/{name}")))
        .unwrap();
    remove(dir, &name.replace(".edb", ".jfm"));
}
