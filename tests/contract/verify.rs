//! `verify`: flipped bits, misplaced and torn pages, and files that break or shrink while they are read.

use std::path::Path;

use edbmend::practice::{DatabaseRecipe, edit_header};
use edbmend::storage::{Access, Disk, Storage};
use edbmend::survey::{BadPageKind, PageFacts, PageLayout, scan_pages};
use serde_json::Value;

use crate::harness::storages::Scripted;

use crate::harness::ran::ids;
use crate::harness::{run, run_on};

/// A database of a format: page size and first format revision.
fn database(page_size: u32, revision: u32) -> Vec<u8> {
    DatabaseRecipe::of_format(page_size, (revision, 0)).build()
}

/// Writes a database into a folder of its own and verifies it.
fn verify(bytes: &[u8]) -> (i32, Value) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("priv1.edb");
    std::fs::write(&path, bytes).unwrap();
    let ran = run_on(&["verify", "--threads", "2"], &path);
    (ran.exit_code(), ran.json().clone())
}

/// What it prints of that with `--quiet`.
fn verify_quietly(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("priv1.edb");
    std::fs::write(&path, bytes).unwrap();
    run(["verify".as_ref(), "--quiet".as_ref(), path.as_os_str()]).stdout
}

#[test]
fn a_flipped_bit_is_named_in_every_format() {
    for (page_size, revision) in [(4096, 9), (4096, 0xb), (8192, 0xb), (16384, 0x14), (32768, 0x14)]
    {
        let sound = database(page_size, revision);
        let (code, report) = verify(&sound);
        assert_eq!((code, &report["outcome"]), (0, &"ok".into()));
        let at = 5 * page_size as usize + 1001;
        let mut flipped = sound;
        flipped[at] ^= 0x10;
        let (code, report) = verify(&flipped);
        assert_eq!((code, &report["outcome"]), (1, &"findings".into()), "{page_size} {revision}");
        let [page] = report["pages"]["bad"].as_array().unwrap().as_slice() else { panic!() };
        let has_ecc = revision >= 0xb;
        assert_eq!((&page["number"], &page["offset"]), (&4.into(), &(5 * page_size).into()));
        assert_eq!((&page["kind"], &page["correctable"]), (&"checksum".into(), &has_ecc.into()));
        let bit = if has_ecc { Value::from(1001 * 8 + 4) } else { Value::Null };
        assert_eq!(page["correctable_bit"], bit);
        assert_ne!(page["expected"], page["actual"]);
        assert_eq!(report["pages"]["correctable"], u64::from(has_ecc));
    }
}

#[test]
fn misplaced_and_torn_pages_and_a_bad_header_copy() {
    let mut bytes = database(32768, 0x14);
    bytes.copy_within(3 * 32768..4 * 32768, 4 * 32768);
    bytes[7 * 32768 + 100..8 * 32768].fill(0x55);
    bytes[32768 + 600] ^= 0xff;
    let (code, report) = verify(&bytes);
    assert_eq!(code, 1);
    let pages = &report["pages"];
    let bad = pages["bad"].as_array().unwrap();
    let numbers: Vec<_> = bad.iter().map(|page| page["number"].as_i64().unwrap()).collect();
    assert_eq!(numbers, [0, 3, 6]);
    assert_eq!(bad[0]["expected"].as_str().unwrap().len(), "0x01234567".len());
    assert_eq!(
        pages["bad_checksums"].as_u64().unwrap() + pages["wrong_page_numbers"].as_u64().unwrap(),
        3
    );
    assert_eq!(report["databases"][0]["copies"]["shadow"], "bad-checksum");
}

#[test]
fn what_cannot_be_understood_is_a_failure() {
    let of_version = |version: u32| {
        let mut bytes = database(4096, 9);
        edit_header(&mut bytes, |raw| raw.version = version.into());
        bytes
    };
    let streaming = DatabaseRecipe { attribute: 1, file_type: 2, ..DatabaseRecipe::default() };
    for (bytes, refusals) in [
        (Vec::new(), &["not-ese"][..]),
        (b"no database".repeat(4096), &["not-ese"]),
        (database(4096, 9)[..4000].to_vec(), &["header-unreadable", "truncated"]),
        // The shadow page is missing, or a part of it.
        (database(4096, 9)[..4096].to_vec(), &["truncated"]),
        (database(4096, 9)[..8191].to_vec(), &["truncated"]),
        (streaming.build()[..4096].to_vec(), &["truncated"]),
        (of_version(0x500), &["unsupported-format"]),
        (of_version(0x623), &["unsupported-format"]),
    ] {
        let (code, report) = verify(&bytes);
        assert_eq!((code, &report["outcome"]), (4, &"failed".into()), "{report:#}");
        assert_eq!(ids(&report["refusals"]), refusals, "{report:#}");
        assert_eq!(report["pages"], Value::Null);
        assert!(verify_quietly(&bytes).contains(refusals[0]));
    }
    // A field that is not known is no bad page.
    let mut bytes = database(4096, 9);
    edit_header(&mut bytes, |raw| raw.full_prev_type = 7.into());
    let (code, report) = verify(&bytes);
    assert_eq!((code, &report["refusals"]), (0, &Value::Array(vec![])));
    assert!(verify_quietly(&bytes).contains("offset 356 is 7"));
}

