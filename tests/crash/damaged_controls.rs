//! Each file that says how far an operation is, damaged in each way, in each state that a kill leaves: what
//! `recover` then says must be so, and what it does not know it must not touch.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use edbmend::apply::{Allowed, Ending, Wish, find_pending, recover};
use edbmend::ese::shadow::{HeaderArea, elect};
use edbmend::plan::BackupScope;
use edbmend::practice::edit_header;
use edbmend::storage::{Access, File, Storage};

use crate::model::context;
use crate::model::event::Snapshot;
use crate::model::explore::Recording;
use crate::model::header::{Damage, HeaderCase};
use crate::model::reset::ResetCase;
use crate::model::sim::Sim;
use crate::model::tree::Tree;

/// What becomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Harm {
    Cut,
    Emptied,
    Zeroed,
    Foreign,
    Gone,
}

const HARMS: [Harm; 5] = [Harm::Cut, Harm::Emptied, Harm::Zeroed, Harm::Foreign, Harm::Gone];

const CONTROL_FILES: [&str; 6] =
    ["journal", "journal.new", "plan.json", "header-before.bin", "header-after.bin", "SHA256SUMS"];

fn is_control(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_string_lossy();
    name.ends_with("-pending") || CONTROL_FILES.contains(&&*name)
}

fn harm(tree: &Tree, path: &Path, harm: Harm) -> Tree {
    let sim = Sim::on(tree.clone());
    let file = sim.open(path, Access::ReadWrite).unwrap();
    let length = file.status().unwrap().length_bytes;
    match harm {
        Harm::Cut => file.set_length(length / 2).unwrap(),
        Harm::Emptied => file.set_length(0).unwrap(),
        Harm::Zeroed => file.write_at(&vec![0; length as usize], 0).unwrap(),
        Harm::Foreign => {
            let text = b"note to the night shift\n".repeat(9);
            file.set_length(text.len() as u64).unwrap();
            file.write_at(&text, 0).unwrap();
        }
        Harm::Gone => sim.remove_file(path).unwrap(),
    }
    sim.now()
}

/// Who wrote the header of the database after the operation was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Since {
    Nobody,
    /// Both copies, as a mount does: valid and equal.
    Mounted,
    /// One copy only.
    HalfMounted,
    /// Nobody: behind the header its pages were lost, and the second half of a log, as by a file system check.
    Blanked,
    /// Nobody: it was cut off behind its header.
    Cut,
}

const DATABASE: &str = "/disk/mdbdata/priv1.edb";

fn written(tree: &Tree, since: Since) -> Tree {
    match since {
        Since::Nobody => return tree.clone(),
        Since::Blanked | Since::Cut => return without_body(tree, since),
        Since::Mounted | Since::HalfMounted => {}
    }
    let path = Path::new(DATABASE);
    let mut bytes = tree.bytes_at(path).unwrap().to_vec();
    let pair = elect(&HeaderArea::of(bytes[..8192].to_vec())).unwrap();
    let from = pair.elected.offset(pair.page_size_bytes) as usize;
    let elected = bytes[from..from + pair.page_size_bytes].to_vec();
    bytes[..2 * pair.page_size_bytes].copy_from_slice(&elected.repeat(2));
    edit_header(&mut bytes, |raw| raw.state = 2.into());
    let sim = Sim::on(tree.clone());
    let file = sim.open(path, Access::ReadWrite).unwrap();
    let first = if since == Since::Mounted { 0 } else { pair.page_size_bytes };
    file.write_at(&bytes[first..2 * pair.page_size_bytes], first as u64).unwrap();
    sim.now()
}

const HEADER_BYTES: u64 = 8192;

/// What behind the header is lost.
fn without_body(tree: &Tree, since: Since) -> Tree {
    let sim = Sim::on(tree.clone());
    let database = sim.open(Path::new(DATABASE), Access::ReadWrite).unwrap();
    if since == Since::Cut {
        database.set_length(HEADER_BYTES).unwrap();
        return sim.now();
    }
    blank(database.as_ref(), HEADER_BYTES);
    if let Some(log) = a_log(tree) {
        blank(sim.open(&log, Access::ReadWrite).unwrap().as_ref(), HEADER_BYTES / 2);
    }
    sim.now()
}

fn blank(file: &dyn File, from: u64) {
    let length = file.status().unwrap().length_bytes;
    file.write_at(&vec![0; length.saturating_sub(from) as usize], from).unwrap();
}

/// Where a log is, at home or away; `None` where there are no logs.
fn a_log(tree: &Tree) -> Option<PathBuf> {
    let mut paths = tree.files().into_iter().map(|(path, _)| path);
    let home = PathBuf::from("/disk/mdbdata/E0000002.log");
    let is_at_home = tree.find(&home).is_some();
    paths.find(|path| path.ends_with("E0000002.log") && (!is_at_home || *path == home))
}

