//! What `edbmend check --json` says, for tests to read.

#![allow(dead_code)] // each test file uses its own part of this module

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// One run of `check`.
pub struct Checked {
    /// Exit code.
    pub code: i32,
    /// The report.
    pub report: Value,
}

/// Runs `check` with these arguments.
pub fn check(arguments: &[impl AsRef<OsStr>]) -> Checked {
    let output = Command::new(env!("CARGO_BIN_EXE_edbmend"))
        .args(["check", "--json"])
        .args(arguments)
        .output()
        .expect("edbmend starts");
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
    });
    Checked { code: output.status.code().expect("an exit code"), report }
}

/// Runs `check` on a folder.
pub fn check_folder(folder: &Path) -> Checked {
    check(&[folder])
}

fn ids(findings: &Value) -> Vec<String> {
    let mut ids: Vec<String> = findings
        .as_array()
        .into_iter()
        .flatten()
        .map(|finding| finding["id"].as_str().unwrap_or_default().to_owned())
        .collect();
    ids.sort();
    ids
}

impl Checked {
    /// The ids of the findings of logs and checkpoint, sorted.
    pub fn of_logs(&self) -> Vec<String> {
        ids(&self.report["findings"])
    }

    /// The ids of the findings of a database, sorted; `name` is the end of its path.
    pub fn of_database(&self, name: &str) -> Vec<String> {
        ids(&self.database(name)["findings"])
    }

    /// The report of a database; `name` is the end of its path.
    pub fn database(&self, name: &str) -> &Value {
        let databases = self.report["databases"].as_array().expect("databases");
        let ends_so = |database: &&Value| {
            database["path"].as_str().is_some_and(|path| Path::new(path).ends_with(name))
        };
        databases.iter().find(ends_so).unwrap_or_else(|| panic!("{name}: {:#}", self.report))
    }

    /// How many databases were found.
    pub fn databases(&self) -> usize {
        self.report["databases"].as_array().map_or(0, Vec::len)
    }

    /// The text under `key` of the finding with this id, of logs or of any database.
    pub fn finding(&self, id: &str, key: &str) -> String {
        let of_databases = self.report["databases"].as_array().into_iter().flatten();
        let all = std::iter::once(&self.report["findings"])
            .chain(of_databases.map(|database| &database["findings"]));
        let mut findings = all.flat_map(|list| list.as_array().into_iter().flatten());
        let found = findings.find(|finding| finding["id"] == id);
        let found = found.unwrap_or_else(|| panic!("no {id}: {:#}", self.report));
        found[key].as_str().unwrap_or_default().to_owned()
    }

    /// `logs`.
    pub fn logs(&self) -> &Value {
        &self.report["logs"]
    }

    /// Base name, first and last generation, number of logs.
    pub fn stream(&self) -> (String, Option<i64>, Option<i64>, u64) {
        let logs = self.logs();
        (
            logs["base"].as_str().unwrap_or_default().to_owned(),
            logs["first_generation"].as_i64(),
            logs["last_generation"].as_i64(),
            logs["count"].as_u64().unwrap_or_default(),
        )
    }

    /// Outcome, error and event of `next_mount`, `next_full` or `next_incremental`.
    pub fn next(&self, what: &str) -> (String, Option<i64>, Option<i64>) {
        let forecast = &self.logs()[format!("next_{what}")];
        let outcome = forecast["outcome"].as_str().unwrap_or_default().to_owned();
        (outcome, forecast["error"].as_i64(), forecast["event"].as_i64())
    }

    /// What a forecast says in words.
    pub fn next_message(&self, what: &str) -> String {
        self.logs()[format!("next_{what}")]["message"].as_str().unwrap_or_default().to_owned()
    }
}

/// A forecast that goes well.
pub fn succeeds() -> (String, Option<i64>, Option<i64>) {
    ("succeeds".to_owned(), None, None)
}

/// A forecast that fails.
pub fn fails(error: i64, event: Option<i64>) -> (String, Option<i64>, Option<i64>) {
    ("fails".to_owned(), Some(error), event)
}
