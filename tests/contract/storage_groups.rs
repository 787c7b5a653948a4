//! `check` on made storage groups, each with one thing wrong.

use std::path::{Path, PathBuf};

use crate::harness::ran::{check, check_folder, fails, succeeds};
use crate::harness::{Ran, run, text};
use edbmend::ese::{LogBase, checksum};
use edbmend::practice::{Recipe, damage_full_backup, edit_header, storage_group};
use tempfile::TempDir;

const NOTHING: [&str; 0] = [];

/// Both stores, their logs 1 to 5, checkpoint and reserve logs; nothing wrong with them. The private store gets
/// the name of the public one with `priv` in it.
fn write_group(dir: &Path, recipe: &Recipe, public: &str) {
    let private = public.replace("pub", "priv");
    for mut file in storage_group(recipe) {
        let name = match file.name.as_str() {
            "priv1.edb" => {
                edit_header(&mut file.bytes, |raw| raw.full_prev.gen_high = 2.into());
                private.clone()
            }
            "priv1.stm" => private.replace(".edb", ".stm"),
            "pub1.edb" => public.to_owned(),
            name => name.to_owned(),
        };
        std::fs::write(dir.join(name), file.bytes).unwrap();
    }
}

fn group() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    write_group(dir.path(), &Recipe::default(), "pub1.edb");
    dir
}

/// Another storage group: other signatures.
fn another() -> Recipe {
    let base = LogBase::new("E01").unwrap();
    Recipe { base, log_random: 7, public_random: 8, ..Recipe::default() }
}

