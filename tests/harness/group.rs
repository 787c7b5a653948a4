//! A practice storage group, and the reset of its logs.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use edbmend::practice::{Recipe, storage_group};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::fixture::sealed;
use super::folder::{names, sha256, snapshot};
use super::program::run;
use super::ran::Ran;

/// Four closed logs of a few kilobytes, and two small databases.
fn small() -> Recipe {
    Recipe { log_file_sectors: 16, pages: 4, ..Recipe::default() }
}

/// A practice storage group in a fresh folder.
pub struct Group {
    _folder: Option<TempDir>,
    /// The folder.
    pub dir: PathBuf,
}

impl Group {
    /// A small one.
    pub fn new() -> Self {
        Self::of(&small())
    }

    /// One of this recipe.
    pub fn of(recipe: &Recipe) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().canonicalize().unwrap();
        let group = Self { _folder: Some(folder), dir };
        group.write(recipe);
        group
    }

    /// A small one in a folder that exists.
    pub fn at(dir: &Path) -> Self {
        let group = Self { _folder: None, dir: dir.canonicalize().unwrap() };
        group.write(&small());
        group
    }

    fn write(&self, recipe: &Recipe) {
        for file in storage_group(recipe) {
            fs::write(self.dir.join(&file.name), &file.bytes).unwrap();
        }
    }

    /// The file of this name.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Changes a file.
    pub fn edit(&self, name: &str, edit: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = fs::read(self.path(name)).unwrap();
        edit(&mut bytes);
        fs::write(self.path(name), bytes).unwrap();
    }

    /// `reset-logs --yes --json` with both databases named, and more arguments.
    pub fn reset(&self, more: &[&str]) -> Ran {
        let (private, public) = (self.path("priv1.edb"), self.path("pub1.edb"));
        let named = ["--db", private.to_str().unwrap(), "--db", public.to_str().unwrap()];
        let dir = self.dir.to_str().unwrap();
        run(["reset-logs", "--yes", "--json", dir].iter().chain(&named).chain(more))
    }

    /// A reset that is refused for exactly these reasons and changes nothing.
    #[track_caller]
    pub fn expect_refused(&self, more: &[&str], ids: &[&str]) {
        let before = snapshot(&self.dir);
        let ran = self.reset(more);
        ran.expect_refused(3, ids);
        assert_eq!(snapshot(&self.dir), before);
    }
}

/// Each file of a folder and its SHA-256.
pub fn digests(dir: &Path) -> BTreeMap<PathBuf, String> {
    let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file()).map(|path| (path.clone(), sha256(&path))).collect()
}

/// The names of what a reset moves, sorted.
pub fn stream_files(dir: &Path) -> Vec<String> {
    let all = names(dir).into_iter().map(|name| name.into_string().unwrap());
    all.filter(|name| name.starts_with("E00")).collect()
}

/// Resets the logs and undoes it: every byte is where it was. The folder of the reset.
#[track_caller]
pub fn assert_reset_and_undo(group: &Group, more: &[&str]) -> PathBuf {
    let before = digests(&group.dir);
    let expected = stream_files(&group.dir);
    let done = group.reset(more);
    assert_eq!((done.code, done.outcome().as_str()), (Some(0), "committed"), "{done:?}");
    assert_eq!(stream_files(&group.dir), Vec::<String>::new());
    let operation = done.operation_dir();
    assert_eq!(stream_files(&operation.join("logs")), expected);
    let undo = ["restore", "--yes", "--json", operation.to_str().unwrap()];
    let undone = run(undo.iter().chain(more));
    assert_eq!((undone.code, undone.outcome().as_str()), (Some(0), "committed"), "{undone:?}");
    assert_eq!(digests(&group.dir), before);
    operation
}

/// A small practice storage group: its folder, for as long as it is kept, and the path of that.
pub fn small_group() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let group = Group::at(folder.path());
    (folder, group.dir)
}

/// `reset-logs` with more words, the databases of [`small_group`], and its folder.
pub fn reset_words(more: &[&str], dir: &Path) -> Vec<String> {
    let text = |path: PathBuf| path.to_str().unwrap().to_owned();
    let [private, public] = ["priv1.edb", "pub1.edb"].map(|name| text(dir.join(name)));
    let named = ["--db".to_owned(), private, "--db".to_owned(), public, text(dir.to_owned())];
    let more = more.iter().map(|word| (*word).to_owned());
    std::iter::once("reset-logs".to_owned()).chain(more).chain(named).collect()
}

/// `reset-logs` with `--json` on [`small_group`], both databases named.
pub fn reset(dir: &Path, more: &[&str]) -> Ran {
    run(reset_words(&[more, &["--json"]].concat(), dir))
}

/// A reset of a group as [`small_group`] is before its last word: its journal says prepared, and its marker is there
/// again. Its operation folder.
pub fn reset_before_its_end(dir: &Path) -> PathBuf {
    let operation = reset(dir, &["--yes"]).operation_dir();
    let text = fs::read_to_string(operation.join("journal")).unwrap();
    let (_, body) = text.split_once('\n').unwrap();
    let mut journal: Value = serde_json::from_str(body).unwrap();
    journal["state"] = "prepared".into();
    fs::write(operation.join("journal"), sealed(&journal)).unwrap();
    let marker = json!({
        "operation": journal["operation"], "dir": operation, "created_backup_dir": true,
    });
    let path = dir.join("E00.edbmend-pending");
    fs::write(&path, sealed(&marker)).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    operation
}
