//! Opening a file that is there.

use std::fs;
use std::io;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use super::super::file_system::{Access, BUSY_PAUSE, BUSY_TRIES};
use super::names::open_at;

/// A file on which somebody holds a lease cannot be opened without waiting. Most holders (Samba for
/// one) let go as soon as they hear of the attempt.
pub(super) fn open_patiently(path: &Path, access: Access) -> io::Result<fs::File> {
    let tries = if access == Access::Read { BUSY_TRIES } else { 1 };
    for _ in 1..tries {
        match open_without_atime(path, access) {
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(BUSY_PAUSE),
            result => return result,
        }
    }
    open_without_atime(path, access)
}

/// `O_NOATIME` is granted to the owner of the file only; others read with the usual access time.
fn open_without_atime(path: &Path, access: Access) -> io::Result<fs::File> {
    let write = if access == Access::ReadWrite { OFlags::RDWR } else { OFlags::RDONLY };
    let flags = write | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    match open_at(path, flags | OFlags::NOATIME, Mode::empty()) {
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
            open_at(path, flags, Mode::empty())
        }
        result => result,
    }
}
