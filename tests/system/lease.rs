//! Other programs that have the database open, open it all the time, or are edbmend too.

use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::harness::{
    Fixture, PROGRAM, Ran, at_once, damaged, finish, healthy, needs, operations, program, run,
    sha256, snapshot, spawn,
};

/// Rounds of repair and restore against a program that opens the file again and again.
const ROUNDS: u32 = 20;

fn holders(path: &Path) -> [File; 3] {
    let reading = File::open(path).unwrap();
    let writing = OpenOptions::new().write(true).open(path).unwrap();
    let both = OpenOptions::new().read(true).write(true).open(path).unwrap();
    [reading, writing, both]
}

#[test]
fn a_database_that_somebody_has_open() {
    at_once(0..3, |index| {
        let fixture = Fixture::new(&damaged(8));
        let (before, sum) = (snapshot(fixture.dir()), sha256(&fixture.db));
        let held = holders(&fixture.db).into_iter().nth(index);
        for mode in ["--yes", "--dry-run"] {
            let ran = fixture.run(&["repair", mode]);
            ran.expect_refused(3, &["in-use"]);
            let path = ran.json()["refusals"][0]["path"].clone();
            assert_eq!(path, fixture.db.to_str().unwrap());
        }
        drop(held);
        assert_eq!((snapshot(fixture.dir()), sha256(&fixture.db)), (before, sum));
        fixture.repair();
    });
}

#[test]
fn a_restore_of_a_database_that_somebody_has_open() {
    let fixture = Fixture::new(&damaged(8));
    let operation = fixture.repair();
    let before = snapshot(fixture.dir());
    let held = File::open(&fixture.db).unwrap();
    for mode in ["--yes", "--dry-run"] {
        let ran = run(["restore", mode, "--json", operation.to_str().unwrap()]);
        ran.expect_refused(3, &["in-use"]);
    }
    assert_eq!(snapshot(fixture.dir()), before);
    drop(held);
}

#[test]
fn reading_commands_do_not_mind() {
    let fixture = Fixture::new(&damaged(8));
    let held = holders(&fixture.db);
    assert_eq!(fixture.run(&["check"]).code, Some(1));
    assert_eq!(fixture.run(&["inspect"]).code, Some(0));
    drop(held);
}

#[test]
fn a_streaming_file_that_somebody_has_open() {
    let folder = tempfile::tempdir().unwrap();
    for file in edbmend::practice::storage_group(&Default::default()) {
        fs::write(folder.path().join(file.name), file.bytes).unwrap();
    }
    let before = snapshot(folder.path());
    let stream = folder.path().join("priv1.stm");
    let held = File::open(&stream).unwrap();
    let ran = run(["repair", "--yes", "--json", folder.path().join("priv1.edb").to_str().unwrap()]);
    ran.expect_refused(3, &["in-use"]);
    assert_eq!(ran.json()["refusals"][0]["path"], stream.to_str().unwrap());
    assert_eq!(snapshot(folder.path()), before);
    drop(held);
}

/// Opens and closes a file until it is told to stop.
fn knock(path: &Path, flags: i32, pause: Duration, stop: &AtomicBool) {
    while !stop.load(Ordering::SeqCst) {
        let _ = OpenOptions::new().read(true).custom_flags(flags).open(path);
        std::thread::sleep(pause);
    }
}

/// One run against the knocking: done or refused, never killed, and no marker remains.
#[track_caller]
fn survives(ran: &Ran, fixture: &Fixture, images: &[Vec<u8>; 2]) -> bool {
    assert_eq!(ran.signal, None, "{ran:?}");
    let allowed = ["in-use", "changed-since-survey"];
    match ran.code {
        Some(0) => {}
        Some(3) => assert!(ran.refusals().iter().all(|id| allowed.contains(&&**id)), "{ran:?}"),
        _ => panic!("{ran:?}"),
    }
    assert!(!fixture.marker().exists(), "{ran:?}");
    assert!(images.contains(&fixture.bytes()), "neither old nor new: {ran:?}");
    ran.code == Some(0)
}

