//! A storage group with the damage of KB946799.
//!
//! Its story: both stores were created in generation 1; the public store was backed up with the
//! generations 1 and 2; the backup of the private store broke off in the last closed generation
//! and left its header damaged; then both were dismounted cleanly in the current generation.

use super::attachment::Attachment;
use super::checkpoint::checkpoint_file;
use super::history::History;
use super::logs::{log_file, reserve_log};
use super::{DatabaseRecipe, Recipe, damage_full_backup, edit_header};
use crate::ese::{FileType, LogDigits, LogExtensions, LogFileName};

/// A file of a practice folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PracticeFile {
    /// Name without a folder.
    pub name: String,
    /// All its bytes.
    pub bytes: Vec<u8>,
}

/// Name and content of every file: `priv1.edb` (damaged), `priv1.stm`, `pub1.edb`, the logs in
/// their order, the checkpoint, `res1.log` and `res2.log`.
///
/// # Panics
/// If a number of the recipe is below its least, or its folder is too long.
pub fn storage_group(recipe: &Recipe) -> Vec<PracticeFile> {
    assert!(recipe.current_generation >= 3, "at least 3 generations");
    assert!(recipe.log_file_sectors >= 16, "at least 16 sectors");
    assert!(recipe.server_folder.len() <= 100, "a folder of at most 100 bytes");
    let history = History::of(recipe);
    let mut files = databases(recipe, &history);
    files.extend(logs(recipe, &history));
    files.push(checkpoint(recipe, &history));
    for name in ["res1.log", "res2.log"] {
        files.push(file(name, reserve_log(recipe)));
    }
    files
}

fn databases(recipe: &Recipe, history: &History) -> Vec<PracticeFile> {
    let private = private_store(recipe, history);
    vec![
        file("priv1.edb", damaged(&private, history)),
        file("priv1.stm", streaming_file(&private)),
        file("pub1.edb", backed_up(&public_store(recipe, history), history)),
    ]
}

fn private_store(recipe: &Recipe, history: &History) -> DatabaseRecipe {
    DatabaseRecipe {
        pages: recipe.pages,
        dbid: 1,
        db_signature: recipe.private_signature(),
        log_signature: recipe.log_signature(),
        slv_signature: recipe.streaming_signature(),
        last_attach: history.private_attach,
        last_detach: history.private_detach,
        ..DatabaseRecipe::default()
    }
}

fn public_store(recipe: &Recipe, history: &History) -> DatabaseRecipe {
    DatabaseRecipe {
        pages: recipe.pages,
        dbid: 2,
        db_signature: recipe.public_signature(),
        log_signature: recipe.log_signature(),
        last_attach: history.public_attach,
        last_detach: history.public_detach,
        ..DatabaseRecipe::default()
    }
}

fn streaming_file(owner: &DatabaseRecipe) -> Vec<u8> {
    let file_type = FileType::StreamingFile.value();
    DatabaseRecipe { attribute: 1, file_type, ..owner.clone() }.build()
}

fn damaged(store: &DatabaseRecipe, history: &History) -> Vec<u8> {
    let mut bytes = store.build();
    edit_header(&mut bytes, |raw| {
        raw.full_prev.mark = history.private_backup.pos.into();
        raw.full_prev.time = history.private_backup.time;
    });
    damage_full_backup(&mut bytes);
    bytes
}

fn backed_up(store: &DatabaseRecipe, history: &History) -> Vec<u8> {
    let mut bytes = store.build();
    edit_header(&mut bytes, |raw| {
        raw.full_prev.mark = history.public_backup.pos.into();
        raw.full_prev.time = history.public_backup.time;
        raw.full_prev.gen_low = 1.into();
        raw.full_prev.gen_high = 2.into();
    });
    bytes
}

/// Generation 1 was created before any database was attached.
fn logs(recipe: &Recipe, history: &History) -> Vec<PracticeFile> {
    let attached = attachments(recipe, history);
    (1..=recipe.current_generation)
        .map(|generation| {
            let listed = if generation == 1 { &[][..] } else { &attached };
            let contents = history.contents(recipe, generation, &attached);
            let bytes = log_file(recipe, generation, listed, &contents);
            file(log_name(recipe, generation), bytes)
        })
        .collect()
}

fn log_name(recipe: &Recipe, generation: u32) -> LogFileName {
    if generation == recipe.current_generation {
        LogFileName::Current { base: recipe.base, extensions: LogExtensions::Log }
    } else {
        LogFileName::archive(recipe.base, generation, LogDigits::Five, LogExtensions::Log)
    }
}

/// Right behind the last detach, as after every clean dismount.
fn checkpoint(recipe: &Recipe, history: &History) -> PracticeFile {
    let name = LogFileName::Checkpoint { base: recipe.base, extensions: LogExtensions::Log };
    let mut attached = attachments(recipe, history);
    let position = history.shutdown(&attached);
    if !recipe.checkpoint_lists_databases {
        attached.clear();
    }
    file(name, checkpoint_file(recipe, position, history.public_backup, &attached))
}

