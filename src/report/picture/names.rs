//! The databases of a stream, by what the picture says of them.

use std::path::Path;

use crate::report::model::{DatabaseReport, FileHeader, HeaderReport, StreamReport};
use crate::show::path_text;

/// A database of the stream whose header can be read.
pub(super) struct Member<'a> {
    pub name: String,
    pub header: &'a HeaderReport,
}

/// The databases of a stream, in the order of the report.
pub(super) fn members<'a>(
    stream: &StreamReport,
    databases: &'a [DatabaseReport],
) -> Vec<Member<'a>> {
    let of_stream =
        databases.iter().filter(|database| stream.databases.contains(&path_text(&database.path)));
    of_stream
        .filter_map(|database| {
            let header = database.header.as_ref().and_then(FileHeader::database)?;
            Some(Member { name: file_name(&database.path), header })
        })
        .collect()
}

/// The name of a file without its folder.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path_text(path), |name| path_text(Path::new(name)))
}

/// Members of which one thing holds, under that thing, in the order of the things.
pub(super) fn grouped<T: Ord + Copy>(
    members: &[Member],
    thing: impl Fn(&Member) -> Option<T>,
) -> Vec<(T, Vec<String>)> {
    let mut things: Vec<(T, &str)> =
        members.iter().filter_map(|member| Some((thing(member)?, &*member.name))).collect();
    things.sort_by_key(|(thing, _)| *thing);
    things
        .chunk_by(|(one, _), (next, _)| one == next)
        .map(|alike| (alike[0].0, alike.iter().map(|(_, name)| (*name).to_owned()).collect()))
        .collect()
}

/// At most this many are named.
const MOST_NAMED: usize = 3;

/// `priv1.edb, pub1.edb`, of many the first few.
pub(super) fn few(names: &[String]) -> String {
    let more = names.len().saturating_sub(MOST_NAMED);
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    names[..names.len() - more].join(", ") + &tail
}