#[test]
fn half_a_page_at_the_end_is_no_page() {
    let mut bytes = database(4096, 9);
    bytes.extend([7; 1000]);
    let (code, report) = verify(&bytes);
    assert_eq!((code, &report["pages"]["total"]), (0, &18.into()));
    assert_eq!((&report["outcome"], &report["refusals"]), (&"ok".into(), &Value::Array(vec![])));
    let text = verify_quietly(&bytes);
    assert!(text.contains("last 1000 bytes"), "{text}");
}

#[test]
fn of_a_streaming_file_only_the_header_pages_are_checked() {
    let recipe = DatabaseRecipe { attribute: 1, file_type: 2, ..DatabaseRecipe::default() };
    let mut bytes = recipe.build();
    let (code, report) = verify(&bytes);
    assert_eq!((code, &report["pages"]["total"]), (0, &2.into()));
    assert_eq!(report["databases"][0]["kind"], "streaming");
    bytes[4096 + 700] ^= 1;
    assert_eq!(verify(&bytes).0, 1);
}

/// Scans a file through a script, on one thread.
fn scan_with(storage: &dyn Storage, path: &Path, threads: usize) -> Result<PageFacts, String> {
    let file = storage.open(path, Access::Read).unwrap();
    let layout = PageLayout::of(file.status().unwrap().length_bytes, 4096);
    let scanned = scan_pages(file.as_ref(), layout, threads, |_| true);
    scanned.map(|facts| facts.expect("nobody stops it")).map_err(|error| error.to_string())
}

/// A file of 4 KiB pages, a few pieces long.
fn long_file() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("priv1.edb");
    std::fs::write(&path, DatabaseRecipe { pages: 1500, ..DatabaseRecipe::default() }.build())
        .unwrap();
    (folder, path)
}

#[test]
fn an_unreadable_sector_is_a_finding_and_the_scan_goes_on() {
    let (_folder, path) = long_file();
    let sound = scan_with(&Disk, &path, 1).unwrap();
    assert_eq!((sound.total, sound.ok, sound.empty), (1502, 1127, 375));
    // Sectors of the second header copy, and of pages 300 and 301.
    let sectors = [4096 + 512, 301 * 4096 + 3584, 302 * 4096];
    let storage = Scripted::new(move |call| {
        let hit = sectors.iter().any(|sector| call.bytes.contains(sector));
        (call.name == "read" && hit).then_some(std::io::ErrorKind::Other)
    });
    for threads in [1, 2, 5] {
        let facts = scan_with(&storage, &path, threads).unwrap();
        assert_eq!((facts.total, facts.ok, facts.unreadable), (1502, 1124, 3));
        let numbers: Vec<_> = facts.bad.iter().map(|page| (page.number, page.kind)).collect();
        assert_eq!(numbers, [0, 300, 301].map(|number| (number, BadPageKind::Unreadable)));
        assert!(facts.bad.iter().all(|page| page.expected.is_none() && page.actual.is_none()));
        assert_eq!(facts.highest_db_time, sound.highest_db_time);
    }
}

#[test]
fn a_file_that_shrinks_is_an_error() {
    for threads in [1, 3] {
        let (_folder, path) = long_file();
        let shrinking = path.clone();
        let mut reads = 0;
        let storage = Scripted::new(move |call| {
            reads += usize::from(call.name == "read");
            if reads == 5 {
                let file = std::fs::OpenOptions::new().write(true).open(&shrinking).unwrap();
                file.set_len(100 * 4096 + 17).unwrap();
            }
            None
        });
        let error = scan_with(&storage, &path, threads).unwrap_err();
        assert!(error.contains("became shorter"), "{error}");
    }
}

#[test]
fn holes_are_empty_pages_and_are_not_read() {
    let (_folder, path) = long_file();
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(8 << 30).unwrap();
    let storage = Scripted::new(|call| {
        let beyond = call.name == "read" && call.bytes.start >= 8 << 20;
        beyond.then_some(std::io::ErrorKind::Other)
    });
    let facts = scan_with(&storage, &path, 2).unwrap();
    assert_eq!(facts.total, (8 << 30) / 4096);
    assert_eq!((facts.ok, facts.bad_pages()), (1127, 0));
    assert_eq!(facts.empty, facts.total - facts.ok);
}

#[test]
fn a_file_that_is_bad_throughout_lists_its_first_pages() {
    let (_folder, path) = long_file();
    let mut bytes = std::fs::read(&path).unwrap()[..8192].to_vec();
    bytes.resize(12_002 * 4096, 0x11);
    std::fs::write(&path, bytes).unwrap();
    for threads in [1, 4] {
        let facts = scan_with(&Disk, &path, threads).unwrap();
        assert_eq!((facts.bad_pages(), facts.bad.len()), (12_000, 10_000));
        let numbers: Vec<i64> = facts.bad.iter().map(|page| page.number).collect();
        assert!(numbers.iter().copied().eq(1..=10_000));
    }
}
