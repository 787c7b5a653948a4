//! Who can read what, before and after: whoever could not read a database or a log must not be able to read its copy,
//! its image, the log where it was moved to, or a report. And what was moved away and back is as it was: owner,
//! mode, ACL, attributes and times.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{XattrFlags, lgetxattr, llistxattr, setxattr};
use tempfile::TempDir;

use crate::harness::disks::{Volume, run as must};
use crate::harness::{
    Group, PROGRAM, Ran, finish, names, needs, operations_in, reset_words, spawn, text,
};

/// Who asks: the owner of some of the files, a member of their group, somebody named in ACLs, and a stranger. Each
/// with his user and his group.
const ASKERS: [(u32, u32); 4] = [(65534, 65534), (1001, 2001), (1002, 1002), (1003, 1003)];

/// How the folders are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Folders {
    Open,
    DefaultAcl,
    SetGid,
    /// The folder above lets nobody in.
    ShutAbove,
}

const FOLDERS: [Folders; 4] =
    [Folders::Open, Folders::DefaultAcl, Folders::SetGid, Folders::ShutAbove];

struct World {
    _root: TempDir,
    far: Option<Volume>,
    group: Group,
    above: PathBuf,
    umask: &'static str,
}

impl World {
    fn new(folders: Folders, umask: &'static str, is_apart: bool) -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), Permissions::from_mode(0o755)).unwrap();
        let above = root.path().join("above");
        fs::create_dir_all(above.join("group")).unwrap();
        let group = Group::at(&above.join("group"));
        group.edit("priv1.edb", |bytes| edbmend::practice::damage_full_backup(bytes));
        let far = is_apart.then(|| Volume::ext4(64));
        let world = Self { _root: root, far, group, above, umask };
        world.give_rights();
        for dir in [world.group.dir.clone(), world.backup_dir()] {
            if !dir.exists() {
                fs::create_dir(&dir).unwrap();
            }
            fs::set_permissions(&dir, Permissions::from_mode(0o755)).unwrap();
            match folders {
                Folders::DefaultAcl => {
                    let acl = ["-d", "-m", "u:1002:rwx,g:2001:rwx,o::rwx"];
                    must(Command::new("setfacl").args(acl).arg(&dir));
                }
                Folders::SetGid => {
                    chown(&dir, None, Some(2001)).unwrap();
                    fs::set_permissions(&dir, Permissions::from_mode(0o2755)).unwrap();
                }
                Folders::Open | Folders::ShutAbove => {}
            }
        }
        if folders == Folders::ShutAbove {
            fs::set_permissions(&world.above, Permissions::from_mode(0o700)).unwrap();
        }
        world
    }

    /// Files of different owners, modes, ACLs and attributes.
    fn give_rights(&self) {
        let rights = [
            ("priv1.edb", 65534, 2001, 0o640),
            ("priv1.stm", 65534, 2001, 0o600),
            ("pub1.edb", 0, 0, 0o600),
            ("E00.log", 65534, 2001, 0o644),
            ("E0000001.log", 65534, 2001, 0o060),
            ("E0000002.log", 0, 0, 0o600),
            ("E0000003.log", 65534, 2001, 0o640),
            ("E00.chk", 1001, 0, 0o4400),
        ];
        for (name, user, group, mode) in rights {
            let path = self.group.path(name);
            chown(&path, Some(user), Some(group)).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        }
        must(Command::new("setfacl").args(["-m", "u:1002:r"]).arg(self.group.path("E0000002.log")));
        let noted = self.group.path("E0000003.log");
        setxattr(&noted, "user.note", b"keep", XattrFlags::empty()).unwrap();
        setxattr(&noted, "trusted.note", b"keep", XattrFlags::empty()).unwrap();
    }

    fn backup_dir(&self) -> PathBuf {
        let around = self.far.as_ref().map_or(self.group.dir.as_path(), Volume::path);
        around.join("edbmend")
    }

    /// Runs the program under the umask. It must succeed.
    fn run(&self, words: &[String]) -> Ran {
        let mut shell = Command::new("sh");
        shell.args(["-c", "umask $0; exec \"$@\"", self.umask, PROGRAM]).args(words);
        let log = self.group.dir.join("run.txt");
        shell.args(["--backup-dir", text(&self.backup_dir()), "--log-file", text(&log)]);
        let ran = finish(spawn(&mut shell));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran
    }

