//! Folders that are kept open, so that what is done in them is done in these, whatever their names lead to
//! meanwhile.
//!
//! Each call of the disk looks here first. A path into a folder that is held goes on from its descriptor,
//! and follows no link on the way (`openat2(2)`, or component by component where the kernel lacks it). Every
//! other path is resolved by the system as usual.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, openat, openat2, statat};
use rustix::io::{Errno, retry_on_intr};

use crate::show::shown;

use super::open_files;

/// Most links that are followed on the way to one folder, as in the kernel.
const MOST_LINKS: usize = 40;

/// The folders that are held, the latest last.
static HELD: RwLock<Vec<Entry>> = RwLock::new(Vec::new());

struct Entry {
    path: PathBuf,
    folder: Arc<OwnedFd>,
}

/// A link on the way that somebody made who is neither root nor the user of this process.
#[derive(Debug, thiserror::Error)]
#[error("{} is a symbolic link that another user made (uid {user})", shown(link))]
pub struct ForeignLink {
    link: PathBuf,
    user: u32,
}

/// Lets go of a folder when it is dropped.
pub struct Hold(Arc<OwnedFd>);

impl Drop for Hold {
    fn drop(&mut self) {
        let mut held = HELD.write().unwrap_or_else(PoisonError::into_inner);
        held.retain(|entry| !Arc::ptr_eq(&entry.folder, &self.0));
    }
}

/// Opens a folder and keeps it. Links on the way are followed where root or the user of this process made
/// them: nobody else says where we write.
pub fn hold(path: &Path) -> io::Result<Hold> {
    let folder = Arc::new(open_folder(path)?);
    let entry = Entry { path: path.to_owned(), folder: Arc::clone(&folder) };
    HELD.write().unwrap_or_else(PoisonError::into_inner).push(entry);
    Ok(Hold(folder))
}

/// Where a name is looked up.
pub enum Base {
    /// By the system, from the path as it is.
    Path,
    /// In a folder that is held.
    Held(Arc<OwnedFd>),
    /// In a folder below one that is held.
    Below(OwnedFd),
}

impl AsFd for Base {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Path => CWD,
            Self::Held(folder) => folder.as_fd(),
            Self::Below(folder) => folder.as_fd(),
        }
    }
}

/// A name, and the folder that it is in.
pub struct Place<'a> {
    /// The folder.
    pub base: Base,
    /// The name in it; the whole path where the system resolves it.
    pub name: &'a Path,
}

/// Where a path leads.
pub fn place(path: &Path) -> io::Result<Place<'_>> {
    let by_path = Place { base: Base::Path, name: path };
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Ok(by_path) };
    let base = base_of(parent)?;
    let name = if matches!(base, Base::Path) { path } else { Path::new(name) };
    Ok(Place { base, name })
}

/// The folder that a path names, where it is held or lies below one that is; else the path.
pub fn folder(path: &Path) -> io::Result<Place<'_>> {
    let base = base_of(path)?;
    let name = if matches!(base, Base::Path) { path } else { Path::new(".") };
    Ok(Place { base, name })
}

fn base_of(dir: &Path) -> io::Result<Base> {
    let Some((held, rest)) = nearest(dir) else { return Ok(Base::Path) };
    if rest.as_os_str().is_empty() {
        return Ok(Base::Held(held));
    }
    Ok(Base::Below(open_below(held.as_fd(), &rest)?))
}

/// The held folder that is nearest to a path, and the way on from there.
fn nearest(path: &Path) -> Option<(Arc<OwnedFd>, PathBuf)> {
    let held = HELD.read().unwrap_or_else(PoisonError::into_inner);
    // Nearly always it is one that is held itself.
    if let Some(entry) = held.iter().rev().find(|entry| entry.path.as_os_str() == path.as_os_str())
    {
        return Some((Arc::clone(&entry.folder), PathBuf::new()));
    }
    let ways = held
        .iter()
        .rev()
        .filter_map(|entry| Some((entry, path.strip_prefix(&entry.path).ok()?.to_owned())));
    let (entry, rest) = ways.min_by_key(|(_, rest)| rest.components().count())?;
    Some((Arc::clone(&entry.folder), rest))
}

const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// A folder below another; no link is followed, and nothing leads out of it.
fn open_below(base: BorrowedFd, rest: &Path) -> io::Result<OwnedFd> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    match retry_on_intr(|| openat2(base, rest, FOLDER, Mode::empty(), resolve)) {
        Err(Errno::NOSYS | Errno::PERM) => step_by_step(base, rest),
        opened => Ok(opened?),
    }
}

fn step_by_step(base: BorrowedFd, rest: &Path) -> io::Result<OwnedFd> {
    let mut reached: Option<OwnedFd> = None;
    for component in rest.components() {
        let Component::Normal(name) = component else { return Err(Errno::XDEV.into()) };
        let from = reached.as_ref().map_or(base, AsFd::as_fd);
        reached = Some(open_step(from, name)?);
    }
    reached.ok_or_else(|| Errno::INVAL.into())
}

fn open_step(from: BorrowedFd, name: &OsStr) -> io::Result<OwnedFd> {
    let flags = FOLDER | OFlags::NOFOLLOW;
    Ok(retry_on_intr(|| openat(from, name, flags, Mode::empty()))?)
}

/// Opens a folder by a path that somebody gave.
fn open_folder(path: &Path) -> io::Result<OwnedFd> {
    match base_of(path) {
        Ok(Base::Path) => {}
        Ok(Base::Held(held)) => return held.try_clone(),
        Ok(Base::Below(below)) => return Ok(below),
        Err(error) if is_link(&error) => return by_own_links(path),
        Err(error) => return Err(error),
    }
    let resolve = ResolveFlags::NO_SYMLINKS;
    match retry_on_intr(|| openat2(CWD, path, FOLDER, Mode::empty(), resolve)) {
        Err(Errno::LOOP | Errno::NOSYS | Errno::PERM) => by_own_links(path),
        opened => Ok(opened?),
    }
}

