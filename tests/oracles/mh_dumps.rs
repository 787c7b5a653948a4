//! `inspect` against the text that the engine's own `eseutil /mh` printed of the same files.

use crate::harness::sets::{Sample, databases_below};
use crate::harness::{files, needs, run};
use edbmend::ese::shadow::Which;
use edbmend::practice::{DatabaseRecipe, edit_copy, edit_header};

/// Lines of `eseutil` that `inspect` does not print, by their beginning.
const NOT_PRINTED: [(&str, &str); 1] =
    [(" Engine ulVersion: ", "tells the version of the engine that runs, and none does")];

/// Lines about the process: the frame before the line that names the database, and the time it
/// took behind the last line of the header.
const FRAME_END: &str = "         Database: ";
const TIMING: &str = "Operation completed successfully in ";

/// In a file that a streaming backup wrote, `eseutil` reads the trailer page into the buffer of the
/// header that it is printing (`dbdump.cxx`, `ErrDUMPHeaderStandard`). What it prints behind it
/// are bytes of the trailer: signatures of zeros, and a warning that compares header and trailer.
const OVERWRITTEN_BY_TRAILER: [&str; 3] = [
    "  Database Header Flush Signature: ",
    " Flush Map Header Flush Signature: ",
    "WARNING: primary header and shadow header are not identical.",
];

/// The text of `eseutil` beside a database, where there is one that names it.
fn engine_dump(sample: &Sample) -> Option<String> {
    let path = files::shared_folder().join("data").join(&sample.path);
    let text = std::fs::read_to_string(path.with_file_name("mh.txt")).ok()?;
    let name = path.file_name()?.to_str()?;
    text.lines().any(|line| line == format!("{FRAME_END}{name}")).then_some(text)
}

/// The lines of the header itself; blank lines only separate blocks, so their number at the end,
/// where `eseutil` sets off the timing, is its own affair.
fn header_lines(text: &str) -> Vec<&str> {
    let from_frame = text.lines().skip_while(|line| !line.starts_with(FRAME_END)).skip(1);
    let mut lines: Vec<_> = from_frame
        .filter(|line| !line.starts_with(TIMING))
        .filter(|line| !NOT_PRINTED.iter().any(|(start, _)| line.starts_with(start)))
        .collect();
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines
}

fn without_overwritten(lines: Vec<&str>) -> Vec<&str> {
    let kept = |line: &&str| !OVERWRITTEN_BY_TRAILER.iter().any(|start| line.starts_with(start));
    let mut lines: Vec<_> = lines.into_iter().filter(kept).collect();
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines
}

fn compare(sample: &Sample, engine: &str) {
    let unpacked = sample.unpack_as_it_is();
    let run = run(["inspect".as_ref(), unpacked.database.as_os_str()]);
    assert_eq!(run.exit_code(), 0, "{}: {}", sample.path, run.stderr);
    let (mut ours, mut theirs) = (header_lines(&run.stdout), header_lines(engine));
    if theirs.contains(&"Patch Current Full Backup:") {
        (ours, theirs) = (without_overwritten(ours), without_overwritten(theirs));
    }
    for (index, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        assert_eq!(ours, theirs, "{}, line {index} of the header", sample.path);
    }
    assert_eq!(ours.len(), theirs.len(), "{}: {ours:#?} {theirs:#?}", sample.path);
    assert!(ours.len() > 75, "{}: a whole header, not {} lines", sample.path, ours.len());
}

/// What a streaming backup wrote has two equal header copies, as any database; where they differ,
/// something happened to the file.
#[test]
#[ignore = "needs the real files"]
fn the_copies_of_a_backup_copy_are_equal() {
    needs::real_files();
    let sample = Sample::of("engine/p4096/a_full_backupset/test.edb");
    let inspect = |bytes: &[u8]| {
        let unpacked = sample.unpack(bytes);
        run(["inspect".as_ref(), unpacked.database.as_os_str()])
    };
    assert_eq!(inspect(&sample.bytes).exit_code(), 0);
    let mut changed = sample.bytes.clone();
    edit_copy(&mut changed, Which::Shadow, |raw| raw.last_objid = 77.into());
    let run = inspect(&changed);
    assert_eq!(run.exit_code(), 1, "{}", run.stdout);
    assert!(run.stdout.contains("primary header and shadow header are not identical"));
}

/// A trailer page that names another database, log stream or position ends eseutil with -552.
#[test]
#[ignore = "needs the real files"]
fn the_trailer_of_another_backup() {
    needs::real_files();
    let sample = Sample::of("engine/p4096/a_full_backupset/test.edb");
    // A byte of each: position of the backup, signature of the database, of the log stream.
    for offset in [184, 24, 108] {
        let mut changed = sample.bytes.clone();
        changed[offset] ^= 1;
        edit_header(&mut changed, |_| {});
        let (primary, shadow) = changed.split_at_mut(4096);
        shadow[..4096].copy_from_slice(primary);
        let unpacked = sample.unpack(&changed);
        let text = run(["inspect".as_ref(), unpacked.database.as_os_str()]).stdout;
        assert!(text.contains("not of this backup (error -552)"), "offset {offset}: {text}");
        assert!(!text.contains("Patch Current Full Backup"), "offset {offset}: {text}");
    }
}

/// Lines that no set has, word by word as `dbdump.cxx` prints them, trailing blanks included.
#[test]
fn counts_that_are_seldom_set() {
    let mut file = DatabaseRecipe::default().build();
    edit_header(&mut file, |raw| {
        raw.gen_min_required = (-2).into();
        raw.gen_recovering = (-1).into();
        raw.revert_count = 2.into();
        raw.revert_page_count = 9.into();
        raw.patch_count = 3.into();
        raw.ecc_fix_success = 4.into();
        raw.file_type = 1.into();
        raw.full_prev_type = 2.into();
    });
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.edb");
    std::fs::write(&path, file).unwrap();
    let text = run(["inspect".as_ref(), path.as_os_str()]).stdout;
    for lines in [
        "     Log Required: 4294967294-0 (0xfffffffe-0x0) [Min. Req. Pre-Redo: 0 (0x0)]\n",
        "   Log Recovering: 4294967295 (0xffffffff)\n",
        "\n     Revert Count: 2\n Revert From Date: 00/00/1900 00:00:00.000 LOC\n",
        "\nRevert Page Count: 9\nLast Commit Before Revert: (0x0,0,0)  \n",
        "\n     Reseed Count: 0\n      Reseed Date: 00/00/1900 00:00:00.000 LOC\n",
        "\n      Patch Count: 3\n       Patch Date: 00/00/1900 00:00:00.000 LOC\n",
        "\n       ECC Fix Success Count: found (4)\n   Last ECC Fix Success Date: 00/00/1900",
    ] {
        assert!(text.contains(lines), "{lines} is not in {text}");
    }
    assert!(text.contains(" - Snapshot\n"), "{text}");
}

#[test]
#[ignore = "needs the real files"]
fn inspect_prints_what_eseutil_prints() {
    needs::real_files();
    let samples = databases_below("engine");
    let dumped = samples.iter().filter_map(|sample| Some((sample, engine_dump(sample)?)));
    let mut compared = 0;
    for (sample, engine) in dumped {
        compare(sample, &engine);
        compared += 1;
    }
    eprintln!("{compared} dumps compared");
    assert_eq!(compared, 21, "a dump was lost, or a new one is not counted yet");
}