/// Changes bytes of a file; a header of 4096 bytes at its start gets its checksum anew.
fn edit(path: &Path, edit: impl Fn(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    edit(&mut bytes);
    if bytes.len() >= 4096 {
        checksum::seal(&mut bytes[..4096]);
    }
    std::fs::write(path, bytes).unwrap();
}

/// Changes one log of a sound group and checks it.
fn with_log(name: &str, change: impl Fn(&Path)) -> (TempDir, Ran) {
    let dir = group();
    change(&dir.path().join(name));
    let checked = check_folder(dir.path());
    (dir, checked)
}

#[test]
fn a_sound_group() {
    let dir = group();
    let checked = check_folder(dir.path());
    assert_eq!(checked.exit_code(), 0, "{:#}", checked.json());
    assert_eq!((checked.of_logs().len(), checked.of_database("pub1.edb").len()), (0, 0));
    assert_eq!(checked.stream(), ("E00".into(), Some(1), Some(5), 5));
    for what in ["mount", "full", "incremental"] {
        assert_eq!(checked.next(what), succeeds(), "{what}");
    }
}

#[test]
fn the_damage_in_a_group_of_exchange_2003() {
    let dir = tempfile::tempdir().unwrap();
    for file in storage_group(&Recipe::default()) {
        std::fs::write(dir.path().join(file.name), file.bytes).unwrap();
    }
    let checked = check_folder(dir.path());
    assert_eq!((checked.exit_code(), checked.databases()), (1, 2));
    for what in ["full", "incremental"] {
        assert_eq!(checked.next(what), fails(-569, Some(459)), "{what}");
        let engine = &checked.logs()[format!("next_{what}")]["engine"];
        assert_eq!(engine, "Exchange 2003 per KB946799");
    }
    assert!(checked.next_message("incremental").contains("E0000000.log is missing"));
}

#[test]
fn two_prefixes_in_one_folder() {
    let dir = group();
    write_group(dir.path(), &another(), "pub2.edb");
    std::fs::remove_file(dir.path().join("E0100003.log")).unwrap();
    let checked = check_folder(dir.path());
    let streams = checked.logs()["streams"].as_array().expect("several streams");
    let shape: Vec<_> = streams
        .iter()
        .map(|stream| {
            let databases = stream["databases"].as_array().unwrap().len();
            (stream["base"].as_str().unwrap(), stream["count"].as_u64().unwrap(), databases)
        })
        .collect();
    assert_eq!(shape, [("E00", 5, 2), ("E01", 4, 2)]);
    assert_eq!(streams[1]["missing"], serde_json::json!([[3, 3]]));
    assert_eq!(checked.json()["checkpoint"]["checkpoints"].as_array().unwrap().len(), 2);
    assert_eq!((checked.exit_code(), checked.of_logs()), (1, vec!["log-gap".to_owned()]));
    assert!(checked.finding("log-gap", "message").contains("E0100003.log"));
    // Each stream has a picture of its own.
    let text = run(["check", dir.path().to_str().unwrap()]).stdout;
    let of_logs = |base: &str| {
        let (_, picture) = text.split_once(&format!("  Logs {base} in ")).expect(base);
        let bar = picture.lines().find(|line| line.starts_with("  on disk")).expect(base);
        bar.split_whitespace().skip(2).collect::<Vec<_>>().join(" ")
    };
    let drawn = [of_logs("E00"), of_logs("E01")].join("|");
    assert!(drawn.contains("####") && drawn.contains("####......######"), "{drawn}");
}

#[test]
fn letter_case_does_not_matter() {
    let dir = group();
    for (from, to) in [
        ("E00.log", "e00.LOG"),
        ("E0000003.log", "e0000003.LOG"),
        ("E00.chk", "E00.CHK"),
        ("res1.log", "RES1.LOG"),
    ] {
        std::fs::rename(dir.path().join(from), dir.path().join(to)).unwrap();
    }
    let checked = check_folder(dir.path());
    assert_eq!((checked.exit_code(), checked.of_logs().len()), (0, 0), "{:#}", checked.json());
    assert_eq!(checked.logs()["count"], 5);
}

#[cfg(target_os = "linux")]
#[test]
fn two_current_logs_that_differ_in_case_only() {
    let (_dir, checked) = with_log("E00.log", |path| {
        std::fs::copy(path, path.with_file_name("e00.log")).unwrap();
    });
    assert_eq!((checked.exit_code(), checked.of_logs()), (1, vec!["log-name-mismatch".to_owned()]));
}

#[test]
fn two_files_for_one_generation() {
    let (_dir, checked) = with_log("E0000003.log", |path| {
        std::fs::copy(path, path.with_file_name("E0000000003.log")).unwrap();
    });
    assert_eq!(checked.of_logs(), ["log-name-mismatch"]);
    let message = checked.finding("log-name-mismatch", "message");
    assert!(message.contains("E0000003.log and E0000000003.log are all generation 3"), "{message}");
}

#[test]
fn a_folder_named_like_a_log() {
    let (_dir, checked) = with_log("E0000003.log", |path| {
        std::fs::remove_file(path).unwrap();
        std::fs::create_dir(path).unwrap();
    });
    assert_eq!(
        (checked.exit_code(), checked.of_logs()),
        (1, vec!["log-header-damaged".to_owned()])
    );
    assert!(checked.finding("log-header-damaged", "message").contains("is a folder"));
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_named_like_a_log() {
    let (dir, checked) = with_log("E0000003.log", |path| {
        let target = path.with_file_name("elsewhere");
        std::fs::rename(path, &target).unwrap();
        std::os::unix::fs::symlink(&target, path).unwrap();
    });
    assert_eq!(checked.of_logs(), ["log-header-damaged"]);
    assert!(checked.finding("log-header-damaged", "message").contains("symbolic link"));
    let damaged: Vec<PathBuf> = serde_json::from_value(checked.logs()["damaged"].clone()).unwrap();
    assert_eq!(damaged, [dir.path().canonicalize().unwrap().join("E0000003.log")]);
}

#[test]
fn a_truncated_log() {
    let (_dir, checked) = with_log("E0000003.log", |path| edit(path, |bytes| bytes.truncate(9000)));
    assert_eq!(
        (checked.exit_code(), checked.of_logs()),
        (1, vec!["log-header-damaged".to_owned()])
    );
    let message = checked.finding("log-header-damaged", "message");
    assert!(message.contains("found 9000 bytes, expected 131072"), "{message}");
}

#[test]
fn a_zero_filled_log() {
    let zeros = |path: &Path| std::fs::write(path, [0; 131_072]).unwrap();
    let (_dir, checked) = with_log("E0000003.log", zeros);
    assert_eq!(
        (checked.exit_code(), checked.of_logs()),
        (1, vec!["log-header-damaged".to_owned()])
    );
    let (_dir, checked) = with_log("E00tmp.log", zeros);
    assert_eq!((checked.exit_code(), checked.of_logs().len()), (0, 0));
    let (_dir, checked) = with_log("E00.log", zeros);
    // What the checkpoint names is there, however damaged.
    assert_eq!(checked.of_logs(), ["log-header-damaged"]);
    assert_eq!(checked.next("mount"), fails(-501, Some(412)));
    assert_eq!(checked.next("incremental"), fails(-501, None));
}

#[test]
fn a_log_of_another_stream() {
    let foreign = storage_group(&Recipe { base: Recipe::default().base, ..another() });
    let bytes = |name: &str| foreign.iter().find(|file| file.name == name).unwrap().bytes.clone();
    let (_dir, checked) =
        with_log("E0000003.log", |path| std::fs::write(path, bytes("E0000003.log")).unwrap());
    assert_eq!(
        (checked.exit_code(), checked.of_logs()),
        (1, vec!["log-signature-mismatch".to_owned()])
    );
    let (_dir, checked) =
        with_log("E00tmp.log", |path| std::fs::write(path, bytes("E00.log")).unwrap());
    assert_eq!((checked.exit_code(), checked.of_logs().len()), (0, 0));
}

#[test]
fn a_log_whose_header_says_another_generation() {
    let (_dir, checked) = with_log("E0000003.log", |path| edit(path, |bytes| bytes[4] = 7));
    assert_eq!((checked.exit_code(), checked.of_logs()), (1, vec!["log-name-mismatch".to_owned()]));
    let message = checked.finding("log-name-mismatch", "message");
    assert!(message.contains("lGeneration: 7 (0x7), expected 3 (0x3)"), "{message}");
}

#[test]
fn a_gap_of_two() {
    let (_dir, checked) = with_log("E0000003.log", |path| {
        std::fs::remove_file(path).unwrap();
        std::fs::remove_file(path.with_file_name("E0000002.log")).unwrap();
    });
    assert_eq!((checked.exit_code(), checked.of_logs()), (1, vec!["log-gap".to_owned()]));
    assert_eq!(checked.logs()["missing"], serde_json::json!([[2, 3]]));
    assert!(checked.finding("log-gap", "message").contains("2-3 (0x2-0x3)"));
}

#[test]
fn logs_that_do_not_join() {
    // Byte 24: seconds of the creation time of the log before.
    let (_dir, checked) = with_log("E0000003.log", |path| edit(path, |bytes| bytes[24] ^= 1));
    assert_eq!((checked.exit_code(), checked.of_logs()), (1, vec!["log-gap".to_owned()]));
    assert!(checked.finding("log-gap", "consequence").contains("-515"));
}

#[test]
fn checkpoints() {
    let (_dir, checked) = with_log("E00.chk", |path| std::fs::write(path, [7; 8192]).unwrap());
    assert_eq!(
        (checked.exit_code(), checked.of_logs()),
        (1, vec!["checkpoint-damaged".to_owned()])
    );
    assert!(checked.json()["checkpoint"]["header"].is_null());
    let (_dir, checked) = with_log("E00.chk", |path| edit(path, |bytes| bytes[5000] ^= 1));
    assert_eq!(
        (checked.exit_code(), checked.of_logs()),
        (0, vec!["checkpoint-damaged".to_owned()])
    );
    assert_eq!(checked.finding("checkpoint-damaged", "severity"), "warning");
    // Byte 16: generation of the checkpoint; byte 20: log signature.
    // Of another stream the engine ignores it; one that names a log which is not there it does not (-528).
    for (offset, exit_code) in [(16, 1), (20, 0)] {
        let (_dir, checked) = with_log("E00.chk", |path| edit(path, |bytes| bytes[offset] ^= 0x40));
        assert_eq!(
            (checked.exit_code(), checked.of_logs()),
            (exit_code, vec!["checkpoint-mismatch".to_owned()])
        );
    }
    let (_dir, checked) = with_log("E00.chk", |path| std::fs::remove_file(path).unwrap());
    assert_eq!((checked.exit_code(), checked.of_logs().len()), (0, 0));
}

/// Adds `by` to the generation of every log, in name and header, and to the checkpoint. The checksums of what
/// the logs hold are still those of the old generations.
fn renumber(dir: &Path, by: u32) {
    for generation in 1..=4u32 {
        let path = dir.join(format!("E00{generation:05X}.log"));
        set_generation(&path, 4, generation + by);
        std::fs::rename(&path, dir.join(format!("E00{:05X}.log", generation + by))).unwrap();
    }
    set_generation(&dir.join("E00.log"), 4, 5 + by);
    set_generation(&dir.join("E00.chk"), 16, 5 + by);
}

fn set_generation(path: &Path, offset: usize, generation: u32) {
    edit(path, |bytes| {
        bytes[offset..offset + 4].copy_from_slice(&generation.to_le_bytes());
        if path.extension().is_some_and(|end| end == "chk") {
            checksum::seal(&mut bytes[..4096]);
            let (first, second) = bytes.split_at_mut(4096);
            second.copy_from_slice(first);
        }
    });
}

#[test]
fn a_sequence_near_its_end() {
    let at = |last: u32| {
        let dir = group();
        renumber(dir.path(), last - 5);
        // The databases know nothing of these generations.
        for name in ["pub1.edb", "priv1.edb", "priv1.stm"] {
            std::fs::remove_file(dir.path().join(name)).unwrap();
        }
        let recipe = Recipe::default();
        let deleted =
            [recipe.private_random, recipe.public_random].map(|random| random.to_string());
        let deleted = deleted.iter().flat_map(|random| ["--allow-group-incomplete", random]);
        check(&[dir.path().to_str().unwrap()].into_iter().chain(deleted).collect::<Vec<_>>())
    };
    // 75 per cent of 1048559 are 786419.25.
    // Their bodies still have the positions of the generations that they were.
    assert_eq!(at(786_000).of_logs(), ["log-body-damaged"; 5]);
    let checked = at(786_420);
    assert_eq!(checked.of_logs()[..5], ["log-body-damaged"; 5]);
    assert_eq!(checked.of_logs()[5..], ["log-sequence-ending"]);
    assert_eq!(checked.finding("log-sequence-ending", "severity"), "warning");
    assert_eq!(checked.logs()["per_cent_used"], 75.0);
    // The engine raises event 514 above 0xE0000.
    assert_eq!(at(0xe_0000).finding("log-sequence-ending", "severity"), "warning");
    let checked = at(0xe_0001);
    assert_eq!(checked.exit_code(), 1);
    assert_eq!(checked.finding("log-sequence-ending", "severity"), "error");
    let left = 0xf_ffef - 0xe_0001;
    assert_eq!(checked.logs()["generations_left"], left);
    let message = checked.finding("log-sequence-ending", "message");
    assert!(message.contains(&format!("{left} generations left")), "{message}");
    // One log every 2833 seconds: the last 131054 take 4297 days, from 2006-03-07 12:23:12 on.
    assert_eq!(checked.logs()["runs_out"], "2017-12-11");
    assert!(message.contains("2017-12-11"), "{message}");
}

#[test]
fn a_database_of_other_logs() {
    let dir = group();
    let path = dir.path().join("pub2.edb");
    let foreign = storage_group(&another());
    let mut bytes = foreign.iter().find(|file| file.name == "pub1.edb").unwrap().bytes.clone();
    damage_full_backup(&mut bytes);
    std::fs::write(&path, bytes).unwrap();
    let checked = check_folder(dir.path());
    let expected = ["full-backup-gen-invalid", "log-signature-mismatch"];
    assert_eq!(checked.of_database("pub2.edb"), expected);
    assert_eq!(checked.of_database("pub1.edb"), NOTHING);
    assert_eq!(checked.finding("log-signature-mismatch", "severity"), "warning");
    let consequence = checked.finding("full-backup-gen-invalid", "consequence");
    assert!(consequence.contains("not that of the logs that are there"), "{consequence}");
    // Once it is mounted, an incremental backup takes it too, and its header knows no full backup by these logs.
    assert_eq!(checked.next("incremental"), fails(-560, Some(206)));
}

#[test]
fn databases_logs_and_checkpoint_in_three_folders() {
    let all = group();
    let logs = tempfile::tempdir().unwrap();
    let system = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(all.path()).unwrap() {
        let path = entry.unwrap().path();
        let target = match path.extension().and_then(|end| end.to_str()) {
            Some("log") => logs.path(),
            Some("chk") => system.path(),
            _ => continue,
        };
        let name = path.file_name().unwrap();
        std::fs::copy(&path, target.join(name)).unwrap();
        std::fs::remove_file(&path).unwrap();
    }
    let [log_dir, system_dir] = [logs.path(), system.path()].map(Path::as_os_str);
    let checked = check(&[
        all.path().as_os_str(),
        "--log-dir".as_ref(),
        log_dir,
        "--system-dir".as_ref(),
        system_dir,
    ]);
    assert_eq!((checked.exit_code(), checked.databases()), (0, 2), "{:#}", checked.json());
    assert_eq!(checked.logs()["count"], 5);
    assert_eq!(checked.json()["checkpoint"]["base"], "E00");
    let [public, private] = ["pub1.edb", "priv1.edb"].map(|name| all.path().join(name));
    let one = check(&[log_dir, "--db".as_ref(), public.as_os_str()]);
    assert_eq!((one.exit_code(), one.of_logs()), (4, vec!["database-missing".to_owned()]));
    assert!(one.finding("database-missing", "message").contains(r"D:\exchsrvr\mdbdata\priv1.edb"));
    let both = check(&[
        log_dir,
        "--db".as_ref(),
        public.as_os_str(),
        "--db".as_ref(),
        private.as_os_str(),
    ]);
    assert_eq!((both.exit_code(), both.logs()["databases"].as_array().unwrap().len()), (0, 2));
}

#[test]
fn a_database_alone_says_nothing_of_its_logs() {
    let dir = group();
    std::fs::remove_file(dir.path().join("E0000003.log")).unwrap();
    let checked = check(&[dir.path().join("pub1.edb")]);
    assert_eq!((checked.exit_code(), checked.databases()), (0, 1));
    assert!(checked.logs().is_null());
    assert_eq!(checked.of_logs(), NOTHING);
}

#[test]
fn an_interrupted_reset() {
    let dir = group();
    std::fs::write(dir.path().join("E00.edbmend-pending"), "{}").unwrap();
    let checked = check_folder(dir.path());
    assert_eq!((checked.exit_code(), checked.of_logs()), (1, vec!["operation-pending".to_owned()]));
}

#[test]
fn a_folder_without_anything() {
    let dir = tempfile::tempdir().unwrap();
    let checked = check_folder(dir.path());
    assert_eq!(
        (checked.exit_code(), &checked.json()["refusals"][0]["id"]),
        (4, &"not-a-database".into())
    );
}

#[test]
fn the_text_fits_80_columns() {
    let dir = tempfile::Builder::new().prefix("e").tempdir_in("/tmp").unwrap();
    write_group(dir.path(), &Recipe::default(), "pub1.edb");
    std::fs::remove_file(dir.path().join("E0000003.log")).unwrap();
    let printed = |flags: &[&str]| {
        let ran = run([&["check"], flags, &[text(dir.path())]].concat());
        for line in ran.stdout.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        ran.stdout
    };
    let screen = printed(&[]);
    for part in
        ["backup will fail: E0000003.log is missing", "Logs E00 ", "3 missing", "error: log-gap"]
    {
        assert!(screen.contains(part), "{part}\n{screen}");
    }
    let all = printed(&["--verbose"]);
    for part in
        ["Logs E00 in ", "  next incremental: fails, error -569, event 459", "error: log-gap"]
    {
        assert!(all.contains(part), "{part}\n{all}");
    }
}
