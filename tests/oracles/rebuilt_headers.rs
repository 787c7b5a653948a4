//! Both header copies of every database of real engines are destroyed, and rebuilt from what lies beside them. What
//! is proven must be what was lost; other programs must read the result as they read the original.

use std::collections::BTreeMap;
use std::process::Command;

use crate::harness::sets::{Sample, Unpacked, databases_below, dword};
use crate::harness::{Ran, needs, run};

/// What no proven header may have other than the lost one: offset and bytes. Format, signatures, last consistent,
/// last attach, id, log signature, revision, page size, file type.
const NEVER_WRONG: [(usize, usize); 8] =
    [(4, 12), (24, 28), (56, 8), (80, 8), (104, 32), (232, 8), (644, 4), (667, 4)];

/// Of a clean one, too: stamp, state, object id, Log Required, last resize.
const EXACT_WHEN_CLEAN: [(usize, usize); 5] = [(16, 8), (52, 4), (212, 4), (296, 8), (656, 8)];

/// What was put over the two copies.
fn junk(index: usize, length: usize) -> Vec<u8> {
    match index % 3 {
        0 => vec![0; length],
        1 => vec![0xff; length],
        _ => (0..length).map(|at| (at * 31 % 251) as u8).collect(),
    }
}

fn rebuild(index: usize, sample: &Sample) -> (Unpacked, Ran) {
    let mut bytes = sample.bytes.clone();
    let head = (2 * sample.page_size()).min(bytes.len());
    bytes[..head].copy_from_slice(&junk(index, head));
    let unpacked = sample.unpack(&bytes);
    let database = unpacked.database.to_str().unwrap().to_owned();
    let command = ["rebuild-header", "--json", "--yes", &database];
    let first = run(command);
    let only_pages = first.json()["refusals"].to_string().contains("nothing-but-pages");
    let ran = if only_pages { run(command.iter().chain(&["--dirty-for-repair"])) } else { first };
    (unpacked, ran)
}

fn verdict(ran: &Ran) -> String {
    let of_refusal = || ran.refusals().join(" ");
    let rebuild = &ran.json()["databases"][0]["rebuild"]["verdict"];
    let done = rebuild.as_str().filter(|_| ran.code == Some(0));
    done.map_or_else(of_refusal, str::to_owned)
}

#[test]
#[ignore = "needs the real files"]
fn what_is_proven_is_what_was_lost() {
    needs::real_files();
    let mut table = BTreeMap::<String, usize>::new();
    for part in ["engine", "crash", "real"] {
        for (index, sample) in databases_below(part).iter().enumerate() {
            let (unpacked, ran) = rebuild(index, sample);
            let verdict = verdict(&ran);
            println!("{verdict} {}", sample.path);
            let (now, then) = (unpacked.bytes(), &sample.bytes);
            let mut same: Vec<(usize, usize)> = Vec::new();
            match verdict.as_str() {
                "B" => same.extend(NEVER_WRONG.iter().chain(&EXACT_WHEN_CLEAN)),
                "C" => same.extend(NEVER_WRONG),
                "D" => assert_eq!(dword(&now, 52), 2, "{}", sample.path),
                _ => assert_eq!(ran.code, Some(3), "{}: {ran:?}", sample.path),
            }
            for (at, length) in same {
                let range = at..at + length;
                assert_eq!(now[range.clone()], then[range], "{}: offset {at}", sample.path);
            }
            if verdict == "C" {
                assert_eq!(dword(&now, 52), 2, "{}", sample.path);
                assert!(dword(&now, 296) <= dword(then, 296), "{}: too late", sample.path);
                assert!(dword(&now, 300) >= dword(then, 300), "{}: too early", sample.path);
            }
            *table.entry(verdict).or_default() += 1;
        }
    }
    println!("{table:?}");
    assert_eq!((table["B"], table["C"], table["D"]), (20, 9, 34));
}

const DISSECT: &str = "
import sys
from dissect.esedb import EseDB
with open(sys.argv[1], 'rb') as file:
    print([table.name for table in EseDB(file).tables()])
";

#[test]
#[ignore = "needs the real files, esedbinfo and dissect.esedb"]
fn other_readers_list_the_tables_of_the_original() {
    needs::real_files();
    needs::usable("esedbinfo", &["-V"]);
    needs::usable("python3", &["-c", "import dissect.esedb"]);
    let printed = |command: &mut Command| {
        let output = command.output().expect("it runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let tables = text.lines().filter(|line| line.contains("MSys") || line.starts_with("Table"));
        (output.status.code(), tables.map(str::to_owned).collect::<Vec<_>>())
    };
    let mut compared = 0;
    for (index, sample) in databases_below("real").iter().enumerate() {
        let (rebuilt, ran) = rebuild(index, sample);
        if ran.code != Some(0) || sample.bytes.len() > 8 << 20 {
            continue;
        }
        let original = sample.unpack_as_it_is();
        for database in [&original.database, &rebuilt.database] {
            assert!(database.is_file());
        }
        let by = |program: &[&str]| {
            [&original.database, &rebuilt.database]
                .map(|database| printed(Command::new(program[0]).args(&program[1..]).arg(database)))
        };
        let [before, after] = by(&["python3", "-c", DISSECT]);
        assert_eq!(after, before, "{}: dissect.esedb", sample.path);
        let [before, after] = by(&["esedbinfo"]);
        // It refuses some dirty databases that are read once they were rebuilt.
        if before.0 == Some(0) {
            assert_eq!(after, before, "{}: esedbinfo", sample.path);
        }
        compared += 1;
    }
    assert!(compared > 30, "only {compared} were compared");
}
