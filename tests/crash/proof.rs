//! Whatever a crash leaves, nothing is lost: every state that a power loss or a kill can leave of
//! every operation, and of every recovery from it. The model and its assumptions: `docs/proof.md`.
//!
//! The short form runs with the other tests. The whole of it, which prints the table there:
//! `scripts/proof`

use edbmend::apply::Ending;
use edbmend::plan::BackupScope;

use crate::harness::memory::keep_freed;
use crate::model::choices::Sample;
use crate::model::explore::{Depth, Face, Judge, Recording, Row, explore};
use crate::model::header::{Damage, HeaderCase};
use crate::model::reset::ResetCase;
use crate::model::table::print_row;

const SHORT: Depth = Depth {
    operation: Sample { all_up_to: 32, states: 8 },
    recovery: Sample { all_up_to: 8, states: 1 },
    kills: 1,
    back: false,
    alike: 1,
};

const LONGER: Depth = Depth {
    operation: Sample { all_up_to: 256, states: 24 },
    recovery: Sample { all_up_to: 16, states: 2 },
    ..SHORT
};

const WHOLE: Depth = Depth {
    operation: Sample { all_up_to: 1 << 16, states: 1024 },
    recovery: Sample { all_up_to: 1 << 16, states: 32 },
    kills: 1,
    back: true,
    alike: 1,
};

/// Copies and originals of all logs are there at once: what is kept of each is tried all the same, but
/// fewer ways in which a recovery may be cut off.
const WHOLE_OF_COPIES: Depth =
    Depth { recovery: Sample { all_up_to: 1 << 10, states: 4 }, ..WHOLE };

fn prove(recording: &Recording, judge: &dyn Judge, depth: Depth) -> Row {
    keep_freed();
    let row = explore(recording, judge, depth);
    print_row(&row);
    row.examples.iter().for_each(|example| println!("    {example}"));
    row
}

fn repair_and_restore(damage: Damage, depth: Depth) -> Vec<Row> {
    let case = HeaderCase::new(damage, BackupScope::Header);
    let recordings = [
        case.repair(&format!("repair, {damage:?}")),
        case.restore(&format!("restore, {damage:?}")),
    ];
    recordings.iter().map(|recording| prove(recording, &case, depth)).collect()
}

fn repairs_that_go_wrong(depth: Depth) -> Vec<Row> {
    let case = HeaderCase::new(Damage::BothSound, BackupScope::Full);
    let mut recordings =
        vec![case.repair("repair, full backup"), case.repair_given_up("repair, Ctrl-C")];
    for (call, n, end) in [
        ("write", 2, Ending::RolledBack),
        ("sync", 1, Ending::Pending),
        ("sync", 2, Ending::Pending),
    ] {
        recordings.push(case.repair_failing(&format!("repair, {call} {n} fails"), call, n, end));
    }
    recordings.iter().map(|recording| prove(recording, &case, depth)).collect()
}

fn resets(how: &str, depth: Depth) -> Vec<Row> {
    let case = ResetCase::new(how == "copy");
    let recordings = [
        case.reset(&format!("reset-logs by {how}")),
        case.restore(&format!("restore of a reset by {how}")),
        case.reset_given_up(&format!("reset-logs by {how}, Ctrl-C")),
        case.reset_rolled_back(&format!("reset-logs by {how}, last move fails")),
        case.reset_unsynced(&format!("reset-logs by {how}, folder sync fails")),
    ];
    recordings.iter().map(|recording| prove(recording, &case, depth)).collect()
}

/// Both copies are destroyed before: the engine finds no header either way until both writes are done. What counts
/// is that each state is the one of before, the planned one, or pending, and that nothing is lost.
fn rebuild_and_restore(depth: Depth) {
    let case = HeaderCase::new(Damage::BothDestroyed, BackupScope::Full);
    for recording in [case.repair("rebuild-header"), case.restore("restore of a rebuild")] {
        let row = prove(&recording, &case, depth);
        assert_eq!(row.lost, 0, "{:?}", row.examples);
        assert_eq!(row.pending, row.recovered, "{}", row.name);
        assert!(row.count(Face::Old) > 0 && row.count(Face::New) > 0, "{}", row.name);
    }
}

