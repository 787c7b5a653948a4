//! Who may do what with a file or folder: what a copy takes over from its original, and whether somebody
//! else can change what is in a folder.

use std::ffi::CStr;
use std::fs::{self, Permissions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

use rustix::fs::{Timespec, Timestamps, XattrFlags};
use rustix::io::Errno;

use super::super::status::{Others, Sharing};

const ACL: &CStr = c"system.posix_acl_access";
const DEFAULT_ACL: &CStr = c"system.posix_acl_default";

/// Longest value of an attribute, in bytes (`XATTR_SIZE_MAX` of `limits.h`).
const LONGEST_VALUE: usize = 65536;

/// Extended attributes that are taken over as they are. The ACL is one, too, but has its own rules.
const KEPT_ATTRIBUTES: [&[u8]; 3] = [b"user.", b"security.", b"trusted."];

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

/// Takes away what a new file or folder has inherited from the default ACL of its folder.
pub fn strip_inherited(new: &fs::File) -> io::Result<()> {
    remove(new, ACL)?;
    remove(new, DEFAULT_ACL)
}

fn remove(file: &fs::File, name: &CStr) -> io::Result<()> {
    match rustix::fs::fremovexattr(file, name) {
        // ntfs-3g answers a default ACL on a file with ACCESS, others with INVAL: it has none.
        Ok(()) | Err(Errno::NODATA | Errno::OPNOTSUPP | Errno::INVAL | Errno::ACCESS) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Gives a copy owner, ACL, attributes, mode and times of its original, and never grants more than that.
pub fn adopt(copy: &fs::File, original: &fs::File) -> io::Result<()> {
    let metadata = original.metadata()?;
    let owned = fchown(copy, Some(metadata.uid()), Some(metadata.gid())).is_ok();
    for name in attributes_of(original) {
        // A label that only the system may set is set by it.
        let value = value_of(original, &name).ok().flatten();
        let _ = value.map(|value| rustix::fs::fsetxattr(copy, &name, &value, XattrFlags::empty()));
    }
    let mode = metadata.permissions().mode() & 0o7777;
    // With an ACL the group bits are a mask, not a grant: without the ACL they would give more.
    let exact = owned && copy_acl(original, copy)?;
    let mode = if exact { mode } else { mode & 0o700 };
    copy.set_permissions(Permissions::from_mode(mode))?;
    set_times(copy, &metadata)
}

/// Copies the POSIX ACL, or takes away that of the copy; `true` where the copy now grants no more.
fn copy_acl(original: &fs::File, copy: &fs::File) -> io::Result<bool> {
    match value_of(original, ACL) {
        Ok(Some(value)) => {
            let set = rustix::fs::fsetxattr(copy, ACL, &value, XattrFlags::empty());
            if set.is_err() {
                remove(copy, ACL)?;
            }
            Ok(set.is_ok())
        }
        Ok(None) => remove(copy, ACL).map(|()| true),
        Err(_) => remove(copy, ACL).map(|()| false),
    }
}

/// The value of an attribute; `None` where there is none.
fn value_of(file: &fs::File, name: &CStr) -> io::Result<Option<Vec<u8>>> {
    let mut value = vec![0u8; LONGEST_VALUE];
    match rustix::fs::fgetxattr(file, name, value.as_mut_slice()) {
        Ok(length) => {
            value.truncate(length);
            Ok(Some(value))
        }
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The names of the attributes that are taken over.
fn attributes_of(file: &fs::File) -> Vec<std::ffi::CString> {
    let mut names = vec![0u8; LONGEST_VALUE];
    let length = rustix::fs::flistxattr(file, names.as_mut_slice()).unwrap_or(0);
    let names = names[..length].split(|byte| *byte == 0);
    let kept = names.filter(|name| KEPT_ATTRIBUTES.iter().any(|kind| name.starts_with(kind)));
    kept.filter_map(|name| std::ffi::CString::new(name).ok()).collect()
}

fn set_times(file: &fs::File, metadata: &fs::Metadata) -> io::Result<()> {
    let times = Timestamps {
        last_access: Timespec { tv_sec: metadata.atime(), tv_nsec: metadata.atime_nsec() },
        last_modification: Timespec { tv_sec: metadata.mtime(), tv_nsec: metadata.mtime_nsec() },
    };
    Ok(rustix::fs::futimens(file, &times)?)
}

/// Who but root and the user of this process can change a file, or what is in a folder.
pub fn sharing(of: &impl AsFd) -> io::Result<Sharing> {
    let status = rustix::fs::fstat(of)?;
    let (owner, group) = (status.st_uid, status.st_gid);
    let is_ours = owner == 0 || owner == rustix::process::geteuid().as_raw();
    // The group of the same number as its owner is his alone, by convention; root's group is root's.
    let group_is_alone = (group == 0 || group == owner) && !has_acl(of);
    let for_all = status.st_mode & 0o002 != 0;
    let for_group = status.st_mode & 0o020 != 0 && !group_is_alone;
    let by = if !is_ours {
        Some(Others::Owner(owner))
    } else if for_all {
        Some(Others::Everybody)
    } else if for_group {
        Some(Others::Group(group))
    } else {
        None
    };
    let kind = rustix::fs::fstatfs(of)?.f_type;
    let without = WITHOUT_MODES.iter().find(|(magic, _)| *magic == kind);
    Ok(Sharing { by, without_modes: without.map(|(_, name)| *name) })
}

fn has_acl(of: &impl AsFd) -> bool {
    // A descriptor that only names a file (O_PATH) is asked by its name in /proc.
    use std::os::fd::AsRawFd;
    let path = format!("/proc/self/fd/{}", of.as_fd().as_raw_fd());
    rustix::fs::getxattr(path.as_str(), ACL, &mut [0u8; 0][..]).is_ok_and(|length| length > 0)
}
