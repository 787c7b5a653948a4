//! Logs, checkpoints and flush maps that real engines wrote. Every expected value was read off
//! another tool's dump.

use edbmend::ese::{
    Checkpoint, CheckpointCopies, DbHeader, FileType, FlushMapHeader, LogFileName, LogHeader,
    LogHeaderFault, PageVerdict, page,
};

use crate::harness::{files, needs};

fn log(path: &str) -> LogHeader {
    let bytes = files::read(path);
    LogHeader::validate(&bytes, bytes.len() as u64).unwrap_or_else(|f| panic!("{path}: {f:?}"))
}

fn fault(path: &str) -> Option<LogHeaderFault> {
    let bytes = files::read(path);
    LogHeader::validate(&bytes, bytes.len() as u64).err()
}

fn paths(header: &LogHeader) -> Vec<(u8, String)> {
    let attached = header.attached().expect("a sound list");
    attached.into_iter().map(|database| (database.dbid, database.database_path)).collect()
}

/// Checks what holds in every set: names, signature, sequence of generations and times.
fn check_chain(folder: &str, names: &[&str], generations: &[i32], random: u32) {
    let logs: Vec<LogHeader> = names.iter().map(|name| log(&format!("{folder}/{name}"))).collect();
    for ((name, header), &generation) in names.iter().zip(&logs).zip(generations) {
        assert_eq!(header.generation(), generation, "{name}");
        assert_eq!(header.raw.log_signature.random, random, "{name}");
        let named = LogFileName::parse(name).expect("a log name").generation();
        assert!(named.is_none_or(|number| i64::from(number) == i64::from(generation)), "{name}");
    }
    for pair in logs.windows(2) {
        assert_eq!(pair[1].raw.previous_create_time, pair[0].raw.create_time);
        assert_eq!(pair[1].raw.log_signature, pair[0].raw.log_signature);
    }
}

