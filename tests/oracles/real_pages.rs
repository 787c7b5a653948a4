//! Data pages that real engines wrote. The counts are those of an independent checker.

use edbmend::ese::{DbHeader, PageFaultKind, PageVerdict, checksum, page};

use crate::harness::{files, needs};

/// Sound, bad and empty data pages of a database.
fn count(path: &str) -> [usize; 3] {
    let file = files::read(path);
    let size = DbHeader::parse(&file).expect("a header").page_size_bytes() as usize;
    for copy in file.chunks_exact(size).take(2) {
        assert!(checksum::is_valid(copy), "{path}");
    }
    let mut counts = [0; 3];
    for (number, bytes) in (1..).zip(file.chunks_exact(size).skip(2)) {
        match page::check_page(bytes, number) {
            PageVerdict::Ok => counts[0] += 1,
            PageVerdict::Bad(_) => counts[1] += 1,
            PageVerdict::Empty => counts[2] += 1,
        }
    }
    counts
}

#[test]
#[ignore = "needs the real files"]
fn every_page_of_every_sample() {
    needs::real_files();
    let samples = [
        // The XOR format.
        ("real/catroot2-ws2003-xp64/{127D0A1D-4EF2-11D1-8608-00C04FC295EE}/catdb", [23, 0, 233]),
        ("real/catroot2-ws2003-xp64/{F750E6C3-38EE-11D1-85E5-00C04FC295EE}/catdb", [593, 0, 175]),
        // ECC, 4 KiB.
        ("real/third-party/Current.mdb", [102, 0, 152]),
        ("real/third-party/SRUDB.dat", [79, 16, 63]),
        ("real/third-party/basic.edb", [23, 0, 231]),
        ("real/third-party/binary.edb", [25, 0, 229]),
        ("real/third-party/default.edb", [23, 0, 231]),
        ("real/third-party/index.edb", [47, 0, 207]),
        ("real/third-party/multi.edb", [34, 0, 220]),
        ("real/third-party/text.edb", [32, 0, 222]),
        ("real/third-party/goese-SRUDB.dat", [663, 0, 135]),
        // ECC, 8 KiB.
        ("real/ese_parser-8k/decompress_test.edb", [18, 0, 236]),
        // ECC in four parts, 16 and 32 KiB.
        ("real/third-party/goese-qmgr.db", [43, 0, 35]),
        ("real/third-party/large.edb", [381, 0, 385]),
    ];
    for (path, counts) in samples {
        assert_eq!(count(path), counts, "{path}");
    }
}

#[test]
#[ignore = "needs the real files"]
fn stored_checksums_of_single_pages() {
    needs::real_files();
    let samples = [
        ("real/third-party/basic.edb", 2, 4096, 0x0192_0192_00ec_59d4),
        ("real/third-party/basic.edb", 4, 4096, 0x13c0_13c0_7986_4f4b),
        ("real/third-party/basic.edb", 30, 4096, 0x6ce4_131b_4369_a9c0),
        ("real/third-party/goese-SRUDB.dat", 100, 4096, 0x6f08_6f08_a3d2_5482),
        ("real/third-party/large.edb", 50, 32768, 0xfc58_03a7_726c_ac5a),
    ];
    for (path, number, size, sum) in samples {
        let file = files::read(path);
        let at = (number as usize + 1) * size;
        let bytes = &mut file[at..at + size].to_vec();
        assert_eq!(page::check_page(bytes, number), PageVerdict::Ok, "{path} {number}");
        bytes[..8].fill(0);
        let PageVerdict::Bad(fault) = page::check_page(bytes, number) else { panic!() };
        assert_eq!((fault.kind, fault.expected), (PageFaultKind::Checksum, sum));
        page::seal_page(bytes, number);
        assert_eq!(bytes[..8], file[at..at + 8]);
    }
}

#[test]
#[ignore = "needs the real files"]
fn the_trailer_of_a_streamed_backup() {
    needs::real_files();
    let backup = files::read("engine/p4096/a_full_backupset/test.edb");
    assert!(page::is_backup_trailer(backup.rchunks_exact(4096).next().unwrap()));
    let original = files::read("engine/p4096/a_full/test.edb");
    assert!(!original.chunks_exact(4096).any(page::is_backup_trailer));
}
