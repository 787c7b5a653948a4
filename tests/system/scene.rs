//! An operation of the real program in a folder, and what must hold of that folder when the operation
//! was cut off at any point and recovered.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use edbmend::practice::{Recipe, damage_full_backup, storage_group};

use crate::harness::{Fixture, Ran, names, operations_in, run};

const DATABASE: &str = "priv1.edb";
const OTHER: &str = "pub1.edb";

/// What the program does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Repair,
    RestoreRepair,
    Reset,
    RestoreReset,
}

#[allow(dead_code)] // one of two test files goes through all
pub const DEEDS: [Deed; 4] = [Deed::Repair, Deed::RestoreRepair, Deed::Reset, Deed::RestoreReset];

/// What a folder holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// Everything as before the repair or reset; for an undo that is where it leads.
    Old,
    /// Everything as the repair or reset makes it.
    New,
    /// Some logs are at home and some are away.
    Between,
}

/// A practice storage group with a damaged database, and an operation that can be run on it.
pub struct Scene {
    deed: Deed,
    dir: PathBuf,
    /// The files, by name, before the repair.
    files: BTreeMap<OsString, Vec<u8>>,
    repaired: &'static [u8],
    /// Flags that this volume needs.
    flags: &'static [&'static str],
    /// Where the operation folders go.
    backup_dir: PathBuf,
}

