//! What a copy takes over from its original: owner, mode, ACL, attributes and times.

use std::ffi::CStr;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

use rustix::fs::{Timespec, Timestamps, XattrFlags};
use rustix::io::Errno;

use super::attribute::{LONGEST_VALUE, value_of};

const ACL: &CStr = c"system.posix_acl_access";
const DEFAULT_ACL: &CStr = c"system.posix_acl_default";

/// Extended attributes that are taken over as they are. The ACL is one, too, but has its own rules.
const KEPT_ATTRIBUTES: [&[u8]; 3] = [b"user.", b"security.", b"trusted."];

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