fn assert_proven(rows: &[Row]) {
    for row in rows {
        assert_eq!((row.count(Face::Dead), row.lost), (0, 0), "{}: {:?}", row.name, row.examples);
        assert_eq!(row.pending, row.recovered, "{}", row.name);
    }
}

fn header_operations(depth: Depth) {
    assert_proven(&repair_and_restore(Damage::BothSound, depth));
    assert_proven(&repairs_that_go_wrong(depth));
}

#[test]
fn header_operations_in_short() {
    header_operations(SHORT);
}

#[test]
#[ignore = "slow: half a minute; fewer states are tried always"]
fn header_operations_at_greater_length() {
    header_operations(LONGER);
}

#[test]
fn rebuilt_headers_in_short() {
    rebuild_and_restore(SHORT);
}

#[test]
#[ignore = "slow: seconds; fewer states are tried always"]
fn rebuilt_headers_at_greater_length() {
    rebuild_and_restore(LONGER);
}

fn log_resets(depth: Depth) {
    assert_proven(&resets("rename", depth));
    let case = ResetCase::new(true);
    let depth = Depth { kills: 0, alike: 0, ..depth };
    assert_proven(&[
        prove(&case.reset("reset-logs by copy"), &case, depth),
        prove(&case.restore("restore of a reset by copy"), &case, depth),
    ]);
}

#[test]
fn log_resets_in_short() {
    log_resets(SHORT);
}

#[test]
#[ignore = "slow: seconds; fewer states are tried always"]
fn log_resets_at_greater_length() {
    log_resets(LONGER);
}

/// The whole of it, in parts that run side by side.
mod whole {
    use super::*;

    #[test]
    #[ignore = "slow: minutes; the short form runs always"]
    fn log_resets_by_rename() {
        assert_proven(&resets("rename", WHOLE));
    }

    #[test]
    #[ignore = "slow: minutes; the short form runs always"]
    fn log_resets_by_copy() {
        assert_proven(&resets("copy", WHOLE_OF_COPIES));
    }

    #[test]
    #[ignore = "slow: minutes; the short form runs always"]
    fn repairs_of_sound_copies() {
        assert_proven(&repair_and_restore(Damage::BothSound, WHOLE));
        assert_proven(&repair_and_restore(Damage::Colliding, WHOLE));
    }

    #[test]
    #[ignore = "slow: minutes; the short form runs always"]
    fn repairs_of_a_damaged_copy() {
        assert_proven(&repair_and_restore(Damage::PrimaryBad, WHOLE));
        assert_proven(&repair_and_restore(Damage::ShadowBad, WHOLE));
    }

    #[test]
    #[ignore = "slow: minutes; the short form runs always"]
    fn rebuilt_headers() {
        rebuild_and_restore(WHOLE);
    }

    #[test]
    #[ignore = "slow: minutes; the short form runs always"]
    fn failing_repairs() {
        assert_proven(&repairs_that_go_wrong(WHOLE));
    }
}

/// The test of the test: protocols that are known to be wrong must be caught.
mod broken {
    use super::*;
    use crate::model::event::Event;
    use std::sync::Arc;

    const ENOUGH: Depth = Depth {
        operation: Sample { all_up_to: 1 << 16, states: 256 },
        recovery: Sample { all_up_to: 16, states: 1 },
        kills: 0,
        back: false,
        alike: 0,
    };

    /// Where the header copies are written and synced.
    fn header_events(recording: &Recording, case: &HeaderCase) -> Vec<usize> {
        let of_database = |event: &Event| match event {
            Event::Data { ino, .. } | Event::SyncFile(ino) => *ino == case.database(),
            _ => false,
        };
        let events = recording.log.iter().enumerate();
        events.filter(|(_, event)| of_database(event)).map(|(index, _)| index).collect()
    }