/// Where a folder is that a path leads to, without links. On the way only those of root or the user of this
/// process are followed.
pub fn real_path(dir: &Path) -> io::Result<PathBuf> {
    let folder = open_folder(dir)?;
    // Without /proc nobody knows better than the name.
    std::fs::read_link(open_files::name_of(&folder)).or_else(|_| dir.canonicalize())
}

/// Whether a link was met that was not to be followed.
fn is_link(error: &io::Error) -> bool {
    [Errno::LOOP, Errno::NOTDIR]
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// Walks to a folder; a link on the way must be root's or ours.
fn by_own_links(path: &Path) -> io::Result<OwnedFd> {
    let path = std::path::absolute(path)?;
    let mut links = 0;
    let mut ahead: Vec<PathBuf> = parts(&path);
    let mut walked = vec![open_root()?];
    while let Some(part) = ahead.pop() {
        if part == Path::new("..") {
            if walked.len() > 1 {
                walked.pop();
            }
            continue;
        }
        let here = walked.last().map_or(CWD, AsFd::as_fd);
        match open_step(here, part.as_os_str()) {
            Ok(folder) => walked.push(folder),
            Err(error) => {
                let target = own_link(here, &part)?.ok_or(error)?;
                links += 1;
                if links > MOST_LINKS {
                    return Err(Errno::LOOP.into());
                }
                if target.is_absolute() {
                    walked = vec![open_root()?];
                }
                ahead.extend(parts(&target));
            }
        }
    }
    walked.pop().ok_or_else(|| Errno::INVAL.into())
}

/// The names on a way, the first one last.
fn parts(path: &Path) -> Vec<PathBuf> {
    let is_name = |part: &Component| matches!(part, Component::Normal(_) | Component::ParentDir);
    let names = path.components().filter(is_name);
    let mut parts: Vec<PathBuf> = names.map(|part| PathBuf::from(part.as_os_str())).collect();
    parts.reverse();
    parts
}

fn open_root() -> io::Result<OwnedFd> {
    Ok(openat(CWD, "/", FOLDER, Mode::empty())?)
}

/// Where a link leads; `None` of what is no link, an error for one that somebody else made.
fn own_link(dir: BorrowedFd, name: &Path) -> io::Result<Option<PathBuf>> {
    use std::os::unix::ffi::OsStringExt;
    let status = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(status.st_mode) != FileType::Symlink {
        return Ok(None);
    }
    if status.st_uid != 0 && status.st_uid != rustix::process::geteuid().as_raw() {
        let foreign = ForeignLink { link: name.to_owned(), user: status.st_uid };
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, foreign));
    }
    let target = rustix::fs::readlinkat(dir, name, Vec::new())?;
    Ok(Some(std::ffi::OsString::from_vec(target.into_bytes()).into()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::super::Disk;
    use super::*;
    use crate::storage::{Access, Storage};

    #[test]
    fn a_held_folder_stays_the_same_whatever_its_name_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        let (dir, other) = (folder.path().join("a"), folder.path().join("b"));
        fs::create_dir_all(dir.join("in")).unwrap();
        fs::create_dir_all(other.join("in")).unwrap();
        let held = Disk.hold_folder(&dir).unwrap();
        let moved = folder.path().join("moved");
        fs::rename(&dir, &moved).unwrap();
        symlink(&other, &dir).unwrap();
        Disk.create(&dir.join("x")).unwrap().write_at(b"1", 0).unwrap();
        Disk.create_dir(&dir.join("in/y")).unwrap();
        assert!(Disk.open(&dir.join("x"), Access::Read).is_ok());
        assert_eq!(Disk.list(&dir.join("in")).unwrap(), ["y"]);
        assert!(moved.join("x").exists() && moved.join("in/y").exists());
        assert_eq!(fs::read_dir(other.join("in")).unwrap().count(), 0);
        drop(held);
        assert!(Disk.status(&dir.join("x")).unwrap_err().is_not_found());
    }

    #[test]
    fn no_link_is_followed_below_a_held_folder() {
        let folder = tempfile::tempdir().unwrap();
        let (dir, other) = (folder.path().join("a"), folder.path().join("b"));
        fs::create_dir(&dir).unwrap();
        fs::create_dir(&other).unwrap();
        symlink(&other, dir.join("link")).unwrap();
        let _held = Disk.hold_folder(&dir).unwrap();
        for path in ["link/x", "../b/x"] {
            assert!(Disk.create(&dir.join(path)).is_err(), "{path}");
        }
        assert!(step_by_step(open_folder(&dir).unwrap().as_fd(), Path::new("link/x")).is_err());
        assert_eq!(fs::read_dir(&other).unwrap().count(), 0);
    }

    #[test]
    fn links_of_ones_own_are_followed_on_the_way_to_a_folder_to_hold() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("a");
        fs::create_dir_all(dir.join("in")).unwrap();
        symlink("a/../a", folder.path().join("link")).unwrap();
        let _held = Disk.hold_folder(&folder.path().join("link/in")).unwrap();
        Disk.create(&folder.path().join("link/in/x")).unwrap();
        assert!(dir.join("in/x").exists());
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::lchown(folder.path().join("link"), Some(65534), None).unwrap();
            let error = Disk.hold_folder(&folder.path().join("link")).err().unwrap();
            assert!(error.is_foreign_link(), "{error}");
        }
    }
}
