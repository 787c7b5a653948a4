//! The folders that need not be said again in each sentence.

use crate::report::Report;
use crate::show::shown;

/// The folders of the databases and of the logs, the longest first, each with what separates it from a name.
pub(super) struct Folders(Vec<String>);

impl Folders {
    /// None where there are several groups: a name alone would not tell of which it is.
    pub fn of(report: &Report) -> Self {
        let of_databases = report.databases.iter().filter_map(|database| database.path.parent());
        let of_databases = of_databases.map(|dir| shown(dir).to_string());
        let of_logs = report.streams().map(|(stream, _)| shown(&stream.dir).to_string());
        let mut all: Vec<String> = of_databases.chain(of_logs).collect();
        all.sort_by_key(|dir| std::cmp::Reverse(dir.len()));
        all.dedup();
        let is_one_group = report.streams().count() <= 1;
        let separated = |dir: String| format!("{dir}{}", std::path::MAIN_SEPARATOR);
        Self(if is_one_group { all.into_iter().map(separated).collect() } else { Vec::new() })
    }

    /// Words in which the files of these folders stand with their names alone.
    pub fn left_out_of(&self, words: &str) -> String {
        self.0.iter().fold(words.to_owned(), |words, folder| without(&words, folder))
    }
}

/// A folder is left out where a path begins, and only there.
fn without(words: &str, folder: &str) -> String {
    let mut kept = String::new();
    let mut rest = words;
    while let Some(at) = rest.find(folder) {
        let (before, from) = rest.split_at(at);
        let begins = kept.chars().chain(before.chars()).next_back();
        kept += before;
        if begins.is_none_or(|before| before.is_whitespace() || "(\"'".contains(before)) {
            rest = &from[folder.len()..];
        } else {
            kept += folder;
            rest = &from[folder.len()..];
        }
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::Folders;

    #[test]
    fn a_folder_is_left_out_where_a_path_begins() {
        let folders = Folders(vec!["/data/db/".into(), "/data/".into()]);
        let left = |words: &str| folders.left_out_of(words);
        assert_eq!(left("/data/db/priv1.edb (/data/E00.log) is bad"), "priv1.edb (E00.log) is bad");
        assert_eq!(left("/mnt/data/db/priv1.edb"), "/mnt/data/db/priv1.edb");
        assert_eq!(left("in /data/db"), "in db");
    }
}