#[test]
#[ignore = "needs the real files"]
fn windows_2003_with_two_databases() {
    needs::real_files();
    let folder = "real/catroot2-ws2003-xp64";
    let names =
        ["edb0007E.log", "edb0007F.log", "edb00080.log", "edb00081.log", "edb00082.log", "edb.log"];
    check_chain(folder, &names, &[0x7e, 0x7f, 0x80, 0x81, 0x82, 0x83], 0xfced);

    let current = log(&format!("{folder}/edb.log"));
    assert_eq!(current.version().to_string(), "7.3704.6.0");
    assert_eq!(current.raw.sector_bytes, 512);
    assert_eq!(current.raw.header_sectors, 8);
    assert_eq!(current.raw.file_sectors, 256);
    assert_eq!(current.page_size_bytes(), 4096);
    assert_eq!(current.file_type(), FileType::Log);
    assert!(current.circular_logging());
    assert!(current.environment().circular_logging);
    assert_eq!(current.environment().log_path, r"C:\WINDOWS\system32\CatRoot2\");
    assert_eq!(current.raw.create_time.to_string(), "06/07/2014 23:26:05.000 LOC");
    let expected = [
        (1, r"C:\WINDOWS\system32\CatRoot2\{127D0A1D-4EF2-11D1-8608-00C04FC295EE}\catdb".into()),
        (2, r"C:\WINDOWS\system32\CatRoot2\{F750E6C3-38EE-11D1-85E5-00C04FC295EE}\catdb".into()),
    ];
    assert_eq!(paths(&current), expected);
    let first = &current.attached().unwrap()[0];
    assert_eq!(first.last_attach.to_string(), "(0x18,C4,1C)");
    assert_eq!(first.db_signature.random, 0x0001_1a4b);
    assert_eq!(first.streaming_path, None);

    for reserve in ["res1.log", "res2.log"] {
        let fault = fault(&format!("{folder}/{reserve}"));
        assert!(matches!(fault, Some(LogHeaderFault::Checksum { .. })), "{fault:?}");
    }
}

#[test]
#[ignore = "needs the real files"]
fn windows_2003_checkpoint() {
    needs::real_files();
    let file = files::read("real/catroot2-ws2003-xp64/edb.chk");
    let (checkpoint, copies) = Checkpoint::elect(&file).expect("a valid copy");
    assert_eq!(copies, CheckpointCopies::Equal);
    assert_eq!(checkpoint.checkpoint().to_string(), "(0x83,2F,CC)");
    assert!(checkpoint.full_backup().is_unset());
    assert_eq!(checkpoint.file_type(), FileType::Checkpoint);
    assert_eq!(checkpoint.raw.log_signature.random, 0xfced);
    assert_eq!(checkpoint.environment().system_path, r"C:\WINDOWS\system32\CatRoot2\");
    assert_eq!(checkpoint.attached(), Ok(vec![]));
}

#[test]
#[ignore = "needs the real files"]
fn windows_server_2022_from_the_first_generation() {
    needs::real_files();
    let folder = "real/srum-server2022-a";
    check_chain(folder, &["SRU00001.log", "SRU.log"], &[1, 2], 0xed86_73f7);
    let first = log(&format!("{folder}/SRU00001.log"));
    assert!(first.raw.previous_create_time.is_unset());
    assert_eq!(paths(&first), []);
    let current = log(&format!("{folder}/SRU.log"));
    assert_eq!(current.version().to_string(), "8.4000.90.200");
    assert_eq!(current.raw.sector_bytes, 4096);
    assert_eq!(current.raw.engine_version, 9360);
    assert_eq!(paths(&current), [(1, r"C:\Windows\system32\sru\SRUDB.dat".into())]);
    let (checkpoint, _) = Checkpoint::elect(&files::read(&format!("{folder}/SRU.chk"))).unwrap();
    assert_eq!(checkpoint.checkpoint().to_string(), "(0x2,2,0)");
    assert_eq!(checkpoint.raw.log_signature, current.raw.log_signature);
}

#[test]
#[ignore = "needs the real files"]
fn a_backup_set_with_five_digit_names() {
    needs::real_files();
    let names: Vec<String> = (0xe4..=0xec).map(|low| format!("j501E2{low:02X}.log")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let generations: Vec<i32> = (0x1e2e4..=0x1e2ec).collect();
    check_chain("real/dhcp-backup-BKINFO", &names, &generations, 0x22_efe4);
    let last = log("real/dhcp-backup-BKINFO/j501E2EC.log");
    assert_eq!(paths(&last), [(1, r"C:\Windows\system32\dhcp\dhcp.mdb".into())]);
    assert_eq!(last.stated_file_bytes(), 1_048_576);
    assert!(last.circular_logging());
}

#[test]
#[ignore = "needs the real files"]
fn large_pages_and_a_stale_next_log() {
    needs::real_files();
    let folder = "real/wu-datastore-logs-a";
    let names = ["edb00046.log", "edb00047.log", "edb00048.log", "edb.log"];
    check_chain(folder, &names, &[0x46, 0x47, 0x48, 0x49], 0x6abc_a3d1);
    assert_eq!(log(&format!("{folder}/edb.log")).page_size_bytes(), 16384);
    assert_eq!(log(&format!("{folder}/edbtmp.log")).generation(), 0x45);
    let (checkpoint, _) = Checkpoint::elect(&files::read(&format!("{folder}/edb.chk"))).unwrap();
    assert_eq!(checkpoint.checkpoint().to_string(), "(0x49,13A,0)");
}

#[test]
#[ignore = "needs the real files"]
fn the_published_engine() {
    needs::real_files();
    let folder = "engine/p4096/a_full";
    let names =
        ["E0000001.log", "E0000002.log", "E0000003.log", "E0000004.log", "E0000005.log", "E00.log"];
    check_chain(folder, &names, &[1, 2, 3, 4, 5, 6], 653_971_790);
    let current = log(&format!("{folder}/E00.log"));
    assert_eq!(current.version().to_string(), "8.4000.130.280");
    assert_eq!(paths(&current), [(1, r"D:\exchsrvr\mdbdata\a\test.edb".into())]);
    assert!(!current.circular_logging());
    let (checkpoint, copies) =
        Checkpoint::elect(&files::read(&format!("{folder}/E00.chk"))).unwrap();
    assert_eq!(copies, CheckpointCopies::Equal);
    assert_eq!(checkpoint.checkpoint().to_string(), "(0x6,1E,0)");
    assert_eq!(checkpoint.full_backup().to_string(), "(0x5,1,0)");
    assert!(checkpoint.incremental_backup().is_unset());
    let time = checkpoint.raw.full_backup_time.to_string();
    assert_eq!(time, "11/22/2026 22:57:58.893 UTC");
    assert_eq!(log("engine/p32768/a_full/E00.log").page_size_bytes(), 32768);
}

#[test]
#[ignore = "needs the real files"]
fn other_styles_of_names() {
    needs::real_files();
    let eight = LogFileName::parse("E000000000A.log").unwrap();
    assert_eq!(eight.generation(), Some(10));
    assert_eq!(log("engine/p4096_names_1/E000000000A.log").generation(), 10);
    assert_eq!(log("engine/p4096_names_2/E000000A.jtx").generation(), 10);
    let checkpoint = files::read("engine/p4096_names_2/E00.jcp");
    assert!(Checkpoint::elect(&checkpoint).is_some());
}

#[test]
#[ignore = "needs the real files"]
fn flush_maps_and_their_databases() {
    needs::real_files();
    let pairs = [
        ("engine/p4096/a_full/test.jfm", "engine/p4096/a_full/test.edb", true),
        ("engine/p32768/a_full/test.jfm", "engine/p32768/a_full/test.edb", true),
        ("real/srum-server2022-a/SRUDB.jfm", "real/srum-server2022-a/SRUDB.dat", true),
        ("engine/p4096/c_dirty/test.jfm", "engine/p4096/c_dirty/test.edb", false),
    ];
    for (map, database, clean) in pairs {
        let file = files::read(map);
        let header = FlushMapHeader::parse(&file).expect("a valid header");
        assert_eq!(header.raw.version_major, 3, "{map}");
        assert_eq!(header.file_type(), FileType::FlushMap);
        assert_eq!(header.is_clean(), clean, "{map}");
        let database = DbHeader::parse(&files::read(database)).unwrap();
        assert!(header.belongs_to(&database.raw), "{map}");
        let data_pages = file.chunks_exact(8192).skip(1);
        for (number, bytes) in (0..).zip(data_pages) {
            assert_eq!(page::check_page(bytes, number), PageVerdict::Ok, "{map} {number}");
        }
    }
    let foreign = files::read("engine/p4096/a_full/test.jfm");
    let database = DbHeader::parse(&files::read("engine/p32768/a_full/test.edb")).unwrap();
    assert!(!FlushMapHeader::parse(&foreign).unwrap().belongs_to(&database.raw));
}