fn attachments(recipe: &Recipe, history: &History) -> Vec<Attachment> {
    let on_server = |name: &str| format!("{}{name}", recipe.server_folder);
    vec![
        Attachment {
            dbid: 1,
            db_signature: recipe.private_signature(),
            last_attach: history.private_attach.pos,
            database_path: on_server("priv1.edb"),
            streaming_path: Some(on_server("priv1.stm")),
        },
        Attachment {
            dbid: 2,
            db_signature: recipe.public_signature(),
            last_attach: history.public_attach.pos,
            database_path: on_server("pub1.edb"),
            streaming_path: None,
        },
    ]
}

fn file(name: impl ToString, bytes: Vec<u8>) -> PracticeFile {
    PracticeFile { name: name.to_string(), bytes }
}

#[cfg(test)]
mod tests {
    use super::super::logs::signed;
    use super::*;
    use crate::ese::page::check_page;
    use crate::ese::{
        BackupFault, BackupField, Checkpoint, CheckpointCopies, DbHeader, DbState, LogHeader,
        PageVerdict, checksum,
    };

    fn group() -> Vec<PracticeFile> {
        storage_group(&Recipe::default())
    }

    fn bytes_of<'a>(files: &'a [PracticeFile], name: &str) -> &'a [u8] {
        &files.iter().find(|file| file.name == name).expect(name).bytes
    }

    fn header_of(files: &[PracticeFile], name: &str) -> DbHeader {
        DbHeader::parse(bytes_of(files, name)).unwrap()
    }

    fn logs_of(files: &[PracticeFile]) -> Vec<(String, LogHeader)> {
        let is_log =
            |file: &&PracticeFile| file.name.starts_with("E00") && file.name.ends_with("log");
        files
            .iter()
            .filter(is_log)
            .map(|log| {
                let header = LogHeader::validate(&log.bytes, log.bytes.len() as u64);
                (log.name.clone(), header.unwrap_or_else(|f| panic!("{}: {f:?}", log.name)))
            })
            .collect()
    }

    #[test]
    fn the_files() {
        let names: Vec<String> = group().into_iter().map(|file| file.name).collect();
        let expected = [
            "priv1.edb",
            "priv1.stm",
            "pub1.edb",
            "E0000001.log",
            "E0000002.log",
            "E0000003.log",
            "E0000004.log",
            "E00.log",
            "E00.chk",
            "res1.log",
            "res2.log",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn the_same_bytes_every_time() {
        assert!(group() == group());
        let other = Recipe { private_random: 7, ..Recipe::default() };
        assert!(group() != storage_group(&other));
    }

    #[test]
    fn both_header_copies_are_valid_and_equal() {
        let files = group();
        for name in ["priv1.edb", "priv1.stm", "pub1.edb"] {
            let bytes = bytes_of(&files, name);
            assert!(checksum::is_valid(&bytes[..4096]), "{name}");
            assert!(bytes[..4096] == bytes[4096..8192], "{name}");
            let header = header_of(&files, name);
            assert_eq!(header.state(), DbState::CleanShutdown);
            assert_eq!((header.raw.version, header.raw.revision), (0x620.into(), 9.into()));
            assert_eq!(header.last_consistent(), header.last_detach());
            assert_eq!(header.last_detach().generation, 5);
            assert_eq!(header.raw.gen_max_required, 0);
        }
    }

    #[test]
    fn every_page_of_the_databases_is_sound() {
        let files = group();
        for name in ["priv1.edb", "pub1.edb"] {
            let pages = bytes_of(&files, name).chunks_exact(4096).skip(2);
            let verdicts: Vec<_> = (1..).zip(pages).map(|(n, page)| check_page(page, n)).collect();
            let count = |verdict| verdicts.iter().filter(|&&v| v == verdict).count();
            assert_eq!((count(PageVerdict::Ok), count(PageVerdict::Empty)), (18, 6), "{name}");
            assert_eq!(verdicts.len(), 24);
        }
    }

    #[test]
    fn only_the_private_store_is_damaged() {
        let files = group();
        let private = header_of(&files, "priv1.edb");
        let full = private.backup(BackupField::Full);
        assert_eq!((full.gen_low, full.gen_high), (1, 0xffff_ffff));
        assert_eq!(full.fault(private.last_seen_generation()), Some(BackupFault::Impossible));
        assert!(full.mark.generation == 4 && full.time.is_plausible());
        let public = header_of(&files, "pub1.edb");
        let full = public.backup(BackupField::Full);
        assert_eq!((full.gen_low, full.gen_high), (1, 2));
        assert_eq!(full.fault(public.last_seen_generation()), None);
        assert!(header_of(&files, "priv1.stm").backup(BackupField::Full).is_none());
    }

    #[test]
    fn the_streaming_file_belongs_to_the_private_store() {
        let files = group();
        let private = header_of(&files, "priv1.edb");
        let streaming = header_of(&files, "priv1.stm");
        assert!(private.has_streaming_file() && !private.raw.slv_signature.is_unset());
        assert_eq!(private.raw.slv_signature, streaming.raw.slv_signature);
        assert_eq!(private.raw.db_signature, streaming.raw.db_signature);
        assert_eq!(
            (streaming.raw.attribute, streaming.file_type()),
            (1.into(), FileType::StreamingFile)
        );
        assert_eq!((private.raw.attribute, private.raw.file_type), (0.into(), 1.into()));
        assert!(!header_of(&files, "pub1.edb").has_streaming_file());
    }

    #[test]
    fn the_logs_form_a_chain() {
        let files = group();
        let logs = logs_of(&files);
        let signature = header_of(&files, "priv1.edb").raw.log_signature;
        assert_eq!(signature, header_of(&files, "pub1.edb").raw.log_signature);
        for (expected, (name, log)) in (1..).zip(&logs) {
            assert_eq!(log.generation(), expected);
            let named = LogFileName::parse(name).unwrap().generation();
            assert!(named.is_none_or(|number| signed(number) == expected));
            assert_eq!(log.raw.log_signature, signature);
            assert_eq!(log.version().to_string(), "7.3704.5.0");
        }
        assert_eq!(logs.len(), 5);
        assert!(logs[0].1.raw.previous_create_time.is_unset());
        for pair in logs.windows(2) {
            assert_eq!(pair[1].1.raw.previous_create_time, pair[0].1.raw.create_time);
            assert_ne!(pair[1].1.raw.create_time, pair[0].1.raw.create_time);
        }
    }

    #[test]
    fn the_attach_lists_name_both_databases() {
        let files = group();
        let logs = logs_of(&files);
        assert_eq!(logs[0].1.attached(), Ok(vec![]));
        let (checkpoint, _) = Checkpoint::elect(bytes_of(&files, "E00.chk")).unwrap();
        let lists = logs[1..].iter().map(|(_, log)| log.attached());
        for list in lists.chain([checkpoint.attached()]) {
            let list = list.unwrap();
            assert_eq!(list.len(), 2);
            assert_eq!(list[0].database_path, r"D:\exchsrvr\mdbdata\priv1.edb");
            assert_eq!(list[0].streaming_path.as_deref(), Some(r"D:\exchsrvr\mdbdata\priv1.stm"));
            assert_eq!(list[1].database_path, r"D:\exchsrvr\mdbdata\pub1.edb");
            for (one, name) in list.iter().zip(["priv1.edb", "pub1.edb"]) {
                let header = header_of(&files, name);
                assert_eq!(one.db_signature, header.raw.db_signature);
                assert_eq!(one.last_attach, header.last_attach());
            }
        }
    }

    #[test]
    fn the_checkpoint_lies_in_the_current_generation() {
        let files = group();
        let (checkpoint, copies) = Checkpoint::elect(bytes_of(&files, "E00.chk")).unwrap();
        assert_eq!(copies, CheckpointCopies::Equal);
        assert_eq!(checkpoint.raw.log_signature, header_of(&files, "pub1.edb").raw.log_signature);
        assert!(checkpoint.checkpoint() >= header_of(&files, "priv1.edb").last_detach());
        assert_eq!(checkpoint.checkpoint().generation, 5);
        let empty = Recipe { checkpoint_lists_databases: false, ..Recipe::default() };
        let (checkpoint, _) =
            Checkpoint::elect(bytes_of(&storage_group(&empty), "E00.chk")).unwrap();
        assert_eq!(checkpoint.attached(), Ok(vec![]));
    }

    #[test]
    fn unused_space_has_the_old_pattern() {
        let files = group();
        let reserve = bytes_of(&files, "res1.log");
        assert!(reserve == bytes_of(&files, "res2.log"));
        assert_eq!(reserve[..17], [[0xda; 16].as_slice(), &[0xea]].concat());
        for (name, used) in [("E0000001.log", 255 * 512), ("E00.log", 14 * 512)] {
            let log = bytes_of(&files, name);
            assert_eq!(log.len(), reserve.len());
            assert!(log[used..] == reserve[used..], "{name}");
            assert!(log[used - 512..used] != reserve[used - 512..used], "{name}");
        }
    }

    #[test]
    fn the_smallest_recipe() {
        let recipe =
            Recipe { current_generation: 3, log_file_sectors: 16, pages: 0, ..Recipe::default() };
        let files = storage_group(&recipe);
        assert_eq!(logs_of(&files).len(), 3);
        assert_eq!(bytes_of(&files, "E00.log").len(), 8192);
    }
}
