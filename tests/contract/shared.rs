//! What somebody else can change decides nothing: folders, markers, and each file of an operation that is read.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{XattrFlags, setxattr};

use crate::harness::group::reset_before_its_end;
use crate::harness::{Fixture, Ran, damaged, reset_words, run, small_group, snapshot, text};

/// The user `nobody`, and a group that nobody here is in.
const NOBODY: u32 = 65534;
const STRANGERS: u32 = 64999;

/// Tags of a POSIX ACL (`acl(5)`, `posix_acl.h`).
const USER: u16 = 0x02;
const GROUP: u16 = 0x08;

/// Gives a file or folder an ACL with one entry more than its mode has, and a mask.
fn set_acl(path: &Path, tag: u16, number: u32, rights: u16, mask: u16) {
    const NONE: u32 = u32::MAX;
    let entries = [
        (0x01, 7, NONE),
        (tag, rights, number),
        (0x04, 0, NONE),
        (0x10, mask, NONE),
        (0x20, 0, NONE),
    ];
    let mut entries: Vec<(u16, u16, u32)> = entries.into();
    entries.sort_by_key(|(tag, ..)| *tag);
    let mut value = 2u32.to_le_bytes().to_vec();
    for (tag, rights, number) in entries {
        value.extend([tag.to_le_bytes(), rights.to_le_bytes()].concat());
        value.extend(number.to_le_bytes());
    }
    setxattr(path, "system.posix_acl_access", &value, XattrFlags::empty()).unwrap();
}

fn open_to_all(path: &Path) {
    let mode = fs::metadata(path).unwrap().permissions().mode();
    fs::set_permissions(path, Permissions::from_mode(mode | 0o002)).unwrap();
}

fn close_to_all(path: &Path) {
    let mode = fs::metadata(path).unwrap().permissions().mode();
    fs::set_permissions(path, Permissions::from_mode(mode & !0o002)).unwrap();
}

/// Refused because of this path alone, and let pass with the flag.
#[track_caller]
fn refused_for(words: &[&str], path: &Path) {
    let ran = run(words);
    ran.expect_refused(3, &["backup-dir-shared"]);
    assert_eq!(ran.json()["refusals"][0]["path"], text(path), "{ran:?}");
    let allowed = run(words.iter().copied().chain(["--allow-shared-backup-dir"]));
    assert_eq!(allowed.code, Some(0), "{allowed:?}");
}

#[test]
fn an_acl_counts_where_it_lets_somebody_else_write() {
    let fixture = Fixture::new(&damaged(4));
    let dir = fixture.dir().canonicalize().unwrap();
    let backups = dir.join("backups");
    fs::create_dir(&backups).unwrap();
    let words =
        ["repair", "--dry-run", "--json", "--backup-dir", text(&backups), text(&fixture.db)];
    for (tag, number) in [(USER, NOBODY), (GROUP, STRANGERS)] {
        set_acl(&backups, tag, number, 7, 7);
        refused_for(&words, &backups);
        // One that lets them read, and one whose mask does.
        for (rights, mask) in [(5, 7), (7, 5)] {
            set_acl(&backups, tag, number, rights, mask);
            let ran = run(words);
            assert_eq!(ran.code, Some(0), "{ran:?}");
        }
    }
    set_acl(&backups, USER, 0, 7, 7);
    assert_eq!(run(words).code, Some(0), "root is nobody else");
}

#[test]
fn each_file_of_an_operation_that_is_read_is_asked_who_can_change_it() {
    let fixture = Fixture::new(&damaged(4));
    let operation = fixture.repair().canonicalize().unwrap();
    let read = [
        "journal",
        "plan.json",
        "SHA256SUMS",
        "header-before.bin",
        "header-after.bin",
        "fingerprint.json",
    ];
    each_is_asked(&operation, &read);
    // The copy has the owner and the mode of the database, and decides nothing.
    open_to_all(&operation.join("priv1.edb"));
    let ran = run(["restore", "--dry-run", "--json", text(&operation)]);
    assert_eq!(ran.code, Some(0), "{ran:?}");

    let (_folder, dir) = small_group();
    let done = run(reset_words(&["--yes", "--json"], &dir));
    each_is_asked(
        &done.operation_dir(),
        &["journal", "plan.json", "SHA256SUMS", "header-1.bin", "logs"],
    );
}

#[track_caller]
fn each_is_asked(operation: &Path, names: &[&str]) {
    let words = ["restore", "--dry-run", "--json", text(operation)];
    let paths = names.iter().map(|name| operation.join(name)).chain([operation.to_owned()]);
    for path in paths {
        open_to_all(&path);
        let before = snapshot(operation);
        refused_for(&words, &path);
        assert!(snapshot(operation) == before);
        let listed = run(["list", "--json", text(operation)]);
        let shared = listed.json()["operations"][0]["shared_with"].as_str().unwrap_or_default();
        let name = path.file_name().unwrap().to_string_lossy();
        assert!(shared.starts_with(&format!("{name}: everybody")), "{listed:?}");
        close_to_all(&path);
    }
    set_acl(&operation.join("journal"), USER, NOBODY, 6, 6);
    refused_for(&words, &operation.join("journal"));
    fs::set_permissions(operation.join("journal"), Permissions::from_mode(0o600)).unwrap();
    assert_eq!(run(words).code, Some(0), "and nothing else is");
}

#[test]
fn recover_asks_the_marker_and_each_file_that_it_reads() {
    let (_folder, dir) = small_group();
    let operation = reset_before_its_end(&dir);
    let marker = dir.join("E00.edbmend-pending");
    let in_folder = ["journal", "plan.json", "SHA256SUMS", "header-1.bin", "logs"];
    let in_folder = in_folder.map(|name| operation.join(name));
    for path in in_folder.iter().chain([&operation, &marker]) {
        open_to_all(path);
        let before = snapshot(&dir);
        for named in [&dir, &operation] {
            refused_for(&["recover", "--dry-run", "--json", text(named)], path);
            let ran: Ran = run(["recover", "--yes", "--json", text(named)]);
            ran.expect_refused(3, &["backup-dir-shared"]);
        }
        assert!(snapshot(&dir) == before);
        close_to_all(path);
    }
    let recovered = run(["recover", "--yes", "--back", "--json", text(&dir)]);
    assert_eq!(recovered.code, Some(0), "{recovered:?}");
}
