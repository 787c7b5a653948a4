//! Project ids, by which file systems count room (`xfs_quota(8)`, `chattr(1)`): no file is renamed into a folder that
//! gives another id to what is in it.

use std::fs::File;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::path::Path;

/// `FS_IOC_FSGETXATTR` (`linux/fs.h`).
const GET_EXTENDED_FLAGS: u64 = 0x801c_581f;

/// `FS_XFLAG_PROJINHERIT`: what is made in a folder gets its id.
const INHERITED: u32 = 0x200;

/// `struct fsxattr` (`linux/fs.h`).
#[repr(C)]
struct ExtendedFlags {
    flags: u32,
    _extent_size: u32,
    _extents: u32,
    project: u32,
    _more: [u32; 3],
}

/// Whether the ids allow files to be renamed from one folder to the other, and back.
pub fn may_rename(from: &Path, to: &Path) -> bool {
    match (of(from), of(to)) {
        (Some(from), Some(to)) => {
            (from.flags | to.flags) & INHERITED == 0 || from.project == to.project
        }
        // A file system without them.
        _ => true,
    }
}

fn of(dir: &Path) -> Option<ExtendedFlags> {
    let dir = File::open(dir).ok()?;
    let mut answer = MaybeUninit::<ExtendedFlags>::zeroed();
    // SAFETY: the request writes one `struct fsxattr`, for which there is room; all zeros are one, too.
    let answered =
        unsafe { libc::ioctl(dir.as_raw_fd(), GET_EXTENDED_FLAGS as _, answer.as_mut_ptr()) };
    // SAFETY: it was zeroed.
    (answered == 0).then(|| unsafe { answer.assume_init() })
}
