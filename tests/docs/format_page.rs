//! docs/format.md says where the fields of a header are. Here each offset is read from the page, the
//! bytes there are changed, and `inspect` must see another value of that field and of no other; and
//! where the engine's own list of offsets is at hand, the page must agree with it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use edbmend::plan::only_repairable_bytes_differ;
use edbmend::practice::DatabaseRecipe;
use serde_json::Value;

use crate::harness::{files, needs};

const PAGE: usize = 4096;

/// What a row of the page is called elsewhere: in the JSON, and in the engine's source.
const NAMES: [(&str, &str, &str); 20] = [
    ("checksum", "checksum", "le_ulChecksum"),
    ("magic", "magic", "le_ulMagic"),
    ("format version", "version", "le_ulVersion"),
    ("0 database, 1 streaming file", "attribute", "le_attrib"),
    ("database signature", "db_signature", "signDb"),
    ("state", "state", "le_dbstate"),
    ("last consistent position", "last_consistent", "le_lgposConsistent"),
    ("log signature", "log_signature", "signLog"),
    ("Previous Full Backup", "previous_full_backup", "bkinfoFullPrev"),
    ("Previous Incremental Backup", "previous_incremental_backup", "bkinfoIncPrev"),
    ("Current Full Backup", "current_full_backup", "bkinfoFullCur"),
    ("flags", "flags", "m_ulDbFlags"),
    ("format revision", "revision", "le_ulDaeUpdateMajor"),
    ("page size", "page_size", "le_cbPageSize"),
    ("signature of the streaming file", "slv_signature", "rgbReservedSignSLV"),
    ("first and last log required", "log_required", "le_lGenMinRequired le_lGenMaxRequired"),
    ("Current Shadow copy backup", "current_shadow_copy_backup", "bkinfoSnapshotCur"),
    (
        "types of Full and Incremental",
        "previous_full_backup previous_incremental_backup",
        "bkinfoTypeFullPrev bkinfoTypeIncPrev",
    ),
    (
        "Previous Copy Backup, Previous Differential Backup",
        "previous_copy_backup previous_differential_backup",
        "bkinfoCopyPrev bkinfoDiffPrev",
    ),
    (
        "types of Copy and Differential",
        "previous_copy_backup previous_differential_backup",
        "bkinfoTypeCopyPrev bkinfoTypeDiffPrev",
    ),
];

/// A field as the page has it.
struct Row {
    bytes: Range<usize>,
    /// The key in the JSON.
    key: &'static str,
    /// The name in the engine's source.
    engine: &'static str,
    bold: bool,
}

fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/format.md");
    std::fs::read_to_string(path).unwrap()
}

/// The rows of the table of fields; a row may have two fields.
fn rows() -> Vec<Row> {
    let page = page();
    let (_, table) = page.split_once("| offset | bytes | field |").expect("the table");
    let lines = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    lines.flat_map(rows_of).collect()
}

fn rows_of(line: &str) -> Vec<Row> {
    let bold = line.contains("**");
    let line = line.replace("**", "");
    let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [offsets, sizes, field] = cells.as_slice() else { panic!("three cells: {line}") };
    let known = NAMES.iter().filter(|(name, ..)| field.starts_with(name));
    // "page size" and "Previous Full Backup" begin no other name; the longest is meant.
    let name = known.max_by_key(|(name, ..)| name.len()).unwrap_or_else(|| panic!("new: {field}"));
    let numbers = |cell: &str| -> Vec<usize> {
        cell.split(", ").map(|number| number.parse().expect("a number")).collect()
    };
    let (offsets, sizes) = (numbers(offsets), numbers(sizes));
    assert_eq!(offsets.len(), sizes.len(), "{line}");
    let nth = |names: &'static str, n: usize| {
        let all: Vec<_> = names.split(' ').collect();
        *all.get(n).unwrap_or(&all[0])
    };
    let row = |(n, (offset, size)): (usize, (&usize, &usize))| Row {
        bytes: *offset..offset + size,
        key: nth(name.1, n),
        engine: nth(name.2, n),
        bold,
    };
    offsets.iter().zip(&sizes).enumerate().map(row).collect()
}

/// The XOR of all words but the first, as the page says it.
fn checksum(page: &[u8]) -> u32 {
    let words =
        page.chunks_exact(4).skip(1).map(|word| u32::from_le_bytes(word.try_into().unwrap()));
    words.fold(0x89ab_cdef, |sum, word| sum ^ word)
}

/// What `inspect` says of a database whose two header copies were changed in this way.
fn inspected(change: impl Fn(&mut [u8])) -> BTreeMap<String, Value> {
    let mut bytes = DatabaseRecipe::default().build();
    for copy in bytes[..2 * PAGE].chunks_exact_mut(PAGE) {
        change(copy);
        let sum = checksum(copy);
        copy[..4].copy_from_slice(&sum.to_le_bytes());
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &bytes).unwrap();
    let report = match edbmend::inspect(file.path()) {
        Ok(file) => file.file,
        Err(error) => error.into_report().files.remove(0).file,
    };
    let header = serde_json::to_value(report.header.expect("a header")).unwrap();
    serde_json::from_value(header).unwrap()
}

fn keys_that_differ(a: &BTreeMap<String, Value>, b: &BTreeMap<String, Value>) -> BTreeSet<String> {
    a.iter().filter(|(key, value)| b.get(*key) != Some(value)).map(|(key, _)| key.clone()).collect()
}

