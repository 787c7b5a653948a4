//! Databases of real engines, whole and without their end.

use std::fs::OpenOptions;
use std::path::Path;

use serde_json::Value;

use crate::harness::sets::{Sample, databases_below};
use crate::harness::{needs, run_on};

/// The last page that the database of the first set owns, by the independent reader of its owned extents.
const LAST_OWNED: usize = 174;

/// Verdict of the file, and whether it is refused as cut off.
fn answer(database: &Path) -> (Value, bool) {
    let ran = run_on(&["check"], database);
    let is_cut_off = ran.refusals().contains(&"truncated".into());
    (ran.json()["verdict"]["id"].clone(), is_cut_off)
}

fn cut(database: &Path, pages: usize, page_size: usize) {
    let file = OpenOptions::new().write(true).open(database).unwrap();
    file.set_len((pages * page_size) as u64).unwrap();
}

#[test]
fn a_clean_database_that_lacks_pages_which_it_owns_is_not_to_be_mounted() {
    let sample = Sample::of("engine/stage4_p4096/s4_2b_cleared_after_full_inc/test.edb");
    let unpacked = sample.unpack_as_it_is();
    assert_eq!(answer(&unpacked.database), ("sound".into(), false));
    // From its end on, so that each is a part of the one before; with two pages before page 1.
    for last_page in [LAST_OWNED, LAST_OWNED - 1, 100, 3, 2, 1] {
        cut(&unpacked.database, last_page + 2, sample.page_size());
        let expected = if last_page >= LAST_OWNED { "sound" } else { "do-not-mount" };
        let is_cut_off = last_page < LAST_OWNED;
        assert_eq!(answer(&unpacked.database), (expected.into(), is_cut_off), "{last_page}");
    }
}

#[test]
fn nothing_is_written_into_it_and_no_log_of_it_is_moved() {
    let sample = Sample::of("engine/stage4_p4096/s4_1_bug_state/test.edb");
    let unpacked = sample.unpack_as_it_is();
    cut(&unpacked.database, 100, sample.page_size());
    let before = unpacked.bytes();
    run_on(&["repair", "--yes"], &unpacked.database).expect_refused(3, &["truncated"]);
    let reset = ["reset-logs", "--yes", "--db", unpacked.database.to_str().unwrap()];
    run_on(&reset, unpacked.dir.path()).expect_refused(3, &["truncated"]);
    let verified = run_on(&["verify"], &unpacked.database);
    assert_eq!(verified.exit_code(), 1, "{verified:?}");
    assert!(unpacked.bytes() == before && unpacked.logs().len() > 1);
}

#[test]
fn a_lost_header_is_not_rebuilt_where_the_end_is_missing() {
    let sample = Sample::of("engine/stage4_p4096/s4_2b_cleared_after_full_inc/test.edb");
    let mut lost = sample.bytes.clone();
    lost[..2 * sample.page_size()].fill(0);
    let unpacked = sample.unpack(&lost);
    let rebuild = || run_on(&["rebuild-header", "--dry-run"], &unpacked.database);
    let ran = rebuild();
    assert_eq!(ran.exit_code(), 0, "{ran:?}");
    // The last pages are empty, and no log tells of them.
    cut(&unpacked.database, LAST_OWNED + 1, sample.page_size());
    rebuild().expect_refused(3, &["truncated"]);
}

#[test]
#[ignore = "needs the real files"]
fn no_whole_database_is_called_cut_off_and_each_that_lacks_its_end_is() {
    needs::real_files();
    let parts = ["real", "engine", "trials", "crash"];
    let (mut whole, mut found, mut unread) = (0, 0, 0);
    for sample in parts.iter().flat_map(|part| databases_below(part)).filter(Sample::is_clean) {
        let unpacked = tempfile::tempdir().unwrap();
        let path = unpacked.path().join("database.edb");
        std::fs::write(&path, &sample.bytes).unwrap();
        let (_, is_cut_off) = answer(&path);
        assert!(!is_cut_off, "{}", sample.path);
        whole += 1;
        if sample.bytes.len() < 8 * sample.page_size() {
            continue;
        }
        cut(&path, 5, sample.page_size());
        if answer(&path).1 {
            found += 1;
        } else {
            println!("{}: its first pages say nothing", sample.path);
            unread += 1;
        }
    }
    println!("{whole} whole, {found} cut off and found, {unread} whose first pages say nothing");
    assert!(whole > 70 && found > 70 && unread == 5, "{whole}, {found}, {unread}");
}