/// Whether everything that is in a file that went is in another one, too. What was never written reads as zero.
fn nothing_is_lost(before: &Tree, now: &Tree) -> bool {
    let (before, now) = (data(before), data(now));
    let is_derived = |path: &Path| path.extension().is_some_and(|e| e == "bin" || e == "json");
    let is_in = |bytes: &[u8], other: &[u8]| {
        let kept = |(at, byte): (usize, &u8)| *byte == 0 || other.get(at) == Some(byte);
        bytes.iter().enumerate().all(kept)
    };
    let mut gone = before.iter().filter(|(path, _)| !now.contains_key(*path) && !is_derived(path));
    gone.all(|(_, bytes)| now.values().any(|other| is_in(bytes, other)))
}

/// Whether both header copies of the database are valid and equal.
fn is_whole(tree: &Tree) -> bool {
    let bytes = tree.bytes_at(Path::new(DATABASE)).unwrap();
    let area = HeaderArea::of(bytes[..8192].to_vec());
    elect(&area).is_some_and(|pair| pair.is_sound() && bytes[..4096] == bytes[4096..8192])
}

/// The files of a tree that say nothing of an operation, and what they hold in another.
fn content(tree: &Tree, of: &Tree) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = of.files().into_iter().map(|(path, _)| path).filter(|path| !is_control(path));
    files.filter_map(|path| Some((path.clone(), tree.bytes_at(&path)?.to_vec()))).collect()
}

/// Everything that holds data: the copy and the images, and moved logs.
fn data(tree: &Tree) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = tree.files().into_iter().map(|(path, _)| path);
    let kept =
        files.filter(|path| !is_control(path) || path.extension().is_some_and(|e| e == "bin"));
    kept.filter_map(|path| Some((path.clone(), tree.bytes_at(&path)?.to_vec()))).collect()
}

/// What is asked for, and what happened before.
const TRIED: [(Wish, Since); 8] = [
    (Wish::AsFound, Since::Nobody),
    (Wish::Back, Since::Nobody),
    (Wish::AcceptChanged, Since::Nobody),
    (Wish::AcceptChanged, Since::Mounted),
    (Wish::AcceptChanged, Since::HalfMounted),
    (Wish::AsFound, Since::Blanked),
    (Wish::Back, Since::Blanked),
    (Wish::AcceptChanged, Since::Cut),
];

#[derive(Default, Debug)]
struct Count {
    tried: usize,
    before: usize,
    planned: usize,
    refused: usize,
    accepted: usize,
}

struct Claims<'a> {
    start: &'a Tree,
    end: &'a Tree,
    count: Count,
}

impl Claims<'_> {
    /// Recovers what is found by a path, and compares what is said with what is so.
    fn check(&mut self, tree: &Tree, named: &Path, wish: Wish, since: Since, what: &str) {
        let sim = Sim::on(tree.clone());
        let found = find_pending(&sim, named).unwrap_or_default();
        for subject in found {
            let (done, was) = (sim.log().len(), sim.now());
            let before = data(&was);
            let found = content(&sim.now(), self.start);
            let applied = recover(context(&sim), &subject, wish, Allowed::default());
            let what = || {
                let why: Vec<_> = applied.reasons.iter().map(|reason| &reason.message).collect();
                format!("{what}, named {}: {:?} {why:?}", named.display(), applied.ending)
            };
            self.count.tried += 1;
            let now = content(&sim.now(), self.start);
            assert!(nothing_is_lost(&was, &sim.now()), "{}", what());
            match applied.ending {
                Ending::RolledBack => {
                    self.count.before += 1;
                    // Who wrote since wrote after an operation that had changed nothing.
                    let since = written(self.start, since);
                    assert!(now == content(&since, self.start), "{}", what());
                }
                Ending::Committed => {
                    self.count.planned += 1;
                    let expected = match since {
                        // A finished operation may be mounted.
                        Since::Mounted | Since::HalfMounted => found,
                        // What is said of a reset is said of its logs.
                        Since::Cut if a_log(self.start).is_none() => panic!("{}", what()),
                        _ => content(&written(self.end, since), self.start),
                    };
                    assert!(now == expected, "{}", what());
                }
                Ending::Overtaken => {
                    self.count.accepted += 1;
                    assert!(wish == Wish::AcceptChanged && is_whole(tree), "{}", what());
                    assert!(now == found && data(&sim.now()) == before, "{}", what());
                }
                Ending::Refused | Ending::Failed => {
                    self.count.refused += 1;
                    assert!(sim.log().len() == done, "{}", what());
                    assert!(data(&sim.now()) == before, "{}", what());
                    assert!(!applied.reasons.is_empty(), "{}", what());
                }
                // A log that was copied away, and is no longer what was copied, is met on its way back.
                Ending::Pending => {
                    assert!(since == Since::Blanked && a_log(self.start).is_some(), "{}", what());
                }
            }
        }
    }
}