impl Scene {
    /// Writes the files into an empty folder, and does what must come before the deed.
    #[allow(dead_code)] // one of two test files has other backup folders
    pub fn set_up(deed: Deed, dir: &Path, flags: &'static [&'static str]) -> Self {
        Self::with_backup_dir(deed, dir, flags, dir.join("edbmend"))
    }

    /// Writes the files into an empty folder, does what must come before the deed, and keeps the operation
    /// folders elsewhere.
    pub fn with_backup_dir(
        deed: Deed,
        dir: &Path,
        flags: &'static [&'static str],
        backup_dir: PathBuf,
    ) -> Self {
        let recipe =
            Recipe { log_file_sectors: 16, pages: 2, current_generation: 3, ..Recipe::default() };
        let mut files = BTreeMap::new();
        for mut file in storage_group(&recipe) {
            if file.name == DATABASE {
                damage_full_backup(&mut file.bytes);
            }
            fs::write(dir.join(&file.name), &file.bytes).unwrap();
            files.insert(file.name.into(), file.bytes);
        }
        let repaired = REPAIRED.get_or_init(|| repaired(&files[&OsString::from(DATABASE)]));
        let scene = Self { deed, dir: dir.to_owned(), files, repaired, flags, backup_dir };
        if let Deed::RestoreRepair | Deed::RestoreReset = deed {
            scene.expect_done(&scene.forward());
        }
        scene
    }

    fn path(&self, name: &str) -> String {
        self.dir.join(name).to_str().unwrap().to_owned()
    }

    /// The arguments of the deed.
    pub fn arguments(&self) -> Vec<String> {
        match self.deed {
            Deed::Repair | Deed::Reset => self.forward(),
            Deed::RestoreRepair | Deed::RestoreReset => self.undo(),
        }
    }

    fn forward(&self) -> Vec<String> {
        let (database, backup_dir) = (self.path(DATABASE), self.backup_dir.to_str().unwrap());
        match self.deed {
            Deed::Repair | Deed::RestoreRepair => {
                self.with_flags(&["repair", &database, "--backup-dir", backup_dir])
            }
            Deed::Reset | Deed::RestoreReset => {
                let (dir, other) = (self.path(""), self.path(OTHER));
                let databases = ["--db", &database, "--db", &other];
                let words = ["reset-logs", &dir, "--backup-dir", backup_dir];
                self.with_flags(&[&words[..], &databases].concat())
            }
        }
    }

    /// The undo of the last repair or reset, whatever undo was begun since.
    fn undo(&self) -> Vec<String> {
        let mut operations = operations_in(&self.backup_dir);
        operations.retain(|dir| !dir.to_str().unwrap().contains("-restore-"));
        let last = operations.pop().expect("an operation folder");
        let backup_dir = self.backup_dir.to_str().unwrap();
        self.with_flags(&["restore", last.to_str().unwrap(), "--backup-dir", backup_dir])
    }

    /// Where the operation folders are.
    pub fn backup_dir(&self) -> &Path {
        &self.backup_dir
    }

    /// The arguments of `recover`.
    pub fn recover(&self) -> Vec<String> {
        self.with_flags(&["recover", &self.path("")])
    }

    fn with_flags(&self, words: &[&str]) -> Vec<String> {
        words.iter().chain(&["--yes", "--json"]).chain(self.flags).map(|w| w.to_string()).collect()
    }

    fn expect_done(&self, arguments: &[String]) -> Ran {
        let ran = run(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
        ran
    }

    /// Where the deed leads.
    pub fn goal(&self) -> Face {
        match self.deed {
            Deed::Repair | Deed::Reset => Face::New,
            Deed::RestoreRepair | Deed::RestoreReset => Face::Old,
        }
    }

    /// Whether an operation is pending.
    pub fn is_pending(&self) -> bool {
        let names = names(&self.dir).into_iter().map(|name| name.into_string().unwrap());
        names.into_iter().any(|name| name.ends_with(".edbmend-pending"))
    }

    /// What the folder holds; an error where anything is lost, twice there or changed.
    pub fn face(&self) -> Result<Face, String> {
        let (mut home, mut away) = (0, 0);
        for (name, bytes) in &self.files {
            let mut places = vec![self.dir.join(name)];
            let operations = operations_in(&self.backup_dir);
            places.extend(operations.iter().map(|dir| dir.join("logs").join(name)));
            let found: Vec<_> = places.iter().filter_map(|path| fs::read(path).ok()).collect();
            let [found] = &found[..] else {
                return Err(format!("{} is in {} places", name.display(), found.len()));
            };
            let is_repaired = name == DATABASE && found == self.repaired;
            if found != bytes && !is_repaired {
                return Err(format!("{} is neither old nor new", name.display()));
            }
            let is_new = is_repaired || !places[0].exists();
            if name == DATABASE || name.to_str().unwrap().starts_with("E00") {
                away += usize::from(is_new);
                home += usize::from(!is_new && name != DATABASE);
            }
        }
        Ok(match (self.deed, home, away) {
            (_, _, 0) => Face::Old,
            (Deed::Repair | Deed::RestoreRepair, _, 1) | (_, 0, _) => Face::New,
            _ => Face::Between,
        })
    }

    /// Recovers, and looks whether the folder is as good as any: old or new, nothing pending or half
    /// done is left, and what was done can be undone and done again.
    pub fn recovered_face(&self) -> Result<Face, String> {
        let ran = run(self.recover());
        if ran.code != Some(0) {
            return Err(format!("recover: {}", in_short(&ran)));
        }
        let face = self.face()?;
        if face == Face::Between || self.is_pending() {
            return Err(format!("{face:?}, pending: {}", self.is_pending()));
        }
        let again = if face == Face::Old { self.forward() } else { self.undo() };
        let ran = run(&again);
        let other = if face == Face::Old { Face::New } else { Face::Old };
        if (ran.code, self.face()?) != (Some(0), other) {
            return Err(format!("{face:?}, and then {}: {}", again[0], in_short(&ran)));
        }
        Ok(face)
    }
}

static REPAIRED: OnceLock<Vec<u8>> = OnceLock::new();

/// What the program makes of a database.
fn repaired(bytes: &[u8]) -> Vec<u8> {
    let fixture = Fixture::new(bytes);
    fixture.repair();
    fixture.bytes()
}

fn in_short(ran: &Ran) -> String {
    format!("exit code {:?}, {}", ran.code, ran.json()["refusals"])
}
