//! Power loss on a real file system: the program works on a volume whose device is recorded; then each
//! state that a power loss may leave of the device is built, mounted and recovered. What that covers:
//! `docs/proof.md`.
//!
//! The short form runs with the other tests. The whole of it: `scripts/proof`.

use super::power::choices::Sample;
use super::power::medium::{State, states};
use super::power::recorder::{RecordedVolume, unmount};
use super::power::write_log::{Entry, merge};
use super::scene::{DEEDS, Deed, Face, Scene};
use crate::harness::disks::{BTRFS, EXT4, FileSystem, XFS};
use crate::harness::strace::run_in_steps;
use crate::harness::{needs, run};

const SHORT: Sample = Sample { all_up_to: 2, states: 1 };
const WHOLE: Sample = Sample { all_up_to: 16, states: 6 };

/// btrfs writes many blocks before each flush, all of them to new places.
const FEW: Sample = Sample { all_up_to: 4, states: 2 };

const UNMOUNTABLE: &str = "it cannot be mounted";

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

/// An operation, and what it wrote to the devices of its volumes.
struct Recording {
    kind: &'static FileSystem,
    name: String,
    volumes: Vec<RecordedVolume>,
    scene: Scene,
    /// Writes and flushes, each with the number of its device.
    log: Vec<(usize, Entry)>,
    /// Where the operation begins in it.
    begun: usize,
}

/// Records one operation.
fn record(kind: &'static FileSystem, deed: Deed) -> Recording {
    let volumes = vec![RecordedVolume::new(kind)];
    record_on(volumes, kind, deed, format!("{}, {deed:?}", kind.name))
}

/// Records one with logs and databases on one volume, and the operation folders on another.
fn record_between_two(kind: &'static FileSystem, deed: Deed) -> Recording {
    needs::strace();
    let volumes = vec![RecordedVolume::new(kind), RecordedVolume::new(kind)];
    record_on(volumes, kind, deed, format!("{}, {deed:?} between two", kind.name))
}

fn record_on(
    mut volumes: Vec<RecordedVolume>,
    kind: &'static FileSystem,
    deed: Deed,
    name: String,
) -> Recording {
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
    Recording { kind, name, volumes, scene, log, begun }
}

/// Looks at every state that a power loss may leave.
fn prove(recording: &Recording, sample: Sample) -> Row {
    let start = recording.volumes.iter().map(|volume| volume.formatted.clone()).collect();
    let search = states(start, &recording.log, recording.begun, sample);
    let mut row = Row { name: recording.name.clone(), ..Row::default() };
    (row.flushes, row.sampled) = (search.counts.intervals, search.counts.sampled);
    row.states = search.states.len();
    for state in &search.states {
        if let Err(what) = look_at(recording, state, &mut row) {
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

fn look_at(recording: &Recording, state: &State, row: &mut Row) -> Result<(), String> {
    let Recording { kind, volumes, scene, .. } = recording;
    let mut mounted = Vec::new();
    for (volume, medium) in volumes.iter().zip(&state.media) {
        medium.write(&volume.scratch_image()).unwrap();
        let (image, mount_point) = (volume.scratch_image(), volume.mount_point());
        mounted.extend(kind.try_mount(&image, &mount_point).ok().map(|()| mount_point));
    }
    let all_are_mounted = mounted.len() == volumes.len();
    let judged =
        if all_are_mounted { judge(scene, state, row) } else { Err(UNMOUNTABLE.to_owned()) };
    mounted.iter().for_each(|mount_point| unmount(mount_point));
    judged?;
    volumes.iter().try_for_each(|volume| kind.check(&volume.scratch_image()))
}

fn judge(scene: &Scene, state: &State, row: &mut Row) -> Result<(), String> {
    row.pending += usize::from(scene.is_pending());
    if state.program_is_done && (scene.is_pending() || scene.face() != Ok(scene.goal())) {
        return Err(format!("it said that it was done: {:?}", scene.face()));
    }
    let recovered = scene.recovered_face();
    let face = recovered.map_err(|what| format!("{what}; then: {:?}", scene.face()))?;
    row.faces[usize::from(face == Face::New)] += 1;
    Ok(())
}

fn assert_proven(rows: &[Row]) {
    for row in rows {
        assert!(row.lost.is_empty(), "{}: {:?}", row.name, row.lost);
        assert!(row.faces.iter().all(|&count| count > 0) && row.pending > 0, "{}", row.name);
    }
}

fn prove_all(recordings: impl Iterator<Item = Recording>, sample: Sample) {
    print_head();
    let rows = recordings.map(|recording| prove(&recording, sample));
    assert_proven(&rows.collect::<Vec<_>>());
}

#[test]
#[ignore = "needs root and qemu-storage-daemon"]
fn a_repair_in_short() {
    prove_all([record(&EXT4, Deed::Repair)].into_iter(), SHORT);
}

/// The test of the test: everything reaches the volume that receives the copies too late, when the
/// originals have gone from the other. Each file system alone is sound in every state, and logs are lost.
fn copies_written_too_late(deed: Deed, receiver: usize, sample: Sample) {
    let mut recording = record_between_two(&EXT4, deed);
    recording.name += ", too late";
    let begun = recording.begun;
    recording.log[begun..].sort_by_key(|(device, _)| *device == receiver);
    let row = prove(&recording, sample);
    let nowhere = row.lost.iter().filter(|what| what.contains("is in 0 places"));
    assert!(nowhere.count() > 0, "{:?}", row.lost);
    assert!(row.lost.iter().all(|what| !what.contains(UNMOUNTABLE)), "{:?}", row.lost);
}

#[test]
#[ignore = "needs root, qemu-storage-daemon and strace"]
fn a_reset_whose_copies_are_written_too_late_loses_logs() {
    print_head();
    copies_written_too_late(Deed::Reset, 1, SHORT);
}

/// Every operation on every file system.
mod whole {
    use super::*;

    fn prove_deeds(kind: &'static FileSystem, sample: Sample) {
        prove_all(DEEDS.iter().map(|&deed| record(kind, deed)), sample);
    }

    #[test]
    #[ignore = "slow: minutes, and needs root and qemu-storage-daemon"]
    fn ext4() {
        prove_deeds(&EXT4, WHOLE);
    }

    /// Logs on one volume, the operation folder on another: they are copied, and the originals removed.
    #[test]
    #[ignore = "slow: minutes, and needs root, qemu-storage-daemon and strace"]
    fn ext4_between_two_volumes() {
        let deeds = [Deed::Reset, Deed::RestoreReset].into_iter();
        prove_all(deeds.map(|deed| record_between_two(&EXT4, deed)), WHOLE);
    }

    #[test]
    #[ignore = "slow: minutes, and needs root, qemu-storage-daemon and xfsprogs"]
    fn xfs() {
        prove_deeds(&XFS, WHOLE);
    }

    #[test]
    #[ignore = "slow: minutes, and needs root, qemu-storage-daemon and btrfs-progs"]
    fn btrfs() {
        prove_deeds(&BTRFS, FEW);
    }

    #[test]
    #[ignore = "slow: minutes, and needs root, qemu-storage-daemon and strace"]
    fn copies_that_are_written_too_late() {
        print_head();
        for (deed, receiver) in [(Deed::Reset, 1), (Deed::RestoreReset, 0)] {
            copies_written_too_late(deed, receiver, WHOLE);
        }
    }
}
