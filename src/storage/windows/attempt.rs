//! What an error of the system means: that it cannot do a thing at all, or not now.

use std::io;

use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_CALL_NOT_IMPLEMENTED, ERROR_INVALID_FUNCTION, ERROR_INVALID_HANDLE,
    ERROR_INVALID_PARAMETER, ERROR_LOCK_VIOLATION, ERROR_NOT_SUPPORTED, ERROR_SHARING_VIOLATION,
};

use super::super::file_system::{BUSY_PAUSE, BUSY_TRIES};

/// The system's ways to say that a file system cannot do a thing at all.
pub fn cannot(error: &io::Error) -> bool {
    const CODES: [u32; 6] = [
        ERROR_ACCESS_DENIED,
        ERROR_CALL_NOT_IMPLEMENTED,
        ERROR_INVALID_FUNCTION,
        ERROR_INVALID_HANDLE,
        ERROR_INVALID_PARAMETER,
        ERROR_NOT_SUPPORTED,
    ];
    error.raw_os_error().is_some_and(|code| CODES.contains(&(code as u32)))
}

pub fn is_busy(error: &io::Error) -> bool {
    const CODES: [u32; 2] = [ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION];
    error.raw_os_error().is_some_and(|code| CODES.contains(&(code as u32)))
}

/// Tries again for a while what fails because somebody else has the file.
pub fn patiently<T>(attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    persistently(BUSY_TRIES, attempt)
}

/// Tries so many times what fails because somebody else has the file. At last that is told as [`io::ErrorKind::WouldBlock`], with the system's own
/// words.
pub fn persistently<T>(tries: u32, mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for _ in 1..tries {
        match attempt() {
            Err(e) if is_busy(&e) => std::thread::sleep(BUSY_PAUSE),
            result => return result,
        }
    }
    attempt()
        .map_err(|e| if is_busy(&e) { io::Error::new(io::ErrorKind::WouldBlock, e) } else { e })
}
