//! Programs of other people judge a repaired database: two readers of ESE files and an independent
//! checksum checker. And what must not be repaired at all is refused.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::harness::ran::ids;
use crate::harness::sets::{Sample, Unpacked, databases_below, page_size_of};
use crate::harness::{files, needs, run_on};
use edbmend::practice::damage_full_backup;

const IMPORT_DISSECT: &str = "import dissect.esedb";

/// Prints the names of the tables, or how dissect.esedb failed.
const DISSECT_TABLES: &str = "
import sys
from dissect.esedb import EseDB
for path in sys.argv[1:]:
    with open(path, 'rb') as file:
        try:
            print('tables', [table.name for table in EseDB(file).tables()])
        except Exception as error:
            print('fails', type(error).__name__)
";

/// Of so many databases only the headers are genuine: there is no catalog to read.
const HEADERS_ONLY: usize = 5;

/// All readers take many seconds for this one, so it is judged by itself.
const LARGEST: &str = "real/third-party/large.edb";

/// The clean databases of which an oracle judges the repair.
fn judged() -> Vec<Sample> {
    let mut samples = databases_below("engine");
    samples.extend(databases_below("real"));
    samples.retain(Sample::is_clean);
    assert_eq!(samples.len(), 53);
    samples.retain(|sample| sample.path != LARGEST);
    samples
}

/// The original, unchanged, and the same database after damage and repair.
struct Pair {
    path: String,
    original: Unpacked,
    repaired: Unpacked,
}

fn repaired(sample: &Sample) -> Pair {
    let mut damaged = sample.bytes.clone();
    damage_full_backup(&mut damaged);
    let repaired = sample.unpack(&damaged);
    let run = run_on(&["repair", "--yes", "--backup", "header"], &repaired.database);
    assert_eq!(run.exit_code(), 0, "{}: {}", sample.path, run.stdout);
    assert!(repaired.bytes() != damaged);
    Pair { path: sample.path.clone(), original: sample.unpack_as_it_is(), repaired }
}

/// Asks an oracle before and after a repair: both answers must be alike. Whether it could read it.
fn judge(sample: &Sample, oracle: impl Fn(&Path) -> (bool, String) + Sync) -> bool {
    let pair = repaired(sample);
    let (before, after) = std::thread::scope(|scope| {
        let before = scope.spawn(|| oracle(&pair.original.database));
        let after = oracle(&pair.repaired.database);
        (before.join().expect("no panic"), after)
    });
    assert_eq!(after, before, "{}", pair.path);
    before.0
}

/// Asks an oracle of all but the largest; how many databases it could not read.
fn judge_all(oracle: impl Fn(&Path) -> (bool, String) + Sync) -> usize {
    let samples = judged();
    let unreadable = samples.iter().filter(|sample| !judge(sample, &oracle)).count();
    println!("{} databases, {unreadable} of them unreadable", samples.len());
    unreadable
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Exit status and the lines `Table: 1  MSysObjects (2)`.
fn esedbinfo(database: &Path) -> (bool, String) {
    let output = Command::new("esedbinfo").arg(database).output().expect("esedbinfo runs");
    let text = text(&output);
    let tables = text.lines().filter(|line| line.starts_with("Table: ")).collect::<Vec<_>>();
    let tables = format!("{}\n{}", output.status, tables.join("\n"));
    (tables.contains("MSysObjects"), tables)
}

#[test]
#[ignore = "needs the real files and esedbinfo"]
fn esedbinfo_reads_what_it_read_before() {
    needs::real_files();
    needs::usable("esedbinfo", &["-V"]);
    // The release of 2018 does not know the newest format, in which the engine made 16 of them: it
    // fails before and after.
    assert_eq!(judge_all(esedbinfo), HEADERS_ONLY + 16);
}

fn dissect(database: &Path) -> (bool, String) {
    let mut python = Command::new("python3");
    let output = python.args(["-c", DISSECT_TABLES]).arg(database).output().expect("python runs");
    let text = text(&output);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (text.contains("MSysObjects"), text)
}

#[test]
#[ignore = "needs the real files and dissect.esedb"]
fn dissect_reads_what_it_read_before() {
    needs::real_files();
    needs::usable("python3", &["-c", IMPORT_DISSECT]);
    assert_eq!(judge_all(dissect), HEADERS_ONLY);
}

/// The checker that lies beside the shared data.
fn checker() -> PathBuf {
    files::shared_folder().join("tools/ese_checksum_check.py")
}

/// Its verdict on both header copies and the pages behind them, without the lines that name the file.
/// It computes in Python, so it gets the start of the file only.
fn checksums(database: &Path) -> (bool, String) {
    let mut start = std::fs::read(database).expect("a database");
    start.truncate(8 * page_size_of(&start));
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), start).expect("a written file");
    let mut python = Command::new("python3");
    let output = python.arg(checker()).arg(file.path()).output().expect("python runs");
    let text = text(&output);
    let sound = text.contains("header copies: primary ok, shadow ok, identical");
    assert!(sound, "{text}");
    let summary: Vec<_> = text.lines().filter(|line| line.starts_with("  ")).collect();
    (output.status.success(), summary.join("\n"))
}

