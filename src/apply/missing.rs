//! What is said of a path that is not there: as much as can be known of what was meant.

use std::path::Path;

use crate::plan::{Refusal, RefusalId};
use crate::storage::{Storage, shown};

/// How many names are offered instead.
const MOST_NAMES: usize = 5;

/// The refusal of a path that is not there, with what is there instead.
pub fn not_found(storage: &dyn Storage, path: &Path) -> Refusal {
    let there = path.ancestors().skip(1).find(|dir| storage.status(dir).is_ok());
    let there = there.unwrap_or(Path::new("/"));
    let missing = path.strip_prefix(there).unwrap_or(path);
    let first = missing.components().next();
    let first = first.map_or(missing, |component| Path::new(component.as_os_str()));
    let message = format!("No such file or folder: {} is not in {}", shown(missing), shown(there));
    Refusal::new(RefusalId::NotFound, path, message, instead(storage, there, first))
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
    if let Some(name) = names.iter().find(|name| name.eq_ignore_ascii_case(&wanted)) {
        return format!("There is {}: upper and lower case matter here.", plain(name));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Disk;

    #[test]
    fn it_says_what_is_there_instead() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let remedy = |name: &str| not_found(&Disk, &dir.join(name)).remedy;
        assert!(remedy("priv1.edb").contains("No database (.edb) is in that folder"));
        std::fs::write(dir.join("priv1.edb"), "").unwrap();
        assert_eq!(remedy("PRIV1.edb"), "There is priv1.edb: upper and lower case matter here.");
        assert!(remedy("priv.edb").ends_with("The databases there: priv1.edb."));
        (2..8).for_each(|n| std::fs::write(dir.join(format!("priv{n}.edb")), "").unwrap());
        assert!(
            remedy("x")
                .ends_with("priv1.edb, priv2.edb, priv3.edb, priv4.edb, priv5.edb and 2 more.")
        );
        let message = not_found(&Disk, &dir.join("no/such/file")).message;
        assert_eq!(
            message,
            format!("No such file or folder: no/such/file is not in {}", dir.display())
        );
    }
}
