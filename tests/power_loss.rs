//! Power loss on a real file system: the program works on a volume whose device is recorded; then each
//! state that a power loss may leave of the device is built, mounted and recovered. What that covers:
//! `docs/proof.md`.
//!
//! The short form runs with the other tests. The whole of it: `scripts/proof`.

mod common;
mod power;
mod scene;

use common::disks::{BTRFS, EXT4, FileSystem, XFS};
use common::program;
use power::choices::Sample;
use power::medium::{State, states};
use power::recorder::{RecordedVolume, unmount};
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
    let mut volume = RecordedVolume::new(test, kind)?;
    let dir = volume.mount_point().join("mdbdata");
    std::fs::create_dir(&dir).unwrap();
    let scene = Scene::set_up(deed, &dir, &[]);
    volume.settle();
    let begun = volume.entries();
    let output = program(scene.arguments()).output().unwrap();
    let ended = volume.entries();
    assert!(output.status.success(), "{output:?}");
    let log = volume.finish();
    let (states, counts) = states(volume.formatted.clone(), &log, begun, ended, sample);
    let mut row = Row { name: format!("{}, {deed:?}", kind.name), ..Row::default() };
    (row.flushes, row.sampled, row.states) = (counts.intervals, counts.sampled, states.len());
    for state in &states {
        if let Err(what) = look_at(test, kind, &volume, &scene, state, &mut row) {
            row.lost.push(format!("{}: {what}", state.history));
        }
    }
    row.print();
    Some(row)
}

fn look_at(
    test: &str,
    kind: &FileSystem,
    volume: &RecordedVolume,
    scene: &Scene,
    state: &State,
    row: &mut Row,
) -> Result<(), String> {
    let image = volume.scratch_image();
    state.medium.write(&image).unwrap();
    let mount_point = volume.mount_point();
    kind.mount(test, &image, &mount_point).ok_or("it cannot be mounted")?;
    let judged = judge(scene, state, row);
    unmount(&mount_point);
    judged?;
    kind.check(&image)
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