#[test]
#[ignore = "needs the real files and python3"]
fn an_independent_checker_finds_both_copies_sound() {
    needs::real_files();
    needs::usable("python3", &["-c", ""]);
    assert!(checker().is_file(), "this test needs {}", checker().display());
    assert_eq!(judge_all(checksums), 0);
}

/// What takes longer than the other databases together.
mod whole {
    use super::*;

    #[test]
    #[ignore = "slow: a minute, and needs the real files, esedbinfo and dissect.esedb"]
    fn the_largest_database() {
        needs::real_files();
        needs::usable("esedbinfo", &["-V"]);
        needs::usable("python3", &["-c", IMPORT_DISSECT]);
        let sample = Sample::of(LARGEST);
        assert!(judge(&sample, esedbinfo) && judge(&sample, dissect) && judge(&sample, checksums));
    }
}

/// `repair --yes` answers with exactly these guards, and leaves the folder as it was.
fn is_refused(what: &str, unpacked: &Unpacked, guards: &[&str]) {
    let (before, names) = (unpacked.bytes(), unpacked.names());
    let run = run_on(&["repair", "--yes"], &unpacked.database);
    let report = run.json();
    assert_eq!((run.exit_code(), ids(&report["refusals"])), (3, owned(guards)), "{what}");
    assert_eq!(report["outcome"], "refused", "{what}");
    assert!(unpacked.bytes() == before, "{what}");
    assert_eq!(unpacked.names(), names, "{what}");
}

fn owned(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

/// The copies that a streaming backup made, which wait for their restore.
const BACKUP_COPIES: [&str; 3] = [
    "engine/p4096/a_full_backupset/test.edb",
    "engine/p4096_efv8020/a_full_backupset/test.edb",
    "real/dhcp-backup-BKINFO/dhcp.mdb",
];

#[test]
#[ignore = "needs the real files"]
fn databases_that_are_not_clean_are_refused() {
    needs::real_files();
    let mut samples = databases_below("engine");
    samples.extend(databases_below("real"));
    samples.retain(|sample| !sample.is_clean());
    for sample in &samples {
        let guards: &[&str] = if BACKUP_COPIES.contains(&sample.path.as_str()) {
            &["dirty-shutdown", "backup-in-progress"]
        } else {
            &["dirty-shutdown"]
        };
        is_refused(&sample.path, &sample.unpack_as_it_is(), guards);
        let mut damaged = sample.bytes.clone();
        damage_full_backup(&mut damaged);
        is_refused(&sample.path, &sample.unpack(&damaged), guards);
    }
    eprintln!("{} databases refused", samples.len());
    assert_eq!(samples.len(), 20);
}

#[test]
#[ignore = "needs the real files"]
fn files_that_are_no_databases_are_refused() {
    needs::real_files();
    let files = [
        ("engine/p4096/a_full/E00.log", "not-a-database"),
        ("engine/p4096/a_full/E00.chk", "not-a-database"),
        ("engine/p4096/a_full/test.jfm", "not-a-database"),
        ("engine/p4096_names_2/E00.jtx", "not-a-database"),
        ("real/catroot2-ws2003-xp64/edb.log", "not-a-database"),
        ("real/catroot2-ws2003-xp64/edb.chk", "not-a-database"),
        // A reserve log in the old fill pattern, and a log that is still all zero.
        ("real/catroot2-ws2003-xp64/res1.log", "not-ese"),
        ("real/srum-win10-belkasoft-dirty/SRUtmp.log", "not-ese"),
        // Text
        ("real/catroot2-ws2003-xp64/dberr.txt", "not-ese"),
    ];
    for (path, guard) in files {
        is_refused(path, &Sample::of(path).unpack_as_it_is(), &[guard]);
    }
}
