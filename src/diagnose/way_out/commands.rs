//! The command lines of a way out, with the folders of this machine.

use std::path::{Path, PathBuf};

use crate::ese::LogDigits;
use crate::refusal::DIRTY_FOR_REPAIR;
use crate::show::{quoted, shown};
use crate::simulate::Leave;

use super::moves::Evidence;
use super::place::Place;

/// Name of the folder that receives what is moved away, beside the file.
const PUT_ASIDE: &str = "put-aside";

/// `edbmend check`, with all places of the group.
pub(super) fn check(place: &Place) -> String {
    let mut command = format!("edbmend check {}", quoted(&place.folders.log_dir));
    if place.folders.system_dir != place.folders.log_dir {
        command += &format!(" --system-dir {}", quoted(&place.folders.system_dir));
    }
    for path in databases(place).filter(|path| path.parent() != Some(&place.folders.log_dir)) {
        command += &format!(" --db {}", quoted(path));
    }
    command
}

/// `edbmend reset-logs` with every database named.
pub(super) fn reset_logs(place: &Place) -> String {
    let mut command = "edbmend reset-logs".to_owned();
    if let Some(base) = place.base() {
        command += &format!(" --prefix {base}");
    }
    if place.folders.system_dir != place.folders.log_dir {
        command += &format!(" --system-dir {}", quoted(&place.folders.system_dir));
    }
    for path in databases(place) {
        command += &format!(" --db {}", quoted(path));
    }
    command + &format!(" {}", quoted(&place.folders.log_dir))
}

pub(super) fn rebuild_header(place: &Place, database: &Path, evidence: Evidence) -> String {
    let mut command = "edbmend rebuild-header ".to_owned();
    if evidence == Evidence::PagesOnly {
        command += &format!("{DIRTY_FOR_REPAIR} ");
    }
    command += &quoted(database).to_string();
    if place.chain.is_some() {
        command += &format!(" --log-dir {}", quoted(&place.folders.log_dir));
        if place.folders.system_dir != place.folders.log_dir {
            command += &format!(" --system-dir {}", quoted(&place.folders.system_dir));
        }
    }
    command
}

/// Soft recovery. `/c5` says that the names have five digits; engines of Exchange 2003 know no others.
pub(super) fn soft_recovery(place: &Place, leave: Leave) -> Option<String> {
    let chain = place.chain?;
    let is_five = chain.stream.naming().digits == LogDigits::Five && !place.is_legacy();
    let folder = |path: &Path| format!("\"{}\"", shown(path));
    let mut command = format!("eseutil /r {}", chain.stream.base);
    if is_five {
        command += " /c5";
    }
    command += &format!(" /l {}", folder(&place.folders.log_dir));
    command += &format!(" /s {}", folder(&place.folders.system_dir));
    if let Some(dir) = moved_databases(place) {
        command += &format!(" /d{}", folder(&dir));
    }
    if leave.missing_databases {
        command += " /i";
    }
    if leave.lost_logs {
        command += " /a";
    }
    Some(command)
}

/// The folder of the databases, where the logs name another one. Databases of several folders cannot be named
/// by one.
fn moved_databases(place: &Place) -> Option<PathBuf> {
    let dir = databases(place).next()?.parent()?;
    let server_dir = |path: &str| path.rsplit_once(['\\', '/']).map(|(dir, _)| dir.to_owned());
    let listed = place.chain.map(|chain| &chain.stream.attached)?;
    let is_there = |path: &str| {
        server_dir(path).is_some_and(|named| named.eq_ignore_ascii_case(&dir.to_string_lossy()))
    };
    let all_there = !listed.is_empty() && listed.iter().all(|one| is_there(&one.database_path));
    (!all_there).then(|| dir.to_owned())
}

pub(super) fn hard_repair(database: &Path) -> String {
    format!("eseutil /p \"{}\" /o", shown(database))
}

/// Copies the folders of the group beside themselves.
pub(super) fn copy_aside(place: &Place) -> String {
    let folders = place.folders;
    let of_databases = databases(place).filter_map(Path::parent).map(Path::to_owned);
    let mut dirs: Vec<PathBuf> = [folders.log_dir.clone(), folders.system_dir.clone()]
        .into_iter()
        .chain(of_databases)
        .collect();
    dirs.sort();
    dirs.dedup();
    let copies: Vec<String> = dirs.iter().map(|dir| copy(dir)).collect();
    copies.join(" && ")
}

fn databases<'a>(place: &'a Place) -> impl Iterator<Item = &'a Path> {
    place.databases.iter().map(|facts| &*facts.path)
}

fn copy(dir: &Path) -> String {
    let mut to = dir.as_os_str().to_owned();
    to.push(".copy");
    let (from, to) = (quoted(dir), quoted(Path::new(&to)));
    if cfg!(windows) {
        format!("robocopy {from} {to} /E /COPY:DAT")
    } else {
        format!("cp -a {from} {to}")
    }
}

/// Moves files of one folder into a folder beside them.
pub(super) fn put_aside(files: &[PathBuf]) -> Option<String> {
    let dir = files.first()?.parent()?.join(PUT_ASIDE);
    let to = quoted(&dir);
    if cfg!(windows) {
        let moves = files.iter().map(|file| format!("move {} {to}", quoted(file)));
        let all: Vec<String> = [format!("mkdir {to}")].into_iter().chain(moves).collect();
        return Some(all.join(" & "));
    }
    let files: Vec<String> = files.iter().map(|file| quoted(file)).collect();
    Some(format!("mkdir -p {to} && mv -n {} {to}", files.join(" ")))
}

/// Copies a file to another name.
pub(super) fn copy_file(from: &Path, to: &Path) -> String {
    let program = if cfg!(windows) { "copy" } else { "cp -a" };
    format!("{program} {} {}", quoted(from), quoted(to))
}
