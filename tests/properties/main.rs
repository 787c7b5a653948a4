//! The entry points of the fuzz targets, as properties: nothing panics on any bytes.

#[path = "../../fuzz/entries.rs"]
mod entries;
#[allow(dead_code)] // only the storage in memory is used
#[path = "../crash/model/mod.rs"]
mod model;

use edbmend::ese::shadow::Which;
use edbmend::practice::{Recipe, corrupt_copy, storage_group};
use proptest::prelude::*;

/// A practice file of that kind with some bytes changed.
fn mutated(ending: &'static str, length: usize) -> impl Strategy<Value = Vec<u8>> {
    let files = storage_group(&Recipe::of_samples());
    let of_kind = files.into_iter().filter(move |file| file.name.ends_with(ending));
    patched(of_kind.map(|file| file.bytes[..length.min(file.bytes.len())].to_vec()).collect())
}

/// One of these with some bytes changed, and perhaps cut off.
fn patched(starts: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let patches = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20);
    (prop::sample::select(starts), patches, any::<bool>()).prop_map(|(mut bytes, patches, cut)| {
        for (at, value) in patches {
            let at = at.index(bytes.len());
            bytes[at] = value;
            if cut && at % 7 == 0 {
                bytes.truncate(at.max(1));
            }
        }
        bytes
    })
}

/// Journals of the repair that the entry points know; their digest of the plan is filled in there.
fn journals() -> Vec<Vec<u8>> {
    let of_state = |state: &str| {
        format!(
            r#"{{"schema":"edbmend-journal/1","operation":"edbmend-fuzz-repair-0000","state":"{state}","plan_sha256":""}}"#
        )
    };
    ["prepared", "committed", "rolled-back"].map(|state| of_state(state).into_bytes()).into()
}

fn any_bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..most)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn header_election(bytes in prop_oneof![mutated(".edb", 16384), any_bytes(9000)]) {
        entries::header_election(&bytes);
    }

    #[test]
    fn log_header(bytes in prop_oneof![mutated(".log", 8192), any_bytes(5000)]) {
        entries::log_header(&bytes);
    }

    #[test]
    fn checkpoint(bytes in prop_oneof![mutated(".chk", 8192), any_bytes(9000)]) {
        entries::checkpoint(&bytes);
    }

    #[test]
    fn attach_list(bytes in any_bytes(2100)) {
        entries::attach_list(&bytes);
    }

    #[test]
    fn operation_folder(choice: u8, bytes in any_bytes(400)) {
        entries::operation_folder(&[&[choice][..], &bytes].concat());
    }

    #[test]
    fn journal(choice: u8, bytes in prop_oneof![patched(journals()), any_bytes(400)]) {
        entries::journal(&[&[choice][..], &bytes].concat());
    }

    #[test]
    fn plan(choice: u8, bytes in prop_oneof![patched(vec![entries::stored_plan().to_vec()]), any_bytes(400)]) {
        entries::plan(&[&[choice][..], &bytes].concat());
    }

    #[test]
    fn whole_database(bytes in any_bytes(100)) {
        entries::whole_database(&bytes);
    }
}

#[test]
fn a_database_with_one_bad_copy_is_a_good_seed() {
    for file in storage_group(&Recipe::of_samples()) {
        if file.name.ends_with(".edb") {
            let mut bytes = file.bytes;
            corrupt_copy(&mut bytes, Which::Primary);
            entries::header_election(&bytes);
        }
    }
}

#[test]
fn a_whole_journal_and_a_whole_plan_are_good_seeds() {
    for choice in 0..32 {
        for journal in journals() {
            entries::journal(&[&[choice][..], &journal].concat());
        }
        entries::plan(&[&[choice][..], entries::stored_plan()].concat());
    }
}
