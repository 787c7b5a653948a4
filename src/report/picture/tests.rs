//! Pictures of sets of logs, drawn with one letter for each mark.

use std::path::Path;

use crate::diagnose::{CheckpointState, Forecast, ForecastOutcome, LogRange, LogRangeState};
use crate::ese::{BackupInfo, DbHeader, DbState, LgPos};
use crate::report::model::{DatabaseReport, FileHeader, HeaderReport, Outcome, StreamReport};

use super::{Mark, Picture, RowKind};

fn forecast(outcome: ForecastOutcome) -> Forecast {
    let (engine, message, rests_on) = ("", String::new(), Vec::new());
    Forecast {
        engine,
        outcome,
        error: None,
        event: None,
        message,
        in_short: String::new(),
        file: None,
        rests_on,
    }
}

/// Logs from `first` to `current`, but for some that are missing; a mount needs those from `mount` on.
fn stream(first: i32, missing: &[(i32, i32)], current: i32, mount: i32) -> StreamReport {
    let range = |from, to, state| LogRange {
        from,
        to,
        state,
        needed_to_mount: from >= mount,
        in_backup: false,
        next_full_deletes: state == LogRangeState::Closed && from < mount,
        held_by: Vec::new(),
    };
    let mut ranges = Vec::new();
    let mut next = first;
    for &(from, to) in missing.iter().chain([&(current, current)]) {
        for (from, to) in [(next, mount.min(from) - 1), (next.max(mount), from - 1)] {
            if from <= to {
                ranges.push(range(from, to, LogRangeState::Closed));
            }
        }
        let is_gap = to < current;
        let state = if is_gap { LogRangeState::Missing } else { LogRangeState::Current };
        ranges.push(range(from, to, state));
        next = to + 1;
    }
    let succeeds = || forecast(ForecastOutcome::Succeeds);
    StreamReport {
        base: Some("E00".into()),
        dir: "/mdbdata".into(),
        signature: None,
        first_generation: Some(first),
        last_generation: Some(current),
        count: 0,
        current: Some("/mdbdata/E00.log".into()),
        missing: Vec::new(),
        damaged: Vec::new(),
        databases: Vec::new(),
        generations_left: None,
        per_cent_used: None,
        runs_out: None,
        ranges,
        next_mount: succeeds(),
        next_full: succeeds(),
        next_incremental: succeeds(),
    }
}

/// A database with a header that is all zero but for what is given.
fn database(name: &str, required: Option<[i32; 2]>, full: (u32, u32)) -> DatabaseReport {
    let mut header = HeaderReport::new(&DbHeader::parse(&[0; 4096]).unwrap());
    header.state = DbState::CleanShutdown;
    if let Some(required) = required {
        (header.state, header.log_required) = (DbState::DirtyShutdown, required);
    }
    header.previous_full_backup =
        BackupInfo { gen_low: full.0, gen_high: full.1, ..BackupInfo::NONE };
    DatabaseReport {
        header: Some(FileHeader::Database(Box::new(header))),
        ..DatabaseReport::unknown(&Path::new("/mdbdata").join(name), Outcome::Ok)
    }
}

fn picture(mut stream: StreamReport, databases: &[DatabaseReport], checkpoint: i32) -> Picture {
    stream.databases = databases.iter().map(|one| one.path.display().to_string()).collect();
    let at = LgPos { generation: checkpoint, sector: 1, offset: 0 };
    Picture::of_stream(&stream, databases, &CheckpointState::At(at)).expect("a picture")
}

