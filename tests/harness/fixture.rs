//! Made-up databases and storage groups in folders of their own.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use edbmend::ese::RawDbHeader;
use edbmend::practice::{DatabaseRecipe, damage_full_backup, edit_header};
use tempfile::TempDir;

use super::folder::names;
use super::program::run;
use super::ran::Ran;

/// Name of the database in every fixture.
pub const DATABASE: &str = "priv1.edb";

/// A healthy database of so many data pages of 4 KiB.
pub fn healthy(pages: u32) -> Vec<u8> {
    DatabaseRecipe { pages, ..DatabaseRecipe::default() }.build()
}

/// A database of so many data pages of 4 KiB with the damage of KB946799.
pub fn damaged(pages: u32) -> Vec<u8> {
    let mut bytes = healthy(pages);
    damage_full_backup(&mut bytes);
    bytes
}

/// A fresh folder with one file that is taken for a database.
pub struct Fixture {
    folder: TempDir,
    /// The file.
    pub db: PathBuf,
}

impl Fixture {
    /// A folder with `bytes` as [`DATABASE`].
    pub fn new(bytes: &[u8]) -> Self {
        Self::named(bytes, DATABASE.as_ref())
    }

    /// A folder with `bytes` under any name.
    pub fn named(bytes: &[u8], name: &OsStr) -> Self {
        let folder = tempfile::Builder::new().prefix("edbmend-test-").tempdir().unwrap();
        let db = folder.path().join(name);
        fs::write(&db, bytes).unwrap();
        Self { folder, db }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    /// Where the marker of a pending operation lies.
    pub fn marker(&self) -> PathBuf {
        marker_of(&self.db)
    }

    /// Runs a command on the database with `--json`.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        run(arguments.iter().map(OsStr::new).chain(["--json".as_ref(), self.db.as_os_str()]))
    }

    /// `repair --yes`, which must succeed; the operation folder.
    pub fn repair(&self) -> PathBuf {
        let ran = self.run(&["repair", "--yes"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.operation_dir()
    }

    /// The bytes of the database.
    pub fn bytes(&self) -> Vec<u8> {
        fs::read(&self.db).unwrap()
    }
}

/// Where the marker of a pending operation on `db` lies.
pub fn marker_of(db: &Path) -> PathBuf {
    let mut name = db.as_os_str().to_owned();
    name.push(".edbmend-pending");
    name.into()
}

/// The operation folders beside a database, sorted.
pub fn operations(dir: &Path) -> Vec<PathBuf> {
    operations_in(&dir.join("edbmend"))
}

/// The operation folders below a backup folder of any name, sorted.
pub fn operations_in(backup_dir: &Path) -> Vec<PathBuf> {
    if backup_dir.is_dir() {
        names(backup_dir).iter().map(|name| backup_dir.join(name)).collect()
    } else {
        Vec::new()
    }
}

/// Changes both header copies of a database.
pub fn edit_database(path: &Path, change: impl FnMut(&mut RawDbHeader)) {
    let mut bytes = fs::read(path).unwrap();
    edit_header(&mut bytes, change);
    fs::write(path, bytes).unwrap();
}

/// A journal or a marker as it is stored: its first line is the SHA-256 of the rest.
pub fn sealed(value: &serde_json::Value) -> Vec<u8> {
    let body = serde_json::to_string_pretty(value).unwrap() + "\n";
    format!("{}\n{body}", super::folder::digest(body.as_bytes())).into_bytes()
}
