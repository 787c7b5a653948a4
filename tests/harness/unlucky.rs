//! Programs on bad luck: stand-ins for the real one whose disk fails, or which are killed, at a
//! chosen point. For tests of those who call it: scripts and Ansible.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::strace::is_killed_at;
use super::{Fixture, PROGRAM, damaged, finish, run, spawn};

/// More writes than a repair makes.
const MANY: u32 = 40;

/// A program at `place` that runs the real one, and whose disk answers EIO at the first of its writes
/// that makes `repair --yes` with these options end with `code`. An `--html` at the end of the options gets a page of
/// its own.
pub fn failing_program(place: &Path, options: &[&str], code: i32) -> PathBuf {
    for nth in 1..MANY {
        write_program(
            place,
            &format!(
                "exec strace -f -qq -o /dev/null -e trace=pwrite64 \
                 -e inject=pwrite64:error=EIO:when={nth} '{}' \"$@\"",
                PROGRAM
            ),
        );
        let fixture = Fixture::new(&damaged(8));
        let mut repair = Command::new(place);
        repair.args(["repair", "--yes", "--json"]).arg(&fixture.db).args(options);
        if options.last() == Some(&"--html") {
            repair.arg(fixture.dir().join("page.html"));
        }
        if finish(spawn(&mut repair)).code == Some(code) {
            return place.to_owned();
        }
    }
    panic!("no failing write ends with {code}");
}

/// An executable shell script.
pub fn write_program(place: &Path, text: &str) {
    fs::write(place, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(place, Permissions::from_mode(0o755)).unwrap();
}

/// A database whose repair was killed at the first write from which `recover` goes this way:
/// `discard`, `back`, `forward` or `finish`.
pub fn leave_pending(db: &Path, direction: &str) {
    for nth in 1..MANY {
        let original = fs::read(db).unwrap();
        assert!(is_killed_at(&["repair", "--yes"], db, "pwrite64", nth), "it was never killed");
        let preview = run(["recover", "--dry-run", "--json", db.to_str().unwrap()]);
        if preview.json()["databases"][0]["direction"] == direction {
            return;
        }
        let undone = run(["recover", "--yes", "--back", "--json", db.to_str().unwrap()]);
        assert!(undone.code == Some(0) && fs::read(db).unwrap() == original, "{undone:?}");
    }
    panic!("no kill leads to {direction}");
}
