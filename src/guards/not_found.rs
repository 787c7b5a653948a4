//! What is said of a path that is not there: as much as can be known of what was meant.

use std::io::ErrorKind;
use std::path::Path;

use crate::refusal::{Refusal, RefusalId};
use crate::show::shown;
use crate::storage::Storage;

/// How many names are offered instead.
const MOST_NAMES: usize = 5;

/// How many names are compared with what was typed.
const MOST_COMPARED: usize = 1000;

/// How many names may be meant.
const MOST_MEANT: usize = 3;

/// How like a name must be to be meant, from 0 to 1.
const ALIKE: f64 = 0.9;

/// What is said of a pattern on Windows, where the program would have to expand it.
pub const NOT_EXPANDED: &str = "The shells of Windows do not expand * and ?. Name each file, or its folder. In PowerShell: \
                                edbmend check (Get-ChildItem *.edb)";

/// What is said of a pattern that a shell did not expand.
const NOTHING_FITS: &str =
    "No name there fits, else the shell had put it in the place of the pattern. Name the folder.";

/// The refusal of a path that is not there, with what is there instead.
pub fn not_found(storage: &dyn Storage, path: &Path) -> Refusal {
    if let Some(refusal) = leads_nowhere(storage, path) {
        return refusal;
    }
    let there = path.ancestors().skip(1).find(|dir| storage.status(dir).is_ok());
    let there = there.unwrap_or(Path::new("/"));
    let missing = path.strip_prefix(there).unwrap_or(path);
    let first = missing.components().next();
    let first = first.map_or(missing, |component| Path::new(component.as_os_str()));
    let message = format!("No such file or folder: {} is not in {}", shown(missing), shown(there));
    Refusal::new(RefusalId::NotFound, path, message, instead(storage, there, first))
}

/// The refusal of a path that is, or goes through, a link whose target is not there.
fn leads_nowhere(storage: &dyn Storage, path: &Path) -> Option<Refusal> {
    let link = path.ancestors().find(|dir| storage.status(dir).is_ok())?;
    let target = storage.link_target(link)?;
    let error = storage.canonical(link).err()?;
    let why = match error.kind() {
        ErrorKind::NotFound => "is not there".to_owned(),
        _ => format!("cannot be reached ({error})"),
    };
    let message = format!("{} is a symbolic link to {}, which {why}", shown(link), shown(&target));
    let remedy =
        "Mend the link, or mount the volume that it leads to. Or name the file or folder itself.";
    Some(Refusal::new(RefusalId::NotFound, path, message, remedy))
}

/// What may have been meant.
fn instead(storage: &dyn Storage, dir: &Path, missing: &Path) -> String {
    let mut names: Vec<String> = storage
        .list(dir)
        .unwrap_or_default()
        .into_iter()
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    names.sort();
    let wanted = missing.to_string_lossy();
    let plain = |name: &str| shown(Path::new(name)).to_string();
    let other_case = |name: &&String| **name != wanted && name.eq_ignore_ascii_case(&wanted);
    if let Some(name) = names.iter().find(other_case) {
        return format!("There is {}: upper and lower case matter here.", plain(name));
    }
    if wanted.contains(['*', '?']) {
        return if cfg!(windows) { NOT_EXPANDED } else { NOTHING_FITS }.to_owned();
    }
    let meant = alike(&names, &wanted);
    if !meant.is_empty() {
        let meant: Vec<_> = meant.into_iter().map(plain).collect();
        return format!("Did you mean {}?", meant.join(", or "));
    }
    let has_edb = |name: &&String| name.to_ascii_lowercase().ends_with(".edb");
    let mut databases: Vec<String> = names.iter().filter(has_edb).map(|name| plain(name)).collect();
    match databases.len() {
        0 => {
            "Name it with its whole path. No database (.edb) is in that folder, either.".to_owned()
        }
        count if count > MOST_NAMES => {
            databases.truncate(MOST_NAMES);
            let (named, more) = (databases.join(", "), count - MOST_NAMES);
            format!("Name it with its whole path. The databases there: {named} and {more} more.")
        }
        _ => format!("Name it with its whole path. The databases there: {}.", databases.join(", ")),
    }
}

/// The names that are written most like another one, the nearest first. In a folder of a hundred thousand logs
/// every name is like every other, and none is looked at.
fn alike<'a>(names: &'a [String], wanted: &str) -> Vec<&'a str> {
    if names.len() > MOST_COMPARED {
        return Vec::new();
    }
    let wanted = wanted.to_lowercase();
    let likeness = |name: &str| strsim::jaro_winkler(&name.to_lowercase(), &wanted);
    let mut alike: Vec<(f64, &str)> = names
        .iter()
        .filter(|name| **name != wanted)
        .map(|name| (likeness(name), name.as_str()))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0));
    alike.into_iter().take(MOST_MEANT).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Disk;

    #[test]
    fn it_says_what_is_there_instead() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let remedy = |name: &str| not_found(&Disk, &dir.join(name)).remedy.to_string();
        assert!(remedy("priv1.edb").contains("No database (.edb) is in that folder"));
        std::fs::write(dir.join("priv1.edb"), "").unwrap();
        assert_eq!(remedy("PRIV1.edb"), "There is priv1.edb: upper and lower case matter here.");
        assert_eq!(remedy("priv.edb"), "Did you mean priv1.edb?");
        assert_eq!(remedy("prvi1.edb"), "Did you mean priv1.edb?");
        assert_eq!(remedy("*.mdb"), NOTHING_FITS);
        assert!(remedy("mailbox").ends_with("The databases there: priv1.edb."));
        std::fs::create_dir(dir.join("mdbdata")).unwrap();
        assert_eq!(remedy("mbdata/priv1.edb"), "Did you mean mdbdata?");
        (2..8).for_each(|n| std::fs::write(dir.join(format!("priv{n}.edb")), "").unwrap());
        assert!(
            remedy("x")
                .ends_with("priv1.edb, priv2.edb, priv3.edb, priv4.edb, priv5.edb and 2 more.")
        );
        assert_eq!(remedy("priv.edb").matches(", or ").count(), MOST_MEANT - 1);
        std::fs::write(dir.join("sto\u{1b}re.edb"), "").unwrap();
        assert_eq!(remedy("store.edb"), "Did you mean sto\\u{1b}re.edb?");
        let message = not_found(&Disk, &dir.join("no/such/file")).message;
        assert_eq!(
            message,
            format!("No such file or folder: no/such/file is not in {}", dir.display())
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_is_called_one() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("priv1.edb");
        symlink("/no/such/disk", &link).unwrap();
        let loops = folder.path().join("loop");
        symlink(&loops, &loops).unwrap();
        let whole = folder.path().join("whole");
        symlink(folder.path(), &whole).unwrap();
        for path in [link.clone(), link.join("edbmend")] {
            let refusal = not_found(&Disk, &path);
            let says = format!(
                "{} is a symbolic link to /no/such/disk, which is not there",
                link.display()
            );
            assert_eq!((refusal.id, refusal.message), (RefusalId::NotFound, says));
            assert!(refusal.remedy.starts_with("Mend the link"), "{}", refusal.remedy);
        }
        assert!(not_found(&Disk, &loops).message.contains("which cannot be reached ("));
        assert!(not_found(&Disk, &whole.join("x")).message.starts_with("No such file"));
        // A file that went away while it was asked for is not its own other spelling.
        let remedy = instead(&Disk, folder.path(), Path::new("priv1.edb"));
        assert!(remedy.starts_with("Name it with its whole path."), "{remedy}");
    }
}
