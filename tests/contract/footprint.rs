//! What a run leaves behind beside what it was asked for, and what it says of it.

use std::fs::{self, File, FileTimes};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::harness::{Fixture, damaged, reset, run, small_group, text};

#[test]
fn looking_leaves_no_access_time_behind() {
    let (_folder, dir) = small_group();
    let times = |path: &Path| {
        let status = fs::metadata(path).unwrap();
        (status.atime(), status.atime_nsec(), status.mtime(), status.ctime(), status.ctime_nsec())
    };
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    File::open(&dir).unwrap().set_times(FileTimes::new().set_accessed(long_ago)).unwrap();
    let before = times(&dir);
    run(["check", text(&dir)]);
    run(["repair", "--dry-run", text(&dir.join("priv1.edb"))]);
    reset(&dir, &["--dry-run"]);
    assert_eq!(times(&dir), before);
}

#[test]
fn a_copy_on_the_same_volume_is_called_what_it_is() {
    let fixture = Fixture::new(&damaged(8));
    let said = run(["repair", "--yes", text(&fixture.db)]).stdout;
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("not against the disk"), "{said}");
}