    /// The files that each asker can read.
    fn readable(&self) -> BTreeMap<u32, BTreeSet<PathBuf>> {
        let mut files = Vec::new();
        files_in(&self.above, &mut files);
        self.far.iter().for_each(|far| files_in(far.path(), &mut files));
        let asked = ASKERS.map(|(user, group)| {
            let mut shell = Command::new("setpriv");
            shell.args([&format!("--reuid={user}"), &format!("--regid={group}"), "--clear-groups"]);
            const TRY: &str =
                "for it; do head -c 1 \"$it\" >/dev/null 2>&1 && echo \"$it\"; done; :";
            shell.args(["sh", "-c", TRY, "sh"]).args(&files);
            let said = String::from_utf8(shell.output().unwrap().stdout).unwrap();
            (user, said.lines().map(PathBuf::from).collect())
        });
        asked.into()
    }

    /// Everything that is known of the files of the group but their content.
    fn facts(&self) -> BTreeMap<OsString, impl PartialEq + std::fmt::Debug + use<>> {
        let all = names(&self.group.dir).into_iter().map(|name| (self.group.dir.join(&name), name));
        let files = all.filter(|(path, name)| path.is_file() && name != "run.txt");
        let facts = files.map(|(path, name)| {
            let status = fs::symlink_metadata(&path).unwrap();
            // A repair and its undo write to the database.
            let is_written = path.extension().is_some_and(|extension| extension == "edb");
            let time = (!is_written).then(|| (status.mtime(), status.mtime_nsec()));
            (name, (status.mode(), status.uid(), status.gid(), time, attributes(&path)))
        });
        facts.collect()
    }

    /// Refuses a file that somebody can read now who could not read what it was made of.
    fn expect_no_more(&self, before: &BTreeMap<u32, BTreeSet<PathBuf>>, what: &str) {
        for (user, now) in self.readable() {
            for file in now {
                let source = self.source_of(&file);
                let could = before[&user].contains(&source);
                assert!(could, "{what}: user {user} reads {}", file.display());
            }
        }
    }

    /// The file of the group that a file was made of; whatever is no log, of the database.
    fn source_of(&self, file: &Path) -> PathBuf {
        let name = file.file_name().unwrap().to_str().unwrap();
        let is_of_group = names(&self.group.dir).iter().any(|it| it == name) && name != "run.txt";
        let is_log = name.ends_with(".log") || name.ends_with(".chk");
        if is_log || is_of_group { self.group.path(name) } else { self.group.path("priv1.edb") }
    }
}

fn files_in(dir: &Path, found: &mut Vec<PathBuf>) {
    for name in names(dir) {
        let path = dir.join(name);
        if path.is_dir() { files_in(&path, found) } else { found.push(path) }
    }
}

/// The extended attributes of a file; its ACL is one.
fn attributes(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut list = vec![0u8; 4096];
    let length = llistxattr(path, list.as_mut_slice()).unwrap();
    let names = list[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let of = |name: &[u8]| {
        let name = String::from_utf8(name.to_vec()).unwrap();
        let mut value = vec![0u8; 4096];
        let length = lgetxattr(path, name.as_str(), value.as_mut_slice()).unwrap();
        value.truncate(length);
        (name, value)
    };
    names.map(of).collect()
}

fn nobody_reads_more(folders: Folders, umask: &'static str, is_apart: bool) {
    let world = World::new(folders, umask, is_apart);
    let (before, facts) = (world.readable(), world.facts());
    let owner_reads = before[&65534].contains(&world.group.path("priv1.edb"));
    assert_eq!(owner_reads, folders != Folders::ShutAbove);
    let database = text(&world.group.path("priv1.edb")).to_owned();
    let words = |words: &[&str], path: &str| {
        words.iter().chain(&[path]).map(|word| (*word).to_owned()).collect::<Vec<_>>()
    };
    let undo = || {
        let last = operations_in(&world.backup_dir()).into_iter().next_back().unwrap();
        words(&["restore", "--yes", "--json"], text(&last))
    };
    let what = |deed: &str| format!("{folders:?}, umask {umask}, apart {is_apart}: {deed}");
    world.run(&reset_words(&["--yes", "--json"], &world.group.dir));
    world.expect_no_more(&before, &what("a reset"));
    world.run(&undo());
    world.expect_no_more(&before, &what("its undo"));
    assert_eq!(world.facts(), facts, "{}", what("a reset and its undo"));
    // Operation folders are sorted by their second.
    std::thread::sleep(std::time::Duration::from_secs(1));
    world.run(&words(&["repair", "--yes", "--json"], &database));
    world.expect_no_more(&before, &what("a repair"));
    world.run(&undo());
    world.expect_no_more(&before, &what("its undo"));
    assert_eq!(world.facts(), facts, "{}", what("a repair and its undo"));
}

#[test]
#[ignore = "needs root"]
fn what_is_readable_after_was_readable_before() {
    needs::another_user();
    needs::programs(&["setfacl"]);
    for folders in FOLDERS {
        for umask in ["000", "022", "077"] {
            for is_apart in [false, true] {
                nobody_reads_more(folders, umask, is_apart);
            }
        }
    }
}
