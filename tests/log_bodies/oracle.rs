//! What the independent checker in Python says of a log.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::harness::files::shared_folder;

/// Asks about many files at once; packed ones are unpacked. One answer for each, in their order.
pub fn ask(files: &[PathBuf]) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/log_bodies/oracle.py");
    let mut python = Command::new("python3")
        .arg(script)
        .arg(shared_folder().join("tools"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    let mut input = python.stdin.take().expect("it is piped");
    input.write_all(names.join("\n").as_bytes()).expect("python3 reads");
    drop(input);
    let output = python.wait_with_output().expect("python3 ends");
    assert!(output.status.success(), "{}", output.status);
    let text = String::from_utf8(output.stdout).expect("plain text");
    let answers: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(answers.len(), files.len());
    answers
}

/// Asks about logs in memory.
pub fn ask_about(logs: &[Vec<u8>]) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |(number, bytes): (usize, &Vec<u8>)| {
        let path = folder.path().join(number.to_string());
        std::fs::write(&path, bytes).expect("a file");
        path
    };
    ask(&logs.iter().enumerate().map(write).collect::<Vec<_>>())
}

/// Every log below these folders, packed, in the order of their names.
pub fn packed_logs(folders: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in folders {
        collect(&shared_folder().join("data").join(folder), &mut found);
    }
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for entry in entries {
        let path = entry.expect("an entry").path();
        let name = path.to_string_lossy().to_lowercase();
        if path.is_dir() {
            collect(&path, found);
        } else if name.ends_with(".log.gz") || name.ends_with(".jtx.gz") {
            found.push(path);
        }
    }
}