/// Each row with its label, its drawing in so many units, and its legend.
fn drawn(picture: &Picture, units: usize) -> Vec<String> {
    let scale = picture.scale(units);
    let rows = picture.rows.iter().map(|row| {
        let mut line = vec![' '; units];
        for cell in scale.cells(row) {
            let letter = match cell.mark {
                Mark::In => '#',
                Mark::Held => '+',
                Mark::Impossible => '?',
                Mark::Damaged => '!',
                Mark::Unread => '~',
                Mark::Missing => 'x',
            };
            line[cell.units.clone()].fill(letter);
            if cell.from_before {
                line[cell.units.start] = '<';
            }
            if cell.goes_on {
                line[cell.units.end - 1] = '>';
            }
        }
        let line: String = line.into_iter().collect();
        format!("{:10} |{line}| {}", row.kind.label(), row.legend)
    });
    rows.collect()
}

fn ticks(picture: &Picture, units: usize) -> String {
    let mut line = String::new();
    for tick in picture.scale(units).ticks(|generation| generation.to_string().len()) {
        line = format!("{line:width$}{}", tick.generation, width = tick.unit);
    }
    line
}

#[test]
fn one_log() {
    let one = picture(stream(7, &[], 7, 7), &[], 7);
    assert_eq!(
        drawn(&one, 5),
        ["on disk    |#####| 7; 7 is current", "to mount   |#####| 7; no database needs recovery"]
    );
    assert_eq!(ticks(&one, 5), "7");
}

#[test]
fn the_damage_of_kb946799() {
    let databases =
        [database("priv1.edb", None, (1, u32::MAX)), database("pub1.edb", None, (1, 2))];
    let mut stream = stream(1, &[], 4, 4);
    stream.next_full.outcome = ForecastOutcome::Fails;
    for range in stream.ranges.iter_mut().filter(|range| range.next_full_deletes) {
        (range.next_full_deletes, range.held_by) = (false, vec!["/mdbdata/priv1.edb".into()]);
    }
    let picture = picture(stream, &databases, 4);
    assert_eq!(
        drawn(&picture, 8),
        [
            "on disk    |########| 1-4; 4 is current",
            "to mount   |      ##| 4; no database needs recovery",
            "last full  |####    | 1-2 (pub1.edb)",
            "last full  |???????>| 1-4294967295, impossible (priv1.edb)",
            "next full  |++++++  | fails; priv1.edb holds back 1-3",
        ]
    );
    assert_eq!(ticks(&picture, 8), "1 2 3 4");
}

#[test]
fn a_required_log_is_missing_and_the_checkpoint_is_elsewhere() {
    let databases = [database("test.edb", Some([1, 8]), (1, 4))];
    let mut stream = stream(2, &[(4, 4)], 8, 1);
    stream.next_mount.outcome = ForecastOutcome::Fails;
    assert_eq!(
        drawn(&picture(stream, &databases, 3), 16),
        [
            "on disk    |  ####xx########| 2-3, 5-8; 4 missing; 8 is current",
            "to mount   |xx####xx########| 1-8; 1, 4 missing",
            "checkpoint |    ##          | 3, (0x3,1,0)",
            "last full  |########        | 1-4",
            "next full  |                | not before the stores mount",
        ]
    );
}

#[test]
fn databases_that_need_different_logs() {
    let databases = [
        database("a.edb", Some([3, 6]), (0, 0)),
        database("b.edb", Some([5, 6]), (0, 0)),
        database("c.edb", None, (0, 0)),
    ];
    assert_eq!(
        drawn(&picture(stream(1, &[], 6, 3), &databases, 3), 12),
        [
            "on disk    |############| 1-6; 6 is current",
            "to mount   |    ########| 3-6; from the checkpoint on",
            "needed     |    ########| a.edb: 3-6",
            "needed     |        ####| b.edb: 5-6",
            "last full  |            | none recorded",
            "next full  |####        | deletes 1-2",
        ]
    );
}

