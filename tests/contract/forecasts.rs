//! What `check` says of the next backup, and of logs that are not there.

use std::fs;
use std::path::Path;

use edbmend::practice::{Recipe, storage_group};

use crate::harness::ran::finding;
use crate::harness::{edit_database, reset, run, small_group, text};

#[test]
fn a_folder_without_logs_says_what_that_may_mean() {
    let (_folder, dir) = small_group();
    assert_eq!(reset(&dir, &["--yes"]).code, Some(0));
    let ran = run(["check", "--json", text(&dir)]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let fails = finding(&ran, "next-incremental-fails");
    let consequence = fails["consequence"].as_str().unwrap();
    assert!(consequence.contains("--log-dir") && consequence.contains("log reset"), "{fails}");
    let words = run(["check", text(&dir)]).stdout;
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&format!("none found in {}", text(&dir))), "{words}");
    assert!(words.contains("name it with --log-dir") && words.contains("generation 1"), "{words}");
    // With logs the engine's answer is certain.
    let (_folder, dir) = small_group();
    let fails = finding(&run(["check", "--json", text(&dir)]), "next-incremental-fails");
    assert!(!fails["consequence"].as_str().unwrap().contains("log reset"), "{fails}");
}

#[test]
fn a_database_of_other_logs_is_not_bitten_and_the_message_says_so() {
    let message = |dir: &Path| {
        let ran = run(["check", "--json", text(dir)]);
        assert!(!ran.stdout.contains("next-incremental-fails"), "{ran:?}");
        finding(&ran, "full-backup-gen-invalid")["message"].as_str().unwrap().to_owned()
    };
    let (_folder, dir) = small_group();
    edit_database(&dir.join("priv1.edb"), |raw| raw.log_signature = Default::default());
    assert!(message(&dir).contains("signature is zero"));
    // Its old logs are still there, but the current log has begun a new stream.
    let (_folder, dir) = small_group();
    let mounted = Recipe { log_random: 4711, log_file_sectors: 16, ..Recipe::default() };
    let new = storage_group(&mounted).into_iter().find(|file| file.name == "E00.log").unwrap();
    fs::write(dir.join("E00.log"), new.bytes).unwrap();
    assert!(message(&dir).contains("not that of the logs"));
}

#[test]
fn a_missing_log_is_named_as_its_stream_names_its_logs() {
    type Name = fn(u32) -> String;
    let styles: [(Name, &str, &str); 3] = [
        (|n| format!("E00{n:05X}.log"), "E00.log", "E0000003.log"),
        (|n| format!("E00{n:05X}.jtx"), "E00.jtx", "E0000003.jtx"),
        (|n| format!("E00{n:08X}.jtx"), "E00.jtx", "E0000000003.jtx"),
    ];
    for (closed, current, missing) in styles {
        let (_folder, dir) = small_group();
        for n in 1..5 {
            fs::rename(dir.join(format!("E00{n:05X}.log")), dir.join(closed(n))).unwrap();
        }
        if current != "E00.log" {
            fs::rename(dir.join("E00.log"), dir.join(current)).unwrap();
        }
        // The public store was backed up to generation 2; the damaged one is taken away.
        fs::remove_file(dir.join("priv1.edb")).unwrap();
        (1..4).for_each(|n| fs::remove_file(dir.join(closed(n))).unwrap());
        let ran = run(["check", "--json", text(&dir)]);
        let consequence = finding(&ran, "next-incremental-fails")["consequence"].clone();
        assert!(consequence.as_str().unwrap().contains(missing), "{consequence}");
        let forecast = &ran.json()["logs"]["next_incremental"]["message"];
        assert!(forecast.as_str().unwrap().contains(missing), "{forecast}");
    }
}
