//! Power loss on a real file system: the program works on a volume whose device is recorded; then each
//! state that a power loss may leave of the device is built, mounted and recovered. What that covers:
//! `docs/proof.md`.
//!
//! The short form runs with the other tests. The whole of it: `scripts/proof`.

mod common;
mod power;
mod scene;

use common::disks::{BTRFS, EXT4, FileSystem, XFS};
use common::run;
use common::strace::{can_trace, run_in_steps};
use power::choices::Sample;
use power::medium::{State, states};
use power::recorder::{RecordedVolume, unmount};
use power::write_log::merge;
use scene::{DEEDS, Deed, Face, Scene};

const SHORT: Sample = Sample { all_up_to: 2, states: 1 };
const WHOLE: Sample = Sample { all_up_to: 16, states: 6 };

/// btrfs writes many blocks before each flush, all of them to new places.
const FEW: Sample = Sample { all_up_to: 4, states: 2 };

/// A line of the table.
#[derive(Default)]
struct Row {
    name: String,
    flushes: usize,
    sampled: usize,
    states: usize,
    pending: usize,
    faces: [usize; 2],
    lost: Vec<String>,
}

fn print_head() {
    println!(
        "{:<24} {:>7} {:>7} {:>6} {:>7} {:>5} {:>5} {:>4}",
        "file system, operation", "flushes", "sampled", "states", "pending", "old", "new", "lost"
    );
}

impl Row {
    fn print(&self) {
        let Self { name, flushes, sampled, states, pending, faces, lost } = self;
        println!(
            "{name:<24} {flushes:>7} {sampled:>7} {states:>6} {pending:>7} {:>5} {:>5} {:>4}",
            faces[0],
            faces[1],
            lost.len()
        );
        lost.iter().take(5).for_each(|example| println!("    {example}"));
    }
}

/// Records one operation and looks at every state; `None` where this machine cannot do it.
fn prove(test: &str, kind: &FileSystem, deed: Deed, sample: Sample) -> Option<Row> {
    let volumes = vec![RecordedVolume::new(test, kind)?];
    Some(prove_on(test, kind, deed, sample, volumes))
}

/// The same with logs and databases on one volume, and the operation folders on another.
fn prove_between_two(test: &str, kind: &FileSystem, deed: Deed, sample: Sample) -> Option<Row> {
    if !can_trace(test) {
        return None;
    }
    let volumes = vec![RecordedVolume::new(test, kind)?, RecordedVolume::new(test, kind)?];
    Some(prove_on(test, kind, deed, sample, volumes))
}

fn prove_on(
    test: &str,
    kind: &FileSystem,
    deed: Deed,
    sample: Sample,
    mut volumes: Vec<RecordedVolume>,
) -> Row {
    let dir = volumes[0].mount_point().join("mdbdata");
    std::fs::create_dir(&dir).unwrap();
    let backup_dir = match volumes.get(1) {
        Some(other) => other.mount_point().join("kept"),
        None => dir.join("edbmend"),
    };
    let scene = Scene::with_backup_dir(deed, &dir, &[], backup_dir);
    volumes.iter().for_each(RecordedVolume::settle);
    let moments = run_recorded(&scene.arguments(), &volumes);
    let logs = volumes.iter_mut().map(RecordedVolume::finish).collect();
    let (log, begun) = merge(logs, &moments);
    let start = volumes.iter().map(|volume| volume.formatted.clone()).collect();
    let search = states(start, &log, begun, sample);
    let between = if volumes.len() == 2 { " between two" } else { "" };
    let mut row = Row { name: format!("{}, {deed:?}{between}", kind.name), ..Row::default() };
    (row.flushes, row.sampled) = (search.counts.intervals, search.counts.sampled);
    row.states = search.states.len();
    for state in &search.states {
        if let Err(what) = look_at(test, kind, &volumes, &scene, state, &mut row) {
            row.lost.push(format!("{}: {what}", state.history));
        }
    }
    row.print();
    row
}

/// Runs the program; how many entries the logs had before, and at each of its syncs, and after it.
fn run_recorded(arguments: &[String], volumes: &[RecordedVolume]) -> Vec<Vec<usize>> {
    let now = || volumes.iter().map(RecordedVolume::entries).collect();
    let mut moments = vec![now()];
    let ran = match volumes.len() {
        // One device has one order anyway.
        1 => run(arguments),
        _ => run_in_steps(arguments, "fsync,fdatasync", || moments.push(now())),
    };
    moments.push(now());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    moments
}

fn look_at(
    test: &str,
    kind: &FileSystem,
    volumes: &[RecordedVolume],
    scene: &Scene,
    state: &State,
    row: &mut Row,
) -> Result<(), String> {
    for (volume, medium) in volumes.iter().zip(&state.media) {
        medium.write(&volume.scratch_image()).unwrap();
        let mounted = kind.mount(test, &volume.scratch_image(), &volume.mount_point());
        mounted.ok_or("it cannot be mounted")?;
    }
    let judged = judge(scene, state, row);
    volumes.iter().for_each(|volume| unmount(&volume.mount_point()));
    judged?;
    volumes.iter().try_for_each(|volume| kind.check(&volume.scratch_image()))
}

fn judge(scene: &Scene, state: &State, row: &mut Row) -> Result<(), String> {
    row.pending += usize::from(scene.is_pending());
    if state.program_is_done && (scene.is_pending() || scene.face() != Ok(scene.goal())) {
        return Err(format!("it said that it was done: {:?}", scene.face()));
    }
    let face = scene.recovered_face()?;
    row.faces[usize::from(face == Face::New)] += 1;
    Ok(())
}

fn assert_proven(rows: &[Row]) {
    for row in rows {
        assert!(row.lost.is_empty(), "{}: {:?}", row.name, row.lost);
        assert!(row.faces.iter().all(|&count| count > 0) && row.pending > 0, "{}", row.name);
    }
}

#[test]
fn a_repair_in_short() {
    print_head();
    let row = prove("a_repair_in_short", &EXT4, Deed::Repair, SHORT);
    assert_proven(row.as_slice());
}

fn whole(test: &str, kind: &FileSystem, sample: Sample) {
    print_head();
    let rows = DEEDS.iter().filter_map(|&deed| prove(test, kind, deed, sample));
    assert_proven(&rows.collect::<Vec<_>>());
}

#[test]
#[ignore = "minutes; the short form runs always"]
fn ext4() {
    whole("ext4", &EXT4, WHOLE);
}

/// Logs on one volume, the operation folder on another: they are copied, and the originals removed.
#[test]
#[ignore = "minutes; the short form runs always"]
fn ext4_between_two_volumes() {
    print_head();
    let deeds = [Deed::Reset, Deed::RestoreReset];
    let prove = |deed| prove_between_two("ext4_between_two_volumes", &EXT4, deed, WHOLE);
    assert_proven(&deeds.into_iter().filter_map(prove).collect::<Vec<_>>());
}

#[test]
#[ignore = "minutes; the short form runs always"]
fn xfs() {
    whole("xfs", &XFS, WHOLE);
}

#[test]
#[ignore = "minutes; the short form runs always"]
fn btrfs() {
    whole("btrfs", &BTRFS, FEW);
}
