//! What a file system is, and through which mount a path reaches it.

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Stat, StatxAttributes, StatxFlags, statx};

use super::held;
use super::names::entries_of;
use super::project;

/// `f_type` of file systems on which upper and lower case may be one: vfat, exfat, ntfs, ntfs3, those in user
/// space, SMB, HFS+, and APFS (`statfs(2)`).
const MAY_FOLD: [i64; 10] = [
    0x4d44,
    0x2011_bab0,
    0x5346_544e,
    0x7366_746e,
    0x6573_5546,
    0xff53_4d42,
    0xfe53_4d42,
    0x517b,
    0x482b,
    0x4253_584e,
];

/// `f_type` of file systems whose files keep their numbers on the medium: ext2 to ext4, xfs, btrfs, f2fs, and
/// tmpfs as long as it lives (`statfs(2)`). Others make numbers up when a file is looked at.
const KEEP_NUMBERS: [i64; 5] = [0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010, 0x0102_1994];

/// `FS_CASEFOLD_FL` of ext4, f2fs and tmpfs (`linux/fs.h`).
const CASEFOLD_FLAG: u32 = 0x4000_0000;

/// What the system says of a path, links followed.
pub fn status(path: &Path) -> Option<Stat> {
    let place = held::folder(path).or_else(|_| held::place(path)).ok()?;
    rustix::fs::statat(&place.base, place.name, AtFlags::empty()).ok()
}

/// The kind of the file system that a path is on.
pub fn kind(path: &Path) -> Option<i64> {
    let place = held::folder(path).or_else(|_| held::place(path)).ok()?;
    if matches!(place.base, held::Base::Path) {
        return Some(rustix::fs::statfs(path).ok()?.f_type);
    }
    Some(rustix::fs::fstatfs(&place.base).ok()?.f_type)
}

/// The nearest folder above a path that is there, or the path itself.
pub fn nearest(path: &Path) -> Option<&Path> {
    path.ancestors().find(|dir| status(dir).is_some())
}

/// Whether files can be renamed between two folders: the kernel does it within one mount only, also where
/// two mounts show one volume.
pub fn are_one(from: &Path, to: &Path) -> bool {
    let (Some(from), Some(to)) = (nearest(from), nearest(to)) else { return false };
    let volume = |path| status(path).map(|status| status.st_dev);
    volume(from) == volume(to) && mount(from) == mount(to) && project::may_rename(from, to)
}

/// The mount that a path is reached by; `None` where the kernel does not tell.
pub fn mount(path: &Path) -> Option<u64> {
    let place = held::folder(path).ok()?;
    let asked = StatxFlags::MNT_ID;
    let answer = statx(&place.base, place.name, AtFlags::empty(), asked).ok()?;
    (answer.stx_mask & asked.bits() != 0).then_some(answer.stx_mnt_id)
}

/// Whether a file or folder is immutable or append-only, where its file system tells (`chattr(1)`).
pub fn is_fixed(path: &Path) -> bool {
    let Ok(place) = held::folder(path).or_else(|_| held::place(path)) else { return false };
    let answer = statx(&place.base, place.name, AtFlags::empty(), StatxFlags::empty());
    let fixed = StatxAttributes::IMMUTABLE | StatxAttributes::APPEND;
    answer
        .is_ok_and(|answer| (answer.stx_attributes & answer.stx_attributes_mask).intersects(fixed))
}

/// Whether files in a folder keep their numbers.
pub fn keeps_numbers(dir: &Path) -> bool {
    kind(dir).is_some_and(|kind| KEEP_NUMBERS.contains(&kind))
}

/// Whether a folder, or the one that it will be made in, may take two names for one. A name that is there is
/// asked for in the other case; where there is none to ask for, the kind of the file system answers.
pub fn may_fold_case(dir: &Path) -> bool {
    let Some(dir) = nearest(dir) else { return true };
    if let Some(folds) = tried(dir) {
        return folds;
    }
    is_marked(dir) || kind(dir).is_none_or(|kind| MAY_FOLD.contains(&kind))
}

/// What a name that is there says; `None` where none has a letter.
fn tried(dir: &Path) -> Option<bool> {
    let inside = entries_of(dir).ok()?.flatten();
    inside.take(16).find_map(|(name, _)| {
        let (path, turned) = (dir.join(&name), other_case(&name)?);
        let (one, other) = (status(&path)?, status(&path.with_file_name(turned)));
        Some(other.is_some_and(|other| (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)))
    })
}

fn other_case(name: &OsStr) -> Option<PathBuf> {
    let turn = |byte: &u8| match byte {
        b'a'..=b'z' => byte.to_ascii_uppercase(),
        _ => byte.to_ascii_lowercase(),
    };
    let turned: Vec<u8> = name.as_bytes().iter().map(turn).collect();
    (turned != name.as_bytes()).then(|| std::ffi::OsString::from_vec(turned).into())
}

/// Whether the folder is marked to fold the case of its names.
fn is_marked(dir: &Path) -> bool {
    let flags = std::fs::File::open(dir).ok().and_then(|dir| rustix::fs::ioctl_getflags(dir).ok());
    flags.is_some_and(|flags| flags.bits() & CASEFOLD_FLAG != 0)
}
