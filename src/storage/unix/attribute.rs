//! The value of an extended attribute.

use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd};

use rustix::fs::{fgetxattr, getxattr};
use rustix::io::Errno;

/// Longest value of an attribute, in bytes (`XATTR_SIZE_MAX` of `limits.h`).
pub const LONGEST_VALUE: usize = 65536;

/// The value of an attribute; `None` where there is none, or the file system knows of none of that name.
pub fn value_of(file: &impl AsFd, name: &CStr) -> Result<Option<Vec<u8>>, Errno> {
    // An empty buffer would ask for the length, and be answered with 0.
    let mut value = vec![0u8; LONGEST_VALUE];
    let asked = match fgetxattr(file, name, value.as_mut_slice()) {
        // A descriptor that only names a file (`O_PATH`) is asked by its name in /proc.
        Err(Errno::BADF) => {
            let path = format!("/proc/self/fd/{}", file.as_fd().as_raw_fd());
            getxattr(path, name, value.as_mut_slice())
        }
        asked => asked,
    };
    match asked {
        Ok(length) => {
            value.truncate(length);
            Ok(Some(value))
        }
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(None),
        Err(error) => Err(error),
    }
}
