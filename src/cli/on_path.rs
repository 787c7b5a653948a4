//! What has to be typed to run this program again.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::show::quoted;

/// `edbmend` where a shell finds this program under that name, else its path, quoted as the shell needs it.
pub fn program() -> String {
    let ours = env::current_exe().and_then(|path| path.canonicalize());
    match ours {
        Ok(ours) if !is_found(&ours, env::var_os("PATH").as_deref()) => by_path(&ours),
        _ => "edbmend".to_owned(),
    }
}

/// Whether the first program of its name on the path is this one.
fn is_found(ours: &Path, path: Option<&OsStr>) -> bool {
    let name = format!("edbmend{}", env::consts::EXE_SUFFIX);
    let dirs = path.map(|path| env::split_paths(path).collect::<Vec<PathBuf>>());
    let first = dirs.into_iter().flatten().map(|dir| dir.join(&name)).find(|file| file.is_file());
    first.and_then(|file| file.canonicalize().ok()).is_some_and(|first| first == ours)
}

/// Windows names a canonical path in a form that its shells do not take, and PowerShell runs nothing that is quoted
/// but behind an `&`, which is another thing for cmd.
fn by_path(ours: &Path) -> String {
    let text = ours.to_string_lossy();
    quoted(Path::new(text.strip_prefix(r"\\?\").unwrap_or(&text)))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_on_the_path_counts() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().canonicalize().unwrap();
        for name in ["a", "b"] {
            std::fs::create_dir(dir.join(name)).unwrap();
            std::fs::write(dir.join(name).join("edbmend"), name).unwrap();
        }
        let path =
            |names: &[&str]| env::join_paths(names.iter().map(|name| dir.join(name))).unwrap();
        let ours = dir.join("a/edbmend");
        assert!(is_found(&ours, Some(&path(&["none", "a", "b"]))));
        assert!(!is_found(&ours, Some(&path(&["b", "a"]))));
        assert!(!is_found(&ours, Some(&path(&[]))) && !is_found(&ours, None));
    }
}
