//! `inspect` against the text that the engine's own `eseutil /mh` printed of the same files.

mod sets;

use sets::{Sample, databases_below, edbmend};

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
    let path = sets::shared::shared_folder().join("data").join(&sample.path);
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
    let run = edbmend(&["inspect".as_ref(), unpacked.database.as_os_str()]);
    assert_eq!(run.code, 0, "{}: {}", sample.path, run.stderr);
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

#[test]
fn inspect_prints_what_eseutil_prints() {
    if !sets::shared::present("inspect_prints_what_eseutil_prints") {
        return;
    }
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
