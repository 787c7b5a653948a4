//! `recover` where something is lying about that is no whole operation, or was moved since.

use std::fs;

use crate::harness::strace::run_with_kill;
use crate::harness::{Fixture, damaged, needs, operations, run, snapshot, text};

#[test]
fn what_somebody_else_wrote_under_a_markers_name_stays() {
    let fixture = Fixture::new(&damaged(8));
    for foreign in ["do not mount!", "{\"operation\": ", "x"] {
        fs::write(fixture.marker(), foreign).unwrap();
        let before = snapshot(fixture.dir());
        fixture.run(&["recover", "--yes"]).expect_refused(3, &["journal-damaged"]);
        let shown = run(["recover", "--yes", fixture.db.to_str().unwrap()]);
        assert!(shown.stdout.contains("holds something else"), "{shown:?}");
        assert_eq!(snapshot(fixture.dir()), before);
    }
}

/// A marker that was cut off says that nothing had begun, where its folder is there and still empty. Alone it
/// says nothing: damage leaves the same.
#[test]
fn what_is_left_of_a_marker_is_believed_with_an_empty_folder_beside_it() {
    for ours in ["", "62be6b57c34e"] {
        let fixture = Fixture::new(&damaged(8));
        fs::write(fixture.marker(), ours).unwrap();
        let before = snapshot(fixture.dir());
        fixture.run(&["recover", "--yes"]).expect_refused(3, &["journal-damaged"]);
        assert_eq!(snapshot(fixture.dir()), before);
        let empty = fixture.dir().join("edbmend/edbmend-20261124T103000Z-repair-0000");
        fs::create_dir_all(&empty).unwrap();
        assert_eq!(fixture.run(&["recover", "--yes"]).code, Some(0), "{ours}");
        assert!(!fixture.marker().exists());
    }
}

#[test]
fn one_of_very_many_markers_must_be_named() {
    let fixture = Fixture::new(&damaged(4));
    for number in 0..300 {
        fs::write(fixture.dir().join(format!("{number}.edb.edbmend-pending")), "").unwrap();
    }
    let before = snapshot(fixture.dir());
    run(["recover", "--yes", "--json", text(fixture.dir())])
        .expect_refused(3, &["journal-damaged"]);
    let named = run(["recover", "--yes", "--json", text(&fixture.dir().join("7.edb"))]);
    named.expect_refused(3, &["journal-damaged"]);
    assert!(snapshot(fixture.dir()) == before);
}

#[test]
fn an_empty_operation_folder_is_told_and_stays() {
    let fixture = Fixture::new(&damaged(8));
    let empty = fixture.dir().join("edbmend/edbmend-20261124T103000Z-repair-0000");
    fs::create_dir_all(&empty).unwrap();
    for path in [fixture.dir(), &fixture.db, &empty, empty.parent().unwrap()] {
        let ran = run(["recover", "--yes", path.to_str().unwrap()]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let command = format!("rmdir {}", empty.to_str().unwrap());
        assert!(ran.stdout.replace("\n  ", " ").contains(&command), "{ran:?}");
        assert!(empty.exists());
    }
    // It is in nobody's way.
    assert_ne!(fixture.repair(), empty);
}

#[test]
fn of_a_database_that_was_not_read_nothing_is_said() {
    let fixture = Fixture::new(&damaged(8));
    let report = fixture.run(&["recover"]).json().clone();
    assert_eq!(report["outcome"], "nothing-to-do");
    assert!(report["databases"][0]["copies"].is_null(), "{report:#}");
}

#[test]
#[ignore = "needs strace"]
fn a_finished_operation_lets_its_marker_go_where_all_of_it_was_moved() {
    needs::strace();
    for n in 1.. {
        let fixture = Fixture::new(&damaged(8));
        let arguments = ["repair", "--yes", fixture.db.to_str().unwrap()].map(str::to_owned);
        // The last removals are those of the journal's predecessor and of the marker.
        let killed = run_with_kill(&arguments, "?unlink,unlinkat", n);
        assert!(killed.is_some(), "the marker was not there at the end of any run");
        let operation = operations(fixture.dir()).remove(0);
        let journal = fs::read_to_string(operation.join("journal")).unwrap_or_default();
        if !journal.contains("committed") || !fixture.marker().exists() {
            continue;
        }
        let elsewhere = tempfile::tempdir().unwrap();
        let moved = elsewhere.path().join("moved");
        fs::rename(fixture.dir(), &moved).unwrap();
        let operation = moved.join(operation.strip_prefix(fixture.dir()).unwrap());
        let ran = run(["recover", "--yes", "--json", operation.to_str().unwrap()]);
        assert_eq!((ran.code, ran.outcome().as_str()), (Some(0), "committed"), "{ran:?}");
        assert!(!moved.join("priv1.edb.edbmend-pending").exists());
        return;
    }
}
