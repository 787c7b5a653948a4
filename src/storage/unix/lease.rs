//! Leases of Linux (`fcntl(2)`, `F_SETLEASE`): a write lease is granted while nobody else has the file open.

use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// `f_type` of every file system in user space: ntfs-3g, sshfs and others.
const FUSE: i64 = 0x6573_5546;

/// Such a file system is not asked for a lease: the kernel grants one by what it knows itself.
const FUSE_LEASE: &str = "a file system in user space (FUSE) may be in use by another machine or by \
                          another way that this one does not hear of";

/// `f_type` of overlayfs (`statfs(2)`).
pub const OVERLAYFS: i64 = 0x794c_7630;

/// The lease is on the file of the overlay; who opens the one in its upper layer is not noticed.
const OVERLAYFS_LEASE: &str = "on an overlay (overlayfs, as in a container) the file may be open in the layer \
                               below it, and no lease tells";

/// Where the kernel says after how many seconds it takes a lease away from a process that does not give it
/// back (`proc_sys_fs(5)`).
const BREAK_TIME: &str = "/proc/sys/fs/lease-break-time";

/// The kernel sends SIGIO when somebody opens a leased file; its default kills the process. The
/// lease itself is asked before each write, so the signal has nothing to say. `false` where it cannot
/// be handled.
pub(super) fn outlives_its_signal() -> bool {
    static IS_HANDLED: OnceLock<bool> = OnceLock::new();
    *IS_HANDLED.get_or_init(|| signal_hook::flag::register(libc::SIGIO, Arc::default()).is_ok())
}

/// Asks for a lease, or gives it back.
pub(super) fn set(file: &fs::File, kind: libc::c_int) -> io::Result<()> {
    // SAFETY: F_SETLEASE takes an open descriptor, which `file` keeps alive, and an integer.
    match unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, kind) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// The lease we hold; once somebody else tries to open the file, what we must reduce it to.
pub(super) fn get(file: &fs::File) -> libc::c_int {
    // SAFETY: F_GETLEASE takes an open descriptor, which `file` keeps alive.
    unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETLEASE) }
}

/// Why a lease that was granted on a file does not prove that nobody else has it open.
pub(super) fn that_proves_nothing(file: &fs::File) -> Option<&'static str> {
    match rustix::fs::fstatfs(file).ok()?.f_type {
        FUSE => Some(FUSE_LEASE),
        OVERLAYFS => Some(OVERLAYFS_LEASE),
        _ => None,
    }
}

/// How long somebody waits who opens a leased file; `None` where he waits for as long as it is held.
pub(super) fn break_time() -> Option<Duration> {
    break_time_by(fs::read_to_string(BREAK_TIME).ok().as_deref())
}

/// The lease-break time by what the kernel says: whole seconds; it never takes a lease away where they are
/// not above 0 (`__break_lease` in fs/locks.c). Where it does not say, the least that it can be set to.
fn break_time_by(said: Option<&str>) -> Option<Duration> {
    let seconds = said.and_then(|text| text.trim().parse::<i64>().ok()).unwrap_or(1);
    u64::try_from(seconds).ok().filter(|&seconds| seconds > 0).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lease_break_time_is_that_of_the_kernel_or_the_least() {
        assert_eq!(break_time_by(Some("45\n")), Some(Duration::from_secs(45)));
        assert_eq!(break_time_by(Some("1\n")), Some(Duration::from_secs(1)));
        assert_eq!(break_time_by(Some("0\n")), None);
        assert_eq!(break_time_by(Some("-1\n")), None);
        for said in [None, Some(""), Some("soon")] {
            assert_eq!(break_time_by(said), Some(Duration::from_secs(1)));
        }
    }
}