/// Damages so many control files at once, in each state of a recording that a kill leaves. Every so many of those
/// are tried, other ones in each state, and of these every so many are to be accepted.
fn claims_hold(recording: &Recording, at_once: usize, every: usize, accepting: usize) -> Count {
    let mut at = Snapshot::durable(recording.start.clone());
    recording.log.iter().for_each(|event| at.push(event));
    let end = at.now();
    let mut claims = Claims { start: &recording.start, end: &end, count: Count::default() };
    let mut at = Snapshot::durable(recording.start.clone());
    for (n, event) in recording.log.iter().enumerate() {
        at.push(event);
        let tree = at.now();
        let paths: Vec<_> = tree.files().into_iter().map(|(path, _)| path).collect();
        let controls: Vec<_> = paths.iter().filter(|path| is_control(path)).collect();
        let mut damaged = vec![(tree.clone(), String::new(), 0)];
        for _ in 0..at_once {
            let mut more = Vec::new();
            for (tree, what, from) in &damaged {
                for (index, path) in controls.iter().enumerate().skip(*from) {
                    for kind in HARMS {
                        let name = path.file_name().unwrap().to_string_lossy();
                        let what = format!("{what} {name} {kind:?}");
                        more.push((harm(tree, path, kind), what, index + 1));
                    }
                }
            }
            damaged = more;
        }
        let folders = paths.iter().filter_map(|path| {
            let dir = path.parent()?;
            dir.file_name()?.to_str()?.starts_with("edbmend-").then(|| dir.to_owned())
        });
        let mut named: Vec<PathBuf> = folders.collect();
        named.dedup();
        named.extend(["/disk/mdbdata", "/disk/mdbdata/priv1.edb"].map(PathBuf::from));
        // Neighbours damage the same file, or the same one first; a state is tried where it has any.
        let first = match at_once {
            0 => n % every,
            _ => n * 7 % every.min(damaged.len()).max(1),
        };
        let sample = damaged.iter().skip(first).step_by(every);
        for (index, (tree, what, _)) in sample.enumerate() {
            let is_accepting = (index + n).is_multiple_of(accepting);
            let tried = if is_accepting { &TRIED[..] } else { &TRIED[..2] };
            for &(wish, since) in tried {
                let tree = written(tree, since);
                for path in &named {
                    let what =
                        format!("{} after event {n},{what}, {since:?}, {wish:?}", recording.name);
                    claims.check(&tree, path, wish, since, &what);
                }
            }
        }
    }
    println!("{}: {at_once} damaged at once: {:?}", recording.name, claims.count);
    claims.count
}

fn recordings() -> Vec<Recording> {
    let repair = |damage, scope, name| HeaderCase::new(damage, scope).repair(name);
    vec![
        repair(Damage::BothSound, BackupScope::Full, "repair"),
        repair(Damage::ShadowBad, BackupScope::Header, "repair of a bad shadow"),
        HeaderCase::new(Damage::PrimaryBad, BackupScope::Header).restore("restore"),
        ResetCase::new(false).reset("reset"),
        ResetCase::new(true).reset("reset to another volume"),
        ResetCase::new(true).restore("its undo"),
    ]
}

/// Of each recording, every so many of the damages of one file.
fn one_file_is_damaged(every: usize, accepting: usize) {
    for recording in recordings() {
        let count = claims_hold(&recording, 1, every, accepting);
        let is_reset = recording.name.contains("reset") || recording.name.contains("its undo");
        assert!(count.accepted > 0 || is_reset, "{count:?}");
        assert!(count.before > 0 && count.planned > 0 && count.refused > 0, "{count:?}");
    }
}

#[test]
fn what_recover_says_is_so_where_all_control_files_are_whole() {
    for recording in recordings() {
        let count = claims_hold(&recording, 0, 3, 1);
        assert!(count.before > 0 && count.planned > 0 && count.refused > 0, "{count:?}");
    }
}

#[test]
fn what_recover_says_is_so_with_one_damaged_control_file() {
    one_file_is_damaged(19, 2);
}

#[test]
fn what_recover_says_is_so_with_some_pairs_of_damaged_files() {
    recordings().iter().for_each(|recording| {
        claims_hold(recording, 2, 1499, 8);
    });
}

#[test]
#[ignore = "slow: half a minute; fewer damages are tried always"]
fn what_recover_says_is_so_with_more_damaged_files() {
    one_file_is_damaged(7, 2);
    recordings().iter().for_each(|recording| {
        claims_hold(recording, 2, 397, 2);
    });
}

mod whole {
    use super::*;

    #[test]
    #[ignore = "slow: a minute; some files are damaged always"]
    fn with_every_file_in_every_way() {
        one_file_is_damaged(1, 5);
    }

    fn every_pair(name: &str) {
        let recordings = recordings();
        let recording = recordings.iter().find(|recording| recording.name == name).unwrap();
        claims_hold(recording, 2, 1, 50);
    }

    macro_rules! every_pair_of_damaged_files {
        ($($test:ident: $name:literal),*) => {$(
            #[test]
            #[ignore = "slow: minutes; some pairs are tried always"]
            fn $test() {
                every_pair($name);
            }
        )*};
    }

    every_pair_of_damaged_files! {
        with_every_pair_of_a_repair: "repair",
        with_every_pair_of_a_repair_of_a_bad_shadow: "repair of a bad shadow",
        with_every_pair_of_a_restore: "restore",
        with_every_pair_of_a_reset: "reset",
        with_every_pair_of_a_reset_to_another_volume: "reset to another volume",
        with_every_pair_of_the_undo_of_a_reset: "its undo"
    }
}