/// Repairs, or undoes the last repair, whichever is due.
fn next_step(fixture: &Fixture, images: &[Vec<u8>; 2]) -> Ran {
    if fixture.bytes() == images[0] {
        return fixture.run(&["repair", "--yes", "--backup", "header"]);
    }
    let mut repairs = operations(fixture.dir());
    repairs.retain(|dir| dir.to_str().unwrap().contains("-repair-"));
    repairs.sort_by_key(|dir| fs::metadata(dir).unwrap().modified().unwrap());
    let last = repairs.pop().expect("a repair");
    run(["restore", "--yes", "--json", last.to_str().unwrap()])
}

fn against_knocking(flags: i32, pause: Duration) -> u32 {
    let fixture = Fixture::new(&damaged(8));
    fixture.repair();
    let images = [damaged(8), fixture.bytes()];
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| knock(&fixture.db, flags, pause, &stop));
        let done = (0..ROUNDS)
            .filter(|_| survives(&next_step(&fixture, &images), &fixture, &images))
            .count();
        stop.store(true, Ordering::SeqCst);
        println!("{done} of {ROUNDS} got through");
        done as u32
    })
}

#[test]
fn a_program_that_opens_the_file_all_the_time() {
    against_knocking(0, Duration::ZERO);
}

#[test]
fn a_program_that_opens_the_file_all_the_time_without_blocking() {
    against_knocking(libc::O_NONBLOCK, Duration::ZERO);
}

#[test]
fn a_program_that_opens_the_file_now_and_then() {
    // Some rounds get through between two opens.
    assert!(against_knocking(0, Duration::from_millis(120)) > 0);
    assert!(against_knocking(libc::O_NONBLOCK, Duration::from_millis(120)) > 0);
}

#[test]
fn two_at_once() {
    let lost = ["in-use", "operation-pending", "changed-since-survey"];
    let (old, new) = (damaged(200), cleared(200));
    let mut total = 0;
    for _ in 0..8 {
        let fixture = Fixture::new(&old);
        let repair =
            || spawn(&mut program(["repair", "--yes", "--json", fixture.db.to_str().unwrap()]));
        let both = [repair(), repair()].map(finish);
        let outcomes = both.each_ref().map(Ran::outcome);
        let winners = outcomes.iter().filter(|o| *o == "committed").count();
        for ran in both.iter().filter(|ran| ran.outcome() == "refused") {
            assert_eq!(ran.code, Some(3));
            assert!(ran.refusals().iter().all(|id| lost.contains(&&**id)), "{ran:?}");
        }
        let fine = ["committed", "refused", "nothing-to-do"];
        assert!(outcomes.iter().all(|o| fine.contains(&&**o)), "{both:?}");
        // Both lose only where the one that was disturbed takes longer than the other one waits.
        assert!(fixture.bytes() == if winners == 0 { &*old } else { &*new }, "{both:?}");
        assert!(winners <= 1 && !fixture.marker().exists(), "{both:?}");
        assert_eq!(operations(fixture.dir()).len(), winners);
        total += winners;
    }
    assert!(total > 0, "nobody ever wins");
}

