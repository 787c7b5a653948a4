//! Sets of real engines with one file changed: what must at least be said, by the kind of the file, by what was done
//! to it, and by what the group needs of it. The table was written by hand, from what the engine itself did with such
//! sets. On each of them the laws hold, too.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use edbmend::ese::{RawCheckpoint, RawLogHeader, checksum};
use edbmend::practice::edit_header;
use zerocopy::FromBytes;

use super::laws;
use crate::harness::files::unpack;
use crate::harness::ran::check_folder;
use crate::harness::sets::{dword, page_size_of};
use crate::harness::{Ran, files, needs};

/// Which file, and what the group needs of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// The first closed log, which no mount reads.
    First,
    /// A later closed log that no mount reads.
    Unread,
    /// A closed log that recovery requires.
    Required,
    /// A closed log that holds what was committed, and that recovery can do without.
    Committed,
    /// A closed log of a clean group that a mount reads.
    Replayed,
    /// The current log.
    Current,
    /// The current log, which recovery requires.
    CurrentRequired,
    Database,
    Checkpoint,
    /// The attach list of the current log.
    List,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Gone,
    Empty,
    Zeroed,
    Foreign,
    Older,
    Newer,
    Swapped,
}

use Change::*;
use Part::*;

/// What must be said.
struct Expected {
    /// Of each of these lists one id.
    says: &'static [&'static [&'static str]],
    /// The answers of the next mount of which it must be one; 0 stands for a success.
    mount: &'static [i64],
    /// The exit codes of which it must be one; none where it is that of the set before.
    exit_codes: &'static [i32],
}

const fn says(says: &'static [&'static [&'static str]], mount: &'static [i64]) -> Expected {
    Expected { says, mount, exit_codes: &[1] }
}

/// Nothing is wrong, or it is a warning.
const fn no_error(what: &'static [&'static [&'static str]]) -> Expected {
    Expected { says: what, mount: &[0], exit_codes: &[] }
}

/// Nothing can be said of a database that is not looked at.
const fn unknown(what: &'static [&'static [&'static str]]) -> Expected {
    Expected { says: what, mount: &[0], exit_codes: &[4] }
}

const HEADER: &[&str] = &["log-header-damaged"];
const SIGNATURE: &[&str] = &["log-signature-mismatch"];
const NAME: &[&str] = &["log-name-mismatch"];
const REQUIRED: &[&str] = &["required-log-missing", "required-log-damaged"];
const LOST: &[&str] = &["header-unreadable"];

fn expected(part: Part, change: Change, set: &Set) -> Expected {
    let starts_without_current = set.has_temporary();
    match (part, change, set.is_clean()) {
        (First, Gone, _) => no_error(&[]),
        (Unread, Gone, _) => says(&[&["log-gap"]], &[0]),
        (First | Unread, Empty | Zeroed, _) => says(&[HEADER], &[0]),
        (First | Unread, Foreign, _) => says(&[SIGNATURE], &[0]),
        (First | Unread, Older | Newer | Swapped, _) => says(&[NAME], &[0]),

        (Required, Gone, _) => says(&[&["required-log-missing"]], &[-515, -528, -543]),
        (Required, Empty, _) => says(&[HEADER, REQUIRED], &[-541]),
        (Required, Zeroed, _) => says(&[HEADER, REQUIRED], &[-501]),
        (Required, Foreign, _) => says(&[SIGNATURE, REQUIRED], &[-530]),
        (Required, _, _) => says(&[NAME, REQUIRED], &[-515, -528, -543]),

        (Committed, Gone, _) => says(&[&["required-log-missing", "log-gap"]], &[-582]),
        (Committed, Empty, _) => says(&[HEADER], &[-541]),
        (Committed, Zeroed, _) => says(&[HEADER], &[-501]),
        (Committed, Foreign, _) => says(&[SIGNATURE], &[-530]),
        (Committed, _, _) => says(&[NAME], &[-582, -515, -528]),

        (Replayed, Gone, _) => says(&[&["log-gap", "checkpoint-mismatch"]], &[-515, -528]),
        (Replayed, Empty, _) => says(&[HEADER], &[-541]),
        (Replayed, Zeroed, _) => says(&[HEADER], &[-501]),
        (Replayed, Foreign, _) => says(&[SIGNATURE], &[-530]),
        (Replayed, _, _) => says(&[NAME], &[-515, -528]),

        (Current, Gone, true) => {
            says(&[&["closed-logs-only", "checkpoint-mismatch"]], &[-528, -1216])
        }
        (Current, Gone, false) if starts_without_current => no_error(&[]),
        (Current, Gone, false) => says(&[&["closed-logs-only"]], &[-528]),
        (Current, Empty, _) => says(&[HEADER], &[-541]),
        (Current, Zeroed, _) => says(&[HEADER], &[-501]),
        (Current, Foreign, _) => says(&[SIGNATURE], &[-530]),
        (Current, _, true) => Expected {
            says: &[NAME, &["name-taken"]],
            mount: &[-515, -528, -1216],
            // The older log may name a database that no longer is that one.
            exit_codes: &[1, 4],
        },
        (Current, _, false) => says(&[NAME, &["name-taken"]], &[0, -515]),
        (CurrentRequired, Gone, _) => says(&[&["required-log-missing"]], &[-528, -543, -582]),
        (CurrentRequired, Empty, _) => says(&[HEADER, REQUIRED], &[-541]),
        (CurrentRequired, Zeroed, _) => says(&[HEADER, REQUIRED], &[-501]),
        (CurrentRequired, Foreign, _) => says(&[SIGNATURE, REQUIRED], &[-530]),
        (CurrentRequired, _, _) => says(&[NAME, &["name-taken"], REQUIRED], &[-515, -528, -543]),

        (Database, Gone, true) => unknown(&[&["database-missing"]]),
        (Database, Foreign, true) => unknown(&[&["database-replaced"]]),
        (Database, Empty | Zeroed, true) => says(&[LOST], &[-1206]),
        (Database, Older, true) => no_error(&[&["database-older-than-logs"]]),
        (Database, Newer, true) => says(&[&["database-newer-than-logs"]], &[0]),
        (Database, Swapped, true) => no_error(&[&["database-replaced"]]),
        // The logs may reach back to its creation: then it is made anew.
        (Database, Gone, false) => {
            Expected { says: &[&["database-missing"]], mount: &[-1216, 0], exit_codes: &[1, 4] }
        }
        (Database, Foreign | Swapped, false) => says(&[&["database-replaced"]], &[-1216]),
        (Database, Empty | Zeroed, false) => says(&[LOST], &[-1018, 0]),
        (Database, Older, false) => {
            says(&[&["database-older-than-logs", "database-replaced"]], &[-551, -1216])
        }
        (Database, Newer, false) => says(&[&["database-replaced"], REQUIRED], &[-1216, -543]),

        (Checkpoint, Gone, _) => no_error(&[]),
        (Checkpoint, Empty | Zeroed, _) => says(&[&["checkpoint-damaged"]], &[0]),
        // Without the current log nothing but the checkpoint says which stream it is.
        (Checkpoint, Foreign, false) if starts_without_current && set.current.is_none() => {
            says(&[&["checkpoint-mismatch"]], &[-530])
        }
        (Checkpoint, Foreign, _) => no_error(&[&["checkpoint-mismatch"]]),
        (Checkpoint, Older, _) => no_error(&[]),
        (Checkpoint, Newer, true) => says(&[&["checkpoint-mismatch"]], &[-528]),
        (Checkpoint, Newer, false) => says(&[&["checkpoint-mismatch"]], &[-528]),
        (Checkpoint, Swapped, _) => says(&[&["checkpoint-damaged"]], &[0]),

        (List, Foreign, true) => unknown(&[&["database-replaced", "database-missing"]]),
        (List, Foreign, false) => Expected {
            says: &[&["database-replaced", "database-missing"]],
            mount: &[0, -1216],
            exit_codes: &[1, 4],
        },
        (List, Zeroed, true) => says(&[HEADER], &[0]),
        (List, _, _) => no_error(&[]),
    }
}

/// A set, with what its own files say of it.
struct Set {
    name: String,
    files: BTreeMap<String, Vec<u8>>,
    archives: BTreeMap<u32, String>,
    current: Option<String>,
    checkpoint: Option<String>,
    databases: Vec<String>,
}

impl Set {
    fn of(name: &str) -> Self {
        let dir = unpack(name);
        let entries = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
        let files = entries.filter(|path| path.is_file()).map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read(path).unwrap())
        });
        Self::with(name, files.collect())
    }

    fn with(name: &str, files: BTreeMap<String, Vec<u8>>) -> Self {
        let mut set = Self {
            name: name.to_owned(),
            archives: BTreeMap::new(),
            current: None,
            checkpoint: None,
            databases: Vec::new(),
            files: BTreeMap::new(),
        };
        for (name, bytes) in &files {
            let stem = name.split('.').next().unwrap_or_default();
            match name.rsplit('.').next() {
                Some("log" | "jtx") if stem.len() == 3 => set.current = Some(name.clone()),
                Some("log" | "jtx") => {
                    let generation =
                        stem.get(3..).and_then(|digits| u32::from_str_radix(digits, 16).ok());
                    set.archives.extend(generation.map(|generation| (generation, name.clone())));
                }
                Some("chk" | "jcp") => set.checkpoint = Some(name.clone()),
                _ if is_database(bytes) => set.databases.push(name.clone()),
                _ => {}
            }
        }
        Self { files, ..set }
    }

    fn bytes(&self, name: &str) -> &[u8] {
        &self.files[name]
    }

    /// The 28 bytes of the signature of its newest log.
    fn log_signature(&self) -> &[u8] {
        let newest = self.current.as_ref().or(self.archives.values().next_back());
        &self.bytes(newest.expect("a log"))[44..72]
    }

    fn headers(&self) -> impl Iterator<Item = &[u8]> {
        self.databases.iter().map(|name| self.bytes(name))
    }

    fn is_clean(&self) -> bool {
        self.headers().all(|header| dword(header, 52) == 3)
    }

    /// Whether each database is of a log stream, which it is not after `eseutil /p` or `/d`.
    fn is_signed(&self) -> bool {
        self.headers().all(|header| dword(header, 108) != 0)
    }

    /// Whether the engine left a log that it had prepared.
    fn has_temporary(&self) -> bool {
        let is_temporary =
            |name: &String| name.split('.').next().is_some_and(|stem| stem.ends_with("tmp"));
        self.files.keys().any(is_temporary)
    }

    fn current_generation(&self) -> Option<u32> {
        self.current.as_ref().map(|name| dword(self.bytes(name), 4))
    }

    fn checkpoint_generation(&self) -> Option<u32> {
        self.checkpoint.as_ref().map(|name| dword(self.bytes(name), 16))
    }

    /// The highest of a field of the dirty databases.
    fn needed(&self, offset: usize) -> u32 {
        let dirty = self.headers().filter(|header| dword(header, 52) != 3);
        dirty.map(|header| dword(header, offset)).max().unwrap_or_default()
    }

    fn part_of(&self, generation: u32) -> Part {
        let is_current = self.current_generation() == Some(generation);
        let (required, committed) = (self.needed(300), self.needed(416));
        let read_from = self.checkpoint_generation().unwrap_or_default();
        if is_current {
            return if generation <= required { CurrentRequired } else { Current };
        }
        match generation {
            _ if generation < read_from && self.archives.keys().next() == Some(&generation) => {
                First
            }
            _ if generation < read_from => Unread,
            _ if generation <= required => Required,
            _ if generation <= committed => Committed,
            _ => Replayed,
        }
    }

    /// Of each part of the logs the first and the last.
    fn logs(&self) -> Vec<(Part, u32, String)> {
        let all = self.archives.iter().map(|(generation, name)| (*generation, name));
        let current = self.current_generation().zip(self.current.as_ref());
        let all: Vec<(Part, u32, String)> =
            all.chain(current).map(|(g, name)| (self.part_of(g), g, name.clone())).collect();
        let is_edge = |part: Part, generation: u32| {
            let same = all.iter().filter(|(other, ..)| *other == part).map(|(_, g, _)| *g);
            [same.clone().min(), same.max()].contains(&Some(generation))
        };
        all.iter().filter(|(part, g, _)| is_edge(*part, *g)).cloned().collect()
    }

    /// Its current log as one of another generation, with the sizes and the version of a log of another stream.
    fn log_like(&self, other: &[u8], generation: u32) -> Vec<u8> {
        let mut bytes = self.bytes(self.current.as_ref().unwrap()).to_vec();
        bytes.resize(other.len(), 0);
        let (raw, _) = RawLogHeader::mut_from_prefix(&mut bytes).unwrap();
        let (like, _) = RawLogHeader::ref_from_prefix(other).unwrap();
        raw.generation = generation.cast_signed().into();
        (raw.sector_bytes, raw.header_sectors) = (like.sector_bytes, like.header_sectors);
        raw.file_sectors = like.file_sectors;
        (raw.version_major, raw.version_minor) = (like.version_major, like.version_minor);
        (raw.version_update_major, raw.version_update_minor) =
            (like.version_update_major, like.version_update_minor);
        sealed(bytes, 4096)
    }

    fn log_of(&self, generation: u32) -> Option<&str> {
        let current = self.current.as_deref();
        let current = current.filter(|_| self.current_generation() == Some(generation));
        self.archives.get(&generation).map(String::as_str).or(current)
    }

    /// Every change of one file that can be made here: the part that suffers, the file, what is put in the place of
    /// which file; `None` where it is gone.
    fn mutations(&self, foreign: &Set) -> Vec<Mutation> {
        let mut all = Vec::new();
        for (part, generation, name) in self.logs() {
            let own = self.bytes(&name);
            let mut add = |part, change, files| all.push(Mutation { part, change, files });
            add(part, Gone, vec![(name.clone(), None)]);
            add(part, Empty, vec![(name.clone(), Some(Vec::new()))]);
            add(part, Zeroed, vec![(name.clone(), Some(vec![0; own.len()]))]);
            add(part, Foreign, vec![(name.clone(), Some(foreign.log_like(own, generation)))]);
            let neighbour = |generation| self.log_of(generation).filter(|other| *other != name);
            let taken = |name: &str| Some(self.bytes(name).to_vec());
            if let Some(before) = generation.checked_sub(1).and_then(neighbour) {
                add(part, Older, vec![(name.clone(), taken(before))]);
            }
            if let Some(behind) = neighbour(generation + 1) {
                add(part, Newer, vec![(name.clone(), taken(behind))]);
                let suffers = part.max(self.part_of(generation + 1));
                add(
                    suffers,
                    Swapped,
                    vec![(name.clone(), taken(behind)), (behind.to_owned(), taken(&name))],
                );
            }
        }
        for name in &self.databases {
            all.extend(self.of_database(name, foreign));
        }
        all.extend(self.of_checkpoint(foreign));
        all.extend(self.of_list());
        all
    }

    fn of_database(&self, name: &str, foreign: &Set) -> Vec<Mutation> {
        let own = self.bytes(name);
        let last = self.archives.keys().copied().chain(self.current_generation()).max().unwrap();
        let edited = |edit: &dyn Fn(&mut edbmend::ese::RawDbHeader)| {
            let mut bytes = own.to_vec();
            edit_header(&mut bytes, edit);
            Some(bytes)
        };
        let is_clean = dword(own, 52) == 3;
        let older = edited(&|raw| {
            // Since its creation it may never have been consistent.
            if raw.last_consistent_pos.generation.get() == 0 {
                return;
            }
            raw.last_consistent_pos.generation = 1.into();
            raw.last_consistent_pos.sector = 1.into();
            if is_clean {
                raw.last_detach_pos = raw.last_consistent_pos;
            }
        });
        let newer = edited(&|raw| {
            let generation = (last + 3).cast_signed();
            raw.last_consistent_pos.generation = generation.into();
            if is_clean {
                raw.last_detach_pos.generation = generation.into();
            } else {
                raw.gen_max_required = generation.into();
                raw.gen_max_committed = generation.into();
            }
        });
        let changes = [
            (Gone, None),
            (Empty, Some(Vec::new())),
            (Zeroed, Some(vec![0; own.len()])),
            (Foreign, Some(foreign.bytes(&foreign.databases[0]).to_vec())),
            (Older, older),
            (Newer, newer),
        ];
        let is_changed = |(_, bytes): &(Change, Option<Vec<u8>>)| bytes.as_deref() != Some(own);
        let one = |(change, bytes)| Mutation {
            part: Database,
            change,
            files: vec![(name.to_owned(), bytes)],
        };
        let mut all: Vec<Mutation> = changes.into_iter().filter(is_changed).map(one).collect();
        for other in self.databases.iter().filter(|other| other.as_str() > name) {
            let files = vec![
                (name.to_owned(), Some(self.bytes(other).to_vec())),
                (other.clone(), Some(own.to_vec())),
            ];
            all.push(Mutation { part: Database, change: Swapped, files });
        }
        all
    }

    fn of_checkpoint(&self, foreign: &Set) -> Vec<Mutation> {
        let Some(name) = &self.checkpoint else { return Vec::new() };
        let own = self.bytes(name);
        let first = self.archives.keys().copied().chain(self.current_generation()).min().unwrap();
        let last = self.archives.keys().copied().chain(self.current_generation()).max().unwrap();
        let Some(valid) = own.chunks_exact(4096).find(|copy| checksum::is_valid(copy)) else {
            return Vec::new();
        };
        let (log, _) =
            RawLogHeader::ref_from_prefix(self.bytes(self.log_of(first).unwrap())).unwrap();
        let behind_the_header = log.header_sectors;
        // As it was when that log began; behind the last one, as it is.
        let at = |generation| {
            let mut bytes = own.to_vec();
            for copy in bytes.chunks_exact_mut(4096).take(2) {
                copy.copy_from_slice(valid);
                copy[12..14].copy_from_slice(&0_u16.to_le_bytes());
                copy[14..16].copy_from_slice(&behind_the_header.get().to_le_bytes());
                put(copy, 16, generation);
                let log = self.log_of(generation).map(|name| self.bytes(name));
                if let Some(log) = log.filter(|log| log.len() >= 4096) {
                    let (raw, _) = RawCheckpoint::mut_from_prefix(copy).unwrap();
                    let (log, _) = RawLogHeader::ref_from_prefix(log).unwrap();
                    raw.attach_list = log.attach_list;
                }
                checksum::seal(copy);
            }
            Some(bytes)
        };
        let changes = [
            (Gone, None),
            (Empty, Some(Vec::new())),
            (Zeroed, Some(vec![0; own.len()])),
            (Foreign, Some(foreign.bytes(foreign.checkpoint.as_ref().unwrap()).to_vec())),
            (Older, at(first)),
            (Newer, at(last + 2)),
        ];
        let one = |(change, bytes)| Mutation {
            part: Checkpoint,
            change,
            files: vec![(name.clone(), bytes)],
        };
        changes.into_iter().map(one).collect()
    }

    fn of_list(&self) -> Vec<Mutation> {
        let Some(name) = &self.current else { return Vec::new() };
        let own = self.bytes(name);
        let header = RawLogHeader::ref_from_prefix(own).ok();
        if header.is_none_or(|(header, _)| header.attach_list[0] == 0) {
            return Vec::new();
        }
        let with = |edit: &dyn Fn(&mut [u8])| {
            let mut bytes = own.to_vec();
            edit(&mut RawLogHeader::mut_from_prefix(&mut bytes).unwrap().0.attach_list);
            Some(sealed(bytes, 4096))
        };
        let signatures: Vec<Vec<u8>> =
            self.headers().map(|header| header[24..52].to_vec()).collect();
        let foreign = with(&|list| {
            for signature in &signatures {
                let at = list.windows(28).position(|part| part == signature.as_slice());
                at.into_iter().for_each(|at| list[at..at + 4].copy_from_slice(&[1, 2, 3, 4]));
            }
        });
        let changes = [
            (Gone, with(&|list| list.fill(0))),
            (Zeroed, with(&|list| list[..64].fill(0xff))),
            (Foreign, foreign),
        ];
        let one =
            |(change, bytes)| Mutation { part: List, change, files: vec![(name.clone(), bytes)] };
        changes.into_iter().map(one).collect()
    }

    fn write(&self, dir: &Path, mutation: Option<&Mutation>) {
        for (name, bytes) in &self.files {
            fs::write(dir.join(name), bytes).unwrap();
        }
        for (name, bytes) in mutation.iter().flat_map(|mutation| &mutation.files) {
            match bytes {
                Some(bytes) => fs::write(dir.join(name), bytes).unwrap(),
                None => fs::remove_file(dir.join(name)).unwrap(),
            }
        }
    }

    /// A run of `check` on it, with a change or without.
    fn checked(&self, mutation: Option<&Mutation>) -> (tempfile::TempDir, Ran) {
        let dir = tempfile::tempdir().unwrap();
        self.write(dir.path(), mutation);
        let ran = check_folder(dir.path());
        (dir, ran)
    }
}

struct Mutation {
    part: Part,
    change: Change,
    files: Vec<(String, Option<Vec<u8>>)>,
}

fn put(bytes: &mut [u8], offset: usize, value: u32) {
    bytes[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
}

fn sealed(mut bytes: Vec<u8>, length: usize) -> Vec<u8> {
    checksum::seal(&mut bytes[..length]);
    bytes
}

/// One that is attached; a file of the same format that is none has another type.
fn is_database(bytes: &[u8]) -> bool {
    let is_ese = bytes.len() >= 4096 && dword(bytes, 4) == 0x89ab_cdef && dword(bytes, 8) == 0x620;
    is_ese
        && dword(bytes, 12) == 0
        && [0, 1].contains(&dword(bytes, 667))
        && bytes.len() >= 2 * page_size_of(bytes)
}

/// A set that was killed in recovery: its header is clean already, and its logs leave it attached.
const CLEAN_AND_ATTACHED: &str = "trials/random/016/files";

/// Runs every change of the sets; returns how many there were of each kind.
fn run_all(sets: &[Set], foreign: &[Set]) -> BTreeMap<(Part, Change), usize> {
    let mut wrong = Vec::new();
    let mut counted = BTreeMap::new();
    for set in sets {
        let (_dir, before) = set.checked(None);
        // Of what is damaged in more than one way only the laws hold.
        let is_of_table = before.next("mount").0 == "succeeds"
            && is_whole(&before)
            && set.is_signed()
            && !set.archives.is_empty()
            && set.name != CLEAN_AND_ATTACHED;
        let is_foreign = |other: &&Set| other.log_signature() != set.log_signature();
        let foreign = foreign.iter().find(is_foreign).expect("a set of another log stream");
        for mutation in set.mutations(foreign) {
            let context = format!(
                "{} {:?} {:?} {}",
                set.name, mutation.part, mutation.change, mutation.files[0].0
            );
            let (dir, ran) = set.checked(Some(&mutation));
            wrong.extend(laws::broken(&context, dir.path(), &ran));
            *counted.entry((mutation.part, mutation.change)).or_default() += 1;
            if is_of_table {
                let expected = expected(mutation.part, mutation.change, set);
                wrong.extend(
                    differs(&before, &ran, &expected).map(|what| format!("{context}: {what}")),
                );
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} wrong:\n{}",
        wrong.len(),
        counted.values().sum::<usize>(),
        wrong.join("\n")
    );
    counted
}

/// Whether nothing is wrong with a set but that its databases are dirty, or their backup fields damaged.
fn is_whole(before: &Ran) -> bool {
    const OF_NO_MOUNT: [&str; 6] = [
        "dirty-shutdown",
        "full-backup-gen-invalid",
        "incremental-backup-gen-invalid",
        "next-incremental-fails",
        "next-full-truncates",
        "backup-in-progress",
    ];
    let of_mount = |id: &String| !OF_NO_MOUNT.contains(&id.as_str());
    before.exit_code() < 4 && !laws::errors(before.json()).iter().any(of_mount)
}

fn differs(before: &Ran, ran: &Ran, expected: &Expected) -> Option<String> {
    let said = laws::all_ids(ran.json());
    let silent: Vec<_> =
        expected.says.iter().filter(|any| !any.iter().any(|id| said.contains(*id))).collect();
    let (outcome, error, _) = ran.next("mount");
    let answer = if outcome == "succeeds" { 0 } else { error.unwrap_or(1) };
    let before = [before.exit_code()];
    let exit_codes = if expected.exit_codes.is_empty() { &before } else { expected.exit_codes };
    let is_right = silent.is_empty()
        && expected.mount.contains(&answer)
        && exit_codes.contains(&ran.exit_code());
    (!is_right).then(|| {
        format!(
            "exit {} of {exit_codes:?}, next mount {outcome} {answer} of {:?}, said {said:?}, not {silent:?}",
            ran.exit_code(),
            expected.mount
        )
    })
}

#[test]
fn each_file_of_some_engine_made_sets() {
    let sets = [
        "engine/stage4_multi_p4096",
        "engine/stage4_p4096/s4_2b_cleared_after_full_inc",
        "engine/killed_p16384",
    ];
    let foreign = ["engine/stage4_p4096/s4_1_bug_state", "engine/stage4_multi_p4096"].map(Set::of);
    let counted = run_all(&sets.map(Set::of), &foreign);
    assert!(counted.values().sum::<usize>() > 100, "{counted:?}");
}

mod whole {
    use super::*;

    #[test]
    #[ignore = "slow: some minutes, and needs the real files"]
    fn each_file_of_all_sets() {
        needs::real_files();
        let all = ["engine", "crash", "real", "trials"].map(sets_below);
        let all: Vec<Set> = all.into_iter().flatten().collect();
        assert!(all.len() > 60, "{}", all.len());
        let counted = run_all(&all, &[Set::of("trials/two_databases/mF")]);
        for ((part, change), count) in &counted {
            println!("| {part:?} | {change:?} | {count} |");
        }
        println!("{} sets, {} changes", all.len(), counted.values().sum::<usize>());
    }
}

/// Every folder below with logs and a database.
fn sets_below(part: &str) -> Vec<Set> {
    let mut found = Vec::new();
    let mut folders = vec![part.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(files::shared_folder().join("data").join(&folder)).unwrap();
        let entries: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        let below = entries.iter().filter(|path| path.is_dir());
        folders.extend(
            below.map(|path| format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap())),
        );
        if entries.iter().any(|path| path.extension().is_some_and(|end| end == "gz")) {
            found.push(Set::of(&folder));
        }
    }
    let is_group = |set: &Set| {
        let has_logs = !set.archives.is_empty() || set.current.is_some();
        has_logs && !set.databases.is_empty() && set.name != "trials/two_databases/mF"
    };
    found.retain(is_group);
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}
