//! Whether what is written to a folder is gone with the power: a file system in memory, or one that lies on one.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::lease::OVERLAYFS;
use super::mounts::{kind, mount, nearest};

/// `f_type` of tmpfs and ramfs (`statfs(2)`).
const IN_MEMORY: [i64; 2] = [0x0102_1994, 0x8584_58f6];

/// What lies on what is not followed any deeper.
const DEEPEST: usize = 4;

/// Whether a folder, or the one that it will be made in, is in memory: itself, or the upper layer of its overlay, as in a
/// system that was started from a medium. Where that layer cannot be seen from here nothing is said of it.
pub fn is_in_memory(dir: &Path) -> bool {
    let mut below = nearest(dir).map(Path::to_owned);
    for _ in 0..DEEPEST {
        let Some(path) = below else { return false };
        if kind(&path).is_some_and(|kind| IN_MEMORY.contains(&kind)) {
            return true;
        }
        below = rests_on(&path).filter(|on| kind(on).is_some());
    }
    false
}

/// The upper layer of the overlay that a path is on.
fn rests_on(path: &Path) -> Option<PathBuf> {
    if kind(path)? != OVERLAYFS {
        return None;
    }
    let id = mount(path)?.to_string();
    let mounts = fs::read("/proc/self/mountinfo").ok()?;
    let fields = |line| <[u8]>::split(line, |byte| *byte == b' ');
    let mut lines = mounts.split(|byte| *byte == b'\n');
    let line = lines.find(|line| fields(line).next() == Some(id.as_bytes()))?;
    // The options of the file system come last (`proc_pid_mountinfo(5)`).
    let mut options = fields(line).next_back()?.split(|byte| *byte == b',');
    options.find_map(|option| option.strip_prefix(b"upperdir=")).map(unescaped)
}

/// A blank, a tab, a line break and a backslash stand there as a backslash and three octal digits.
fn unescaped(field: &[u8]) -> PathBuf {
    let mut path = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, others)) = rest.split_first() {
        let digits = others.get(..3).filter(|_| first == b'\\');
        let byte =
            digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        path.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &others[3..] } else { others };
    }
    OsString::from_vec(path).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_in_a_path_of_the_kernel() {
        assert_eq!(unescaped(b"/a\\040b\\134c"), PathBuf::from("/a b\\c"));
        assert_eq!(unescaped(b"/a\\04"), PathBuf::from("/a\\04"));
        assert_eq!(unescaped(b"/a\\999"), PathBuf::from("/a\\999"));
    }
}
