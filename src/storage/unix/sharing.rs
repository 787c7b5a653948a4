//! Whether somebody else can change a file, or what is in a folder.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, fstat, openat};

use super::super::status::{Others, Sharing};
use super::acl::{Writer, nfs4_writers, posix_writers};
use super::attribute::value_of;
use super::open_files;

/// How the writers in a list are read.
type Reader = fn(&[u8]) -> Option<Vec<Writer>>;

/// The lists that a file system may have. Of the last two kinds nobody here knows the form.
const LISTS: [(&CStr, Reader); 4] = [
    (c"system.posix_acl_access", posix_writers),
    (c"system.nfs4_acl", nfs4_writers),
    (c"system.nfs4_acl_xdr", |_| None),
    (c"system.richacl", |_| None),
];

/// `f_type` of file systems whose modes are those of the mount, or of another machine (`statfs(2)`).
const WITHOUT_MODES: [(i64, &str); 8] = [
    (0x6573_5546, "a file system in user space such as ntfs-3g"),
    (0x4d44, "vfat"),
    (0x2011_bab0, "exfat"),
    (0x5346_544e, "ntfs"),
    (0x7366_746e, "ntfs3"),
    (0xff53_4d42, "a share (SMB)"),
    (0xfe53_4d42, "a share (SMB)"),
    (0x517b, "a share (SMB)"),
];

/// Who but root and the user of this process can change what has this name in a folder.
pub fn sharing_at(base: &impl AsFd, name: &Path) -> io::Result<Sharing> {
    let open = |flags| openat(base, name, flags | OFlags::CLOEXEC, Mode::empty());
    // A folder that can be listed tells without /proc.
    if let Ok(folder) = open(OFlags::RDONLY | OFlags::DIRECTORY) {
        return sharing(&folder);
    }
    let named = open(OFlags::PATH)?;
    let is_file = FileType::from_raw_mode(fstat(&named)?.st_mode).is_file();
    if open_files::are_named() || !is_file {
        return sharing(&named);
    }
    let opened = open(OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK)?;
    let identity = |file: &OwnedFd| fstat(file).map(|stat| (stat.st_dev, stat.st_ino));
    if identity(&opened)? != identity(&named)? {
        return Err(io::Error::other("somebody exchanged it while it was looked at"));
    }
    sharing(&opened)
}

/// Who but root and the user of this process can change a file, or what is in a folder.
pub fn sharing(of: &impl AsFd) -> io::Result<Sharing> {
    let status = fstat(of)?;
    let (owner, group) = (status.st_uid, status.st_gid);
    let kind = rustix::fs::fstatfs(of)?.f_type;
    let without_modes = WITHOUT_MODES.iter().find(|(magic, _)| *magic == kind);
    let without_modes = without_modes.map(|(_, name)| *name);
    let by = if !is_ours(owner) {
        Some(Others::Owner(owner))
    } else if status.st_mode & 0o002 != 0 {
        Some(Others::Everybody)
    } else {
        let by_mode = (status.st_mode & 0o020 != 0).then_some(Writer::ItsGroup);
        match writers(of, by_mode, without_modes.is_none()) {
            Some(writers) => writers.into_iter().find_map(|writer| other(writer, owner, group)),
            None => Some(Others::List),
        }
    };
    Ok(Sharing { by, without_modes })
}

fn is_ours(user: u32) -> bool {
    user == 0 || user == rustix::process::geteuid().as_raw()
}

/// Who can write to a file beside its owner: those in its lists, or, where it has none, who can by its mode. With a
/// list the bits of the group in the mode are its mask, not a grant. `None` where a list cannot be read.
fn writers(of: &impl AsFd, by_mode: Option<Writer>, has_modes: bool) -> Option<Vec<Writer>> {
    let mut listed: Option<Vec<Writer>> = None;
    for (name, read) in LISTS {
        match value_of(of, name) {
            Ok(Some(value)) => listed.get_or_insert_default().extend(read(&value)?),
            Err(_) if has_modes => return None,
            Ok(None) | Err(_) => {}
        }
    }
    Some(listed.unwrap_or_else(|| by_mode.into_iter().collect()))
}

/// Who that is, unless he is root or the user of this process.
fn other(writer: Writer, owner: u32, group: u32) -> Option<Others> {
    // The group of the same number as its owner is his alone, by convention; root's group is root's.
    let by_group = |group| (group != 0 && group != owner).then_some(Others::Group(group));
    match writer {
        Writer::ItsGroup => by_group(group),
        Writer::Group(group) => by_group(group),
        Writer::User(user) => (!is_ours(user)).then_some(Others::User(user)),
        Writer::Named => Some(Others::List),
    }
}