#[test]
fn each_offset_of_the_page_is_where_inspect_finds_the_field() {
    let base = inspected(|_| {});
    let changed_by = |at: usize| {
        let mut keys = keys_that_differ(&base, &inspected(|copy| copy[at] ^= 1));
        assert!(keys.remove("checksum"), "offset {at}");
        // The first bit of the flags has a key of its own, too.
        keys.remove("shadowed");
        keys
    };
    let rows = rows();
    let belongs =
        |at: usize, key: &str| rows.iter().any(|row| row.key == key && row.bytes.contains(&at));
    let mut seen = 0;
    // A page without its magic or size is no header, and the checksum follows from all the rest.
    let special = ["checksum", "magic", "page_size"];
    for row in rows.iter().filter(|row| !special.contains(&row.key)) {
        let own = BTreeSet::from([row.key.to_owned()]);
        assert_eq!(changed_by(row.bytes.start), own, "offset {}", row.bytes.start);
        // The last byte of a signature stands behind the end of a name.
        assert!(changed_by(row.bytes.end - 1).is_subset(&own), "offset {}", row.bytes.end - 1);
        // Its time, which has no row, belongs to the position.
        let ends = if row.key == "last_consistent" { None } else { Some(row.bytes.end) };
        let neighbours = ends.into_iter().chain([row.bytes.start - 1]);
        for at in neighbours.filter(|at| !(4..8).contains(at) && !(236..240).contains(at)) {
            assert!(belongs(at, row.key) || !changed_by(at).contains(row.key), "offset {at}");
        }
        seen += 1;
    }
    assert!(seen >= 20, "only {seen} fields were tried");
}

#[test]
fn checksum_magic_and_page_size_have_their_values_where_the_page_says() {
    let bytes = DatabaseRecipe::default().build();
    let rows = rows();
    let value = |key: &str| {
        let row = rows.iter().find(|row| row.key == key).expect("a row");
        u32::from_le_bytes(bytes[row.bytes.clone()].try_into().expect("four bytes"))
    };
    assert_eq!(value("checksum"), checksum(&bytes[..PAGE]));
    assert_eq!(value("magic"), 0x89ab_cdef);
    assert_eq!(value("page_size"), PAGE as u32);
    let base = inspected(|_| {});
    assert_eq!(base["checksum"], format!("0x{:x}", value("checksum")));
    assert_eq!(base["page_size"], PAGE);
}

#[test]
fn a_repair_may_change_what_is_bold_and_the_checksum_alone() {
    let rows = rows();
    let may_change = |at: usize| {
        rows.iter().any(|row| (row.bold || row.key == "checksum") && row.bytes.contains(&at))
    };
    let before = DatabaseRecipe::default().build()[..PAGE].to_vec();
    for at in 0..PAGE {
        let mut after = before.clone();
        after[at] ^= 1;
        assert_eq!(only_repairable_bytes_differ(&before, &after), may_change(at), "offset {at}");
    }
    let changeable = (0..PAGE).filter(|&at| may_change(at));
    assert!(changeable.clone().all(|at| at < 512));
    let questions = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/questions.md");
    let said = format!("changes at most {} bytes", changeable.count());
    assert!(std::fs::read_to_string(questions).unwrap().contains(&said), "{said}");
}

#[test]
fn the_parts_of_a_backup_field_are_where_the_drawing_has_them() {
    let page = page();
    let (_, drawing) = page.split_once("## A backup field\n\n").expect("the drawing");
    let mut lines = drawing.lines();
    let offsets: Vec<usize> =
        lines.next().unwrap().split_whitespace().map(|number| number.parse().unwrap()).collect();
    let names = lines.nth(1).unwrap().trim().trim_matches('|').split('|').map(str::trim);
    let pointers = BTreeMap::from([
        ("offset", "/mark/offset"),
        ("sector", "/mark/sector"),
        ("generation", "/mark/generation"),
        ("time", "/time"),
        ("genLow", "/gen_low"),
        ("genHigh", "/gen_high"),
    ]);
    let rows = rows();
    let field = rows.iter().find(|row| row.key == "previous_full_backup").unwrap();
    let base = inspected(|_| {});
    let mut count = 0;
    for (name, part) in names.zip(offsets.windows(2)) {
        let changed = inspected(|copy| copy[field.bytes.start + part[0]] ^= 1);
        for (other, pointer) in &pointers {
            let of = |header: &BTreeMap<String, Value>| header[field.key].pointer(pointer).cloned();
            assert_eq!(of(&base) != of(&changed), *other == name, "{name}, {pointer}");
        }
        count += 1;
    }
    assert_eq!((count, offsets.last()), (pointers.len(), Some(&field.bytes.len())));
    assert!(page.contains("at 136 + 20 = **156**"));
}

#[test]
#[ignore = "needs the real files"]
fn the_page_agrees_with_the_declaration_of_the_engine() {
    needs::real_files();
    let list = files::text("engine/DBFILEHDR-offsets.txt");
    let fields: BTreeMap<&str, Range<usize>> = list
        .lines()
        .filter_map(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            let (at, size) =
                (words.first()?.parse::<usize>().ok()?, words.get(3)?.parse::<usize>().ok()?);
            Some((*words.get(4)?, at..at + size))
        })
        .collect();
    assert!(fields.len() > 50, "{} fields", fields.len());
    for row in rows() {
        assert_eq!(fields.get(row.engine), Some(&row.bytes), "{}", row.engine);
    }
    let end = fields.values().map(|bytes| bytes.end).max();
    assert!(page().contains(&format!("| {} bytes, then 0 ", end.unwrap())), "{end:?}");
}
