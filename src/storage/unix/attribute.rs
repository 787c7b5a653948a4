//! The value of an extended attribute.

use std::ffi::CStr;
use std::os::fd::AsFd;

use rustix::fs::{fgetxattr, getxattr};
use rustix::io::Errno;

use super::open_files::name_of;

/// Longest value of an attribute, in bytes (`XATTR_SIZE_MAX` of `limits.h`).
pub const LONGEST_VALUE: usize = 65536;

/// Enough for nearly every one: the kernel clears as much as it is offered.
const USUAL_VALUE: usize = 1024;

/// The value of an attribute; `None` where there is none, or the file system knows of none of that name.
pub fn value_of(file: &impl AsFd, name: &CStr) -> Result<Option<Vec<u8>>, Errno> {
    // An empty buffer would ask for the length, and be answered with 0.
    let mut value = vec![0u8; USUAL_VALUE];
    let mut asked = ask(file, name, &mut value);
    if asked == Err(Errno::RANGE) {
        value = vec![0; LONGEST_VALUE];
        asked = ask(file, name, &mut value);
    }
    match asked {
        Ok(length) => {
            value.truncate(length);
            Ok(Some(value))
        }
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The length of a value that went into the buffer.
fn ask(file: &impl AsFd, name: &CStr, value: &mut [u8]) -> Result<usize, Errno> {
    match fgetxattr(file, name, &mut *value) {
        // A descriptor that only names a file (`O_PATH`) is asked by its name in /proc.
        Err(Errno::BADF) => getxattr(name_of(file), name, value),
        asked => asked,
    }
}