#[test]
fn a_gap_is_a_unit_wide_however_small_it_is() {
    let huge = picture(stream(1, &[(2, 1_999_999_999)], 2_000_000_000, 1), &[], 1);
    for units in 40..=200 {
        let rows = drawn(&huge, units);
        let gap = "x".repeat(units - 2);
        assert_eq!(
            rows[0],
            format!(
                "on disk    |#{gap}#| 1, 2000000000; 2-1999999999 missing; 2000000000 is current"
            )
        );
        let ticks = ticks(&huge, units);
        let ends = ticks.starts_with("1 ") && ticks.ends_with(" 2000000000");
        assert!(ends && ticks.len() == units, "{ticks}");
        let small = picture(stream(1, &[(50_000, 50_000)], 100_000, 1), &[], 1);
        let scale = small.scale(units);
        let gap = scale.cells(&small.rows[0]).into_iter().find(|cell| cell.mark == Mark::Missing);
        let gap = gap.expect("a gap").units;
        assert_eq!(gap.len(), 1);
        assert!(gap.start.abs_diff(units / 2) <= 1, "{gap:?} of {units}");
    }
}

#[test]
fn a_hundred_thousand_logs_with_a_thousand_gaps() {
    let gaps: Vec<(i32, i32)> = (1..=1000).map(|index| (index * 100, index * 100 + 1)).collect();
    let picture = picture(stream(1, &gaps, 100_010, 100_000), &[], 100_000);
    assert!(picture.rows[0].legend.starts_with("1-100010; 1000 gaps, 2000 logs missing"));
    for units in [1, 40, 80, 200, 5000] {
        let cells = picture.scale(units).cells(&picture.rows[0]);
        assert!(cells.len() <= units);
        assert!(cells.iter().all(|cell| cell.units.end <= units));
        assert!(cells.iter().any(|cell| cell.mark == Mark::Missing));
    }
    // Where there is room for each of them, each is drawn.
    let cells = picture.scale(5000).cells(&picture.rows[0]);
    assert_eq!(cells.iter().filter(|cell| cell.mark == Mark::Missing).count(), 1000);
}

#[test]
fn names_above_the_rows_do_not_touch() {
    for current in [1, 2, 9, 10, 99, 1234, 1_048_559] {
        let picture = picture(stream(1, &[], current, current), &[], current);
        for units in 40..=200 {
            let ticks = picture.scale(units).ticks(|generation| generation.to_string().len());
            let ends = ticks.iter().map(|tick| tick.unit + tick.generation.to_string().len());
            let ends: Vec<usize> = ends.collect();
            assert!(ends.iter().all(|end| *end <= units), "{ticks:?}");
            let next = ticks.iter().skip(1).map(|tick| tick.unit);
            assert!(ends.iter().zip(next).all(|(end, next)| *end < next), "{ticks:?}");
            assert_eq!(ticks[0].generation, 1);
            assert_eq!(ticks.last().unwrap().generation, i64::from(current));
        }
    }
}

#[test]
fn what_is_outside_of_the_logs_is_said() {
    let databases = [database("a.edb", None, (3, 12)), database("b.edb", None, (1, 4))];
    let picture = picture(stream(10, &[], 13, 13), &databases, 13);
    let rows: Vec<_> = picture.rows.iter().filter(|row| row.kind == RowKind::LastFull).collect();
    assert_eq!(rows[0].legend, "1-4, before these logs (b.edb)");
    assert_eq!(rows[1].legend, "3-12 (a.edb)");
    let scale = picture.scale(8);
    assert!(scale.cells(rows[0]).is_empty());
    let [cell] = scale.cells(rows[1]).try_into().expect("one cell");
    assert!(cell.from_before && !cell.goes_on && cell.units == (0..6), "{cell:?}");
}

#[test]
fn no_number_is_too_large() {
    let databases = [
        database("a.edb", Some([1, i32::MAX]), (u32::MAX, u32::MAX)),
        database("b.edb", None, (9, 2)),
    ];
    let picture = picture(stream(i32::MAX - 3, &[], i32::MAX - 1, 1), &databases, i32::MAX);
    for units in [1, 2, 3, 40] {
        assert!(drawn(&picture, units)[1].contains("1-2147483647"));
        ticks(&picture, units);
    }
}
