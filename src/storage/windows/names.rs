//! Paths as the system takes them, of any length, and as people read them.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::windows::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf, Prefix};

const VERBATIM: &str = r"\\?\";
const VERBATIM_SHARE: &str = r"\\?\UNC\";

/// The verbatim form of a path, `\\?\C:\...` or `\\?\UNC\server\...`: it has no limit of 260.
pub fn verbatim(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let Some(Component::Prefix(prefix)) = path.components().next() else { return Ok(path) };
    Ok(match prefix.kind() {
        Prefix::Disk(_) => joined(VERBATIM, path.as_os_str().encode_wide()),
        Prefix::UNC(..) => joined(VERBATIM_SHARE, path.as_os_str().encode_wide().skip(2)),
        _ => path,
    })
}

/// A path without the verbatim prefix, unless it means something else then: a name that ends with a
/// dot, or that is one of a device.
pub fn plain(path: PathBuf) -> PathBuf {
    let Some(Component::Prefix(prefix)) = path.components().next() else { return path };
    let units = path.as_os_str().encode_wide();
    let plain = match prefix.kind() {
        Prefix::VerbatimDisk(_) => joined("", units.skip(VERBATIM.len())),
        Prefix::VerbatimUNC(..) => joined(r"\\", units.skip(VERBATIM_SHARE.len())),
        _ => return path,
    };
    match std::path::absolute(&plain) {
        Ok(meant) if meant.as_os_str() == plain.as_os_str() => plain,
        _ => path,
    }
}

fn joined(prefix: &str, rest: impl Iterator<Item = u16>) -> PathBuf {
    let units: Vec<u16> = OsStr::new(prefix).encode_wide().chain(rest).collect();
    PathBuf::from(OsString::from_wide(&units))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbatim_and_back() {
        for (short, long) in [
            (r"C:\mdbdata\priv1.edb", r"\\?\C:\mdbdata\priv1.edb"),
            (r"\\mail1\d$\exchsrvr\mdbdata", r"\\?\UNC\mail1\d$\exchsrvr\mdbdata"),
        ] {
            assert_eq!(verbatim(Path::new(short)).unwrap(), Path::new(long));
            assert_eq!(verbatim(Path::new(long)).unwrap(), Path::new(long));
            assert_eq!(plain(PathBuf::from(long)), Path::new(short));
            assert_eq!(plain(PathBuf::from(short)), Path::new(short));
        }
        for kept in [r"\\?\C:\mdbdata\trailing.", r"\\?\C:\mdbdata\nul", r"\\?\Volume{1}\x"] {
            assert_eq!(plain(PathBuf::from(kept)), Path::new(kept));
        }
    }
}
