//! Two runs over the same files, as two cron jobs may start them: the second one names the first,
//! begins nothing, and ends with 3.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::harness::{PROGRAM, Ran, damaged, finish, marker_of, names, needs, run, spawn};
use edbmend::practice::{Recipe, storage_group};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(20);

/// Starts the program so that every sync takes a while.
fn slowly<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Child {
    let mut slow = Command::new("strace");
    slow.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync"]);
    slow.args(["-e", "inject=fsync:delay_enter=200000"]);
    spawn(slow.arg(PROGRAM).args(arguments))
}

/// What a marker says of the run that made it, once it is there and whole.
fn holder(marker: &Path) -> Value {
    let begun = Instant::now();
    loop {
        let text = fs::read_to_string(marker).unwrap_or_default();
        let body = text.split_once('\n').map(|(_, body)| body).unwrap_or_default();
        if let Ok(marker) = serde_json::from_str::<Value>(body) {
            return marker["holder"].clone();
        }
        assert!(begun.elapsed() < PATIENCE, "no marker: {}", marker.display());
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The second run was refused for everything, and says who was first.
#[track_caller]
fn expect_named(second: &Ran, first: &Value) {
    assert_eq!(second.code, Some(3), "{second:?}");
    let json = second.json();
    assert_eq!(json["outcome"], "refused");
    let refusals = json["refusals"].as_array().unwrap();
    assert!(!refusals.is_empty());
    for refusal in refusals {
        assert_eq!(refusal["id"], "operation-pending", "{refusal}");
        let message = refusal["message"].as_str().unwrap();
        for part in [&first["pid"], &first["host"], &first["user"], &first["since"]] {
            let part = part.as_str().map_or_else(|| part.to_string(), str::to_owned);
            assert!(!part.is_empty() && message.contains(&part), "no {part} in {message}");
        }
        let remedy = refusal["remedy"].as_str().unwrap();
        assert!(remedy.contains(&first["pid"].to_string()), "{remedy}");
    }
}

#[test]
#[ignore = "needs strace"]
fn two_repairs_of_the_same_set() {
    needs::strace();
    let folder = tempfile::tempdir().unwrap();
    let paths = ["a.edb", "b.edb", "c.edb"].map(|name| folder.path().join(name));
    paths.iter().for_each(|path| fs::write(path, damaged(8)).unwrap());
    let arguments = || {
        let flags = ["repair", "--yes", "--json"].map(OsStr::new);
        flags.into_iter().chain(paths.iter().map(|path| path.as_os_str()))
    };
    let first = slowly(arguments());
    // The first has done one database and is at the second.
    let holder = holder(&marker_of(&paths[1]));
    let second = run(arguments());
    assert!(marker_of(&paths[1]).exists(), "the first was too fast");
    expect_named(&second, &holder);
    let outcomes: Vec<Value> = second.json()["databases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["outcome"].clone())
        .collect();
    assert_eq!(outcomes, ["refused", "refused", "refused"]);
    let first = finish(first);
    assert_eq!((first.code, first.outcome().as_str()), (Some(0), "committed"), "{first:?}");
    assert_eq!(names(folder.path()), ["a.edb", "b.edb", "c.edb", "edbmend"]);
    assert_eq!(names(&folder.path().join("edbmend")).len(), 3);
    let third = run(arguments());
    assert_eq!((third.code, third.outcome().as_str()), (Some(0), "nothing-to-do"), "{third:?}");
}

#[test]
#[ignore = "needs strace"]
fn two_resets_of_the_same_logs_and_a_repair_beside_them() {
    needs::strace();
    let folder = tempfile::tempdir().unwrap();
    for file in storage_group(&Recipe { log_file_sectors: 16, pages: 4, ..Recipe::default() }) {
        fs::write(folder.path().join(&file.name), &file.bytes).unwrap();
    }
    let [private, public] = ["priv1.edb", "pub1.edb"].map(|name| folder.path().join(name));
    let dir = folder.path().as_os_str();
    let db = OsStr::new("--db");
    let reset = ["reset-logs", "--yes", "--json"].map(OsStr::new);
    let arguments = reset.into_iter().chain([dir, db, private.as_os_str(), db, public.as_os_str()]);
    let first = slowly(arguments.clone());
    let marker = folder.path().join("E00.edbmend-pending");
    let holder = holder(&marker);
    let second = run(arguments);
    let repair =
        run(["repair", "--yes", "--json"].map(OsStr::new).into_iter().chain([private.as_os_str()]));
    let recover = run(["recover", "--yes", "--json"].map(OsStr::new).into_iter().chain([dir]));
    assert!(marker.exists(), "the first was too fast");
    for late in [second, repair, recover] {
        expect_named(&late, &holder);
    }
    let first = finish(first);
    assert_eq!((first.code, first.outcome().as_str()), (Some(0), "committed"), "{first:?}");
    assert!(!marker.exists());
}