/// A repair whose every sync takes long, and somebody who opens the file at some moment of its
/// commit: they are let in when the header is whole, and see the old one or the new one.
fn opened_in_the_commit(wait: Duration) -> bool {
    let fixture = Fixture::new(&damaged(8));
    let slow = spawn(&mut slow_repair(&fixture.db, 150));
    while !operations(fixture.dir()).iter().any(|dir| dir.join("journal").exists()) {
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(wait);
    let seen = fs::read(&fixture.db).unwrap();
    let ran = finish(slow);
    survives(&ran, &fixture, &[damaged(8), cleared(8)]);
    assert!(seen == fixture.bytes(), "{wait:?}: another state was seen than it ended in");
    ran.code == Some(0)
}

fn slow_repair(db: &Path, sync_milliseconds: u32) -> std::process::Command {
    let mut slow = std::process::Command::new("strace");
    slow.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync"]);
    slow.args(["-e", &format!("inject=fsync:delay_enter={}", sync_milliseconds * 1000)]);
    slow.arg(PROGRAM).args(["repair", "--yes", "--json"]).arg(db);
    slow
}

#[test]
#[ignore = "needs strace"]
fn somebody_opens_the_file_during_the_commit() {
    needs::strace();
    let waits = (0..8).map(|step| Duration::from_millis(step * 75));
    let threads: Vec<_> =
        waits.map(|wait| std::thread::spawn(move || opened_in_the_commit(wait))).collect();
    let done: Vec<bool> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    // Once the first copy is being written, both are finished.
    assert!(done.contains(&true), "{done:?}");
    println!("opened during the commit, and it was done: {done:?}");
}

/// A long repair is not spoilt by whoever looks at the database meanwhile with this program.
#[test]
#[ignore = "needs strace"]
fn one_at_work_and_others_looking() {
    needs::strace();
    let fixture = Fixture::new(&damaged(8));
    let slow = spawn(&mut slow_repair(&fixture.db, 400));
    while !fixture.marker().exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    for command in [&["repair", "--yes"][..], &["repair", "--dry-run"], &["recover", "--yes"]] {
        let ran = fixture.run(command);
        ran.expect_refused(3, &["operation-pending"]);
        assert!(ran.stdout.contains("another edbmend is at work"), "{ran:?}");
    }
    fixture.run(&["check"]).expect_refused(4, &["operation-pending"]);
    let folder = run(["check", "--json", fixture.dir().to_str().unwrap()]);
    folder.expect_refused(4, &["operation-pending"]);
    assert!(fixture.marker().exists(), "the slow one was too fast");
    let slow = finish(slow);
    assert_eq!((slow.code, slow.outcome().as_str()), (Some(0), "committed"), "{slow:?}");
    assert!(fixture.bytes() == cleared(8) && !fixture.marker().exists());
}

/// What a folder holds is not passed over because it cannot be read just now.
#[test]
fn a_folder_with_a_busy_database() {
    let fixture = Fixture::new(&damaged(8));
    fs::write(fixture.dir().join("pub1.edb"), healthy(8)).unwrap();
    let held = OpenOptions::new().read(true).write(true).open(&fixture.db).unwrap();
    // SAFETY: an ignored signal runs no code; a lease is asked for on an open file.
    unsafe {
        libc::signal(libc::SIGIO, libc::SIG_IGN);
        assert_eq!(libc::fcntl(held.as_raw_fd(), libc::F_SETLEASE, libc::F_WRLCK), 0);
    }
    let ran = run(["check", "--json", fixture.dir().to_str().unwrap()]);
    ran.expect_refused(4, &["in-use"]);
    assert_eq!(outcomes(&ran), ["failed", "ok"]);
    fixture.run(&["repair", "--yes"]).expect_refused(3, &["in-use"]);
    drop(held);
    assert_eq!(fixture.bytes(), damaged(8));
}

/// The damaged database as a repair leaves it.
fn cleared(pages: u32) -> Vec<u8> {
    let bytes = healthy(pages);
    assert_eq!(bytes[136..160], [0; 24]);
    bytes
}

#[test]
fn several_databases_of_which_one_is_bad() {
    let [good, bad, fine] =
        [Fixture::new(&damaged(8)), Fixture::new(b"text"), Fixture::new(&healthy(8))];
    let gone = good.dir().join("gone.edb");
    let paths = [&good.db, &bad.db, &fine.db].map(|path| path.to_str().unwrap());
    let ran = run(["repair", "--yes", "--json"].into_iter().chain(paths));
    ran.expect_refused(3, &["not-ese"]);
    assert_eq!(ran.outcome(), "refused");
    assert_eq!(outcomes(&ran), ["committed", "refused", "nothing-to-do"]);
    assert_eq!(good.bytes(), cleared(8));
    assert_eq!(bad.bytes(), b"text");
    // A failure is worse than a refusal; the rest is done all the same.
    fs::write(&good.db, damaged(8)).unwrap();
    let paths = [gone.to_str().unwrap(), paths[1], paths[0]];
    let ran = run(["repair", "--yes", "--json"].into_iter().chain(paths));
    assert_eq!((ran.code, ran.outcome().as_str()), (Some(4), "failed"));
    assert_eq!(outcomes(&ran), ["failed", "refused", "committed"]);
    assert_eq!(good.bytes(), cleared(8));
}

fn outcomes(ran: &Ran) -> Vec<String> {
    let json = ran.json();
    let databases = json["databases"].as_array().unwrap();
    databases.iter().map(|db| db["outcome"].as_str().unwrap().to_owned()).collect()
}
