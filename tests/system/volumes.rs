//! The real program on real file systems, killed at every system call by which it changes the disk, or
//! that call fails with EIO: repair, restore, reset, its undo, and the recovery from both.
//!
//! The short form runs with the other tests. The whole of it: `scripts/proof`.

use std::fs;
use std::path::Path;

use super::scene::{Deed, Face, Scene};
use crate::harness::disks::{BTRFS, EXT4, FileSystem, NTFS, Volume, XFS};
use crate::harness::strace::{CHANGING_CALLS, run_with_error, run_with_kill};
use crate::harness::{Ran, needs};

/// More calls of one name than any run makes.
const MANY: u32 = 200;

/// What happens at a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blow {
    Kill,
    Fail,
}

/// What is hit: a deed, or the recovery from one that was killed half-way.
#[derive(Clone, Copy, Debug)]
enum Victim {
    Deed(Deed),
    RecoveryOf(Deed),
}

impl Victim {
    /// The scene, and the arguments of what is hit.
    fn set_up(self, dir: &Path, flags: &'static [&'static str]) -> (Scene, Vec<String>) {
        match self {
            Self::Deed(deed) => {
                let scene = Scene::set_up(deed, dir, flags);
                let arguments = scene.arguments();
                (scene, arguments)
            }
            Self::RecoveryOf(deed) => {
                let scene = Scene::set_up(deed, dir, flags);
                // The first rename is that of the journal: a header is written, or a log moved, by then.
                let nth = if deed == Deed::Reset { 3 } else { 2 };
                let call = "?rename,renameat,renameat2";
                assert!(run_with_kill(&scene.arguments(), call, nth).is_some());
                assert!(scene.is_pending());
                let arguments = scene.recover();
                (scene, arguments)
            }
        }
    }
}

/// Hits every call, and looks whether everything comes right again; how many there were.
fn hit_every_call(
    volume: &Volume,
    victim: Victim,
    blow: Blow,
    flags: &'static [&'static str],
) -> usize {
    let dir = volume.path().join("mdbdata");
    let mut hits = 0;
    for call in CHANGING_CALLS {
        for nth in 1..MANY {
            let _ = fs::remove_dir_all(&dir);
            fs::create_dir(&dir).unwrap();
            let (scene, arguments) = victim.set_up(&dir, flags);
            let before = scene.face().unwrap();
            let when = format!("{victim:?}, {blow:?} at {call} {nth}");
            let ran = match blow {
                Blow::Kill => run_with_kill(&arguments, call, nth),
                Blow::Fail => run_with_error(&arguments, call, nth),
            };
            let Some(ran) = ran else { break };
            hits += 1;
            if blow == Blow::Fail {
                assert_told(victim, &scene, before, &ran, &when);
            }
            scene.recovered_face().unwrap_or_else(|what| panic!("{when}: {what}"));
        }
    }
    hits
}

/// The exit code says what is so.
#[track_caller]
fn assert_told(victim: Victim, scene: &Scene, before: Face, ran: &Ran, when: &str) {
    let face = scene.face();
    match (ran.code, victim) {
        (Some(0), Victim::Deed(_)) => {
            assert_eq!((scene.is_pending(), face), (false, Ok(scene.goal())), "{when}: {ran:?}");
        }
        (Some(0), Victim::RecoveryOf(_)) => {
            assert!(!scene.is_pending() && face != Ok(Face::Between), "{when}: {ran:?}");
        }
        (Some(3..=5), _) => {
            assert_eq!(face, Ok(before), "{when}: {ran:?}");
            assert!(!ran.stderr.is_empty() || !ran.stdout.is_empty(), "{when}");
        }
        (Some(6), _) => {}
        _ => panic!("{when}: {ran:?}"),
    }
}

fn prove(kind: &FileSystem, victims: &[Victim], flags: &'static [&'static str]) {
    needs::strace();
    let volume = Volume::new(kind);
    for &victim in victims {
        let [kills, failures] =
            [Blow::Kill, Blow::Fail].map(|blow| hit_every_call(&volume, victim, blow, flags));
        println!("{:<5} {victim:?}: {kills} kills, {failures} times EIO, nothing lost", kind.name);
        assert!(kills > 5 && failures > 5, "{victim:?}");
    }
}

/// What is hit on every file system.
const FORWARD: [Victim; 2] = [Victim::Deed(Deed::Repair), Victim::Deed(Deed::Reset)];

/// What is hit on one of them, too.
const BACK: [Victim; 4] = [
    Victim::Deed(Deed::RestoreRepair),
    Victim::Deed(Deed::RestoreReset),
    Victim::RecoveryOf(Deed::Repair),
    Victim::RecoveryOf(Deed::Reset),
];

#[test]
#[ignore = "needs root, strace and xfsprogs"]
fn a_recovery_on_xfs_in_short() {
    prove(&XFS, &[Victim::RecoveryOf(Deed::Repair)], &[]);
}

/// Every system call of every operation.
mod whole {
    use super::*;

    #[test]
    #[ignore = "slow: minutes, and needs root and strace"]
    fn ext4_forward() {
        prove(&EXT4, &FORWARD, &[]);
    }

    #[test]
    #[ignore = "slow: minutes, and needs root and strace"]
    fn ext4_back() {
        prove(&EXT4, &BACK, &[]);
    }

    #[test]
    #[ignore = "slow: minutes, and needs root, strace and xfsprogs"]
    fn xfs() {
        prove(&XFS, &FORWARD, &[]);
    }

    #[test]
    #[ignore = "slow: minutes, and needs root, strace and btrfs-progs"]
    fn btrfs() {
        prove(&BTRFS, &FORWARD, &[]);
    }

    #[test]
    #[ignore = "slow: minutes, and needs root, strace and ntfs-3g"]
    fn ntfs() {
        prove(&NTFS, &FORWARD, &["--allow-unproven-lock"]);
    }
}