    #[test]
    fn without_a_sync_between_the_copies_states_are_dead() {
        let sample = Sample { all_up_to: 256, states: 256 };
        assert!(dead_without_a_sync(Depth { operation: sample, ..ENOUGH }) > 0);
    }

    mod whole {
        #[test]
        #[ignore = "slow: seconds; a sample of the states runs always"]
        fn without_a_sync_between_the_copies_all_states_but_508_are_dead() {
            assert_eq!(super::dead_without_a_sync(super::ENOUGH), 128 * 128 - 508);
        }
    }

    fn dead_without_a_sync(depth: Depth) -> usize {
        let case = HeaderCase::new(Damage::BothSound, BackupScope::Header);
        let mut recording = case.repair("no sync between the copies");
        let [_, first_sync, _, _] = header_events(&recording, &case)[..] else { panic!() };
        recording.log.remove(first_sync);
        prove(&recording, &case, depth).count(Face::Dead)
    }

    #[test]
    fn the_good_copy_first_over_a_half_damaged_pair_leaves_states_dead() {
        for damage in [Damage::PrimaryBad, Damage::ShadowBad] {
            let case = HeaderCase::new(damage, BackupScope::Header);
            let mut recording = case.repair(&format!("the good copy first, {damage:?}"));
            let [write, sync, second, last] = header_events(&recording, &case)[..] else {
                panic!()
            };
            recording.log.swap(write, second);
            recording.log.swap(sync, last);
            let row = prove(&recording, &case, ENOUGH);
            assert!(row.count(Face::Dead) > 0);
        }
    }

    #[test]
    fn a_journal_written_after_the_first_copy_loses_states() {
        let case = HeaderCase::new(Damage::BothSound, BackupScope::Header);
        let mut recording = case.repair("the journal after the first copy");
        let [write, sync, _, _] = header_events(&recording, &case)[..] else { panic!() };
        let is_name = |event: &Arc<Event>| matches!(event.as_ref(), Event::Link { name, .. } if name == "journal.new");
        let journal = recording.log.iter().position(is_name).unwrap();
        recording.log[journal..=sync].rotate_left(write - journal);
        let row = prove(&recording, &case, ENOUGH);
        assert!(row.lost > 0);
    }

    #[test]
    fn a_marker_that_goes_before_the_header_is_written_loses_states() {
        let case = HeaderCase::new(Damage::BothSound, BackupScope::Header);
        let mut recording = case.repair("the marker removed too early");
        let [write, ..] = header_events(&recording, &case)[..] else { panic!() };
        let is_marker = |event: &Arc<Event>| matches!(event.as_ref(), Event::Unlink { name, .. } if name.ends_with("-pending"));
        let removed = recording.log.iter().position(is_marker).unwrap();
        // Its removal and the sync of the folder go first.
        recording.log[write..=removed + 1].rotate_right(2);
        let row = prove(&recording, &case, ENOUGH);
        assert!(row.lost > 0);
    }

    #[test]
    fn originals_removed_before_their_copies_are_durable_are_lost() {
        let case = ResetCase::new(true);
        let mut recording = case.reset("no sync of the copied logs");
        let copies: Vec<_> = recording
            .log
            .iter()
            .filter_map(|event| match event.as_ref() {
                Event::Link { name, ino, .. } if name.ends_with("-tmp") => Some(*ino),
                _ => None,
            })
            .collect();
        let of_copy = |event: &Event| matches!(event, Event::SyncFile(ino) if copies.contains(ino));
        recording.log.retain(|event| !of_copy(event));
        let row = prove(
            &recording,
            &case,
            Depth { operation: Sample { all_up_to: 256, states: 16 }, ..ENOUGH },
        );
        assert!(row.lost > 0);
    }
}
