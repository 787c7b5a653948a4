//! A run of the program that is over, and what its report says.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;

use super::program::run;
use super::schema;

/// A run of the program that is over.
pub struct Ran {
    /// Exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    report: OnceLock<Value>,
}

impl fmt::Debug for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Ran");
        shown.field("code", &self.code).field("signal", &self.signal);
        shown.field("stdout", &self.stdout).field("stderr", &self.stderr).finish()
    }
}

impl Ran {
    pub fn new(code: Option<i32>, signal: Option<i32>, stdout: String, stderr: String) -> Self {
        Self { code, signal, stdout, stderr, report: OnceLock::new() }
    }

    /// The one JSON object of standard output. The schema must allow it, and its exit code must be that
    /// of the process.
    #[track_caller]
    pub fn json(&self) -> &Value {
        self.report.get_or_init(|| {
            let report: Value = serde_json::from_str(&self.stdout)
                .unwrap_or_else(|e| panic!("no JSON ({e}): {self:?}"));
            schema::assert_valid(&report);
            assert!(self.code.is_none_or(|code| report["exit_code"] == code), "{self:?}");
            report
        })
    }

    /// The exit code of a run that came to its end.
    #[track_caller]
    pub fn exit_code(&self) -> i32 {
        self.code.unwrap_or_else(|| panic!("a signal ended it: {self:?}"))
    }

    /// The outcome in JSON.
    pub fn outcome(&self) -> String {
        self.json()["outcome"].as_str().unwrap().to_owned()
    }

    /// The refusals' ids, sorted.
    pub fn refusals(&self) -> Vec<String> {
        sorted_ids(&self.json()["refusals"])
    }

    /// Whether it ended with this code because of exactly these refusals.
    #[track_caller]
    pub fn expect_refused(&self, code: i32, ids: &[&str]) {
        assert_eq!(
            (self.code, self.refusals()),
            (Some(code), ids.iter().map(|s| s.to_string()).collect()),
            "{self:?}"
        );
    }

    /// The folder of the one operation.
    pub fn operation_dir(&self) -> PathBuf {
        self.json()["operation"]["dir"].as_str().expect("an operation").into()
    }

    /// The ids of the findings of logs and checkpoint, sorted.
    pub fn of_logs(&self) -> Vec<String> {
        sorted_ids(&self.json()["findings"])
    }

    /// The ids of the findings of a database, sorted; `name` is the end of its path.
    pub fn of_database(&self, name: &str) -> Vec<String> {
        sorted_ids(&self.database(name)["findings"])
    }

    /// The report of a database; `name` is the end of its path.
    pub fn database(&self, name: &str) -> &Value {
        let databases = self.json()["databases"].as_array().expect("databases");
        let ends_so = |database: &&Value| {
            database["path"].as_str().is_some_and(|path| Path::new(path).ends_with(name))
        };
        databases.iter().find(ends_so).unwrap_or_else(|| panic!("{name}: {:#}", self.json()))
    }

    /// How many databases were found.
    pub fn databases(&self) -> usize {
        self.json()["databases"].as_array().map_or(0, Vec::len)
    }

    /// The text under `key` of the finding with this id, of logs or of any database.
    pub fn finding(&self, id: &str, key: &str) -> String {
        let of_databases = self.json()["databases"].as_array().into_iter().flatten();
        let all = std::iter::once(&self.json()["findings"])
            .chain(of_databases.map(|database| &database["findings"]));
        let mut findings = all.flat_map(|list| list.as_array().into_iter().flatten());
        let found = findings.find(|finding| finding["id"] == id);
        let found = found.unwrap_or_else(|| panic!("no {id}: {:#}", self.json()));
        found[key].as_str().unwrap_or_default().to_owned()
    }

    /// `logs`.
    pub fn logs(&self) -> &Value {
        &self.json()["logs"]
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

/// The ids of a list of findings or refusals, in its order.
pub fn ids(list: &Value) -> Vec<String> {
    let list = list.as_array().expect("a list");
    list.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

/// The ids of such a list, sorted.
fn sorted_ids(list: &Value) -> Vec<String> {
    let mut ids = ids(list);
    ids.sort();
    ids
}

/// The finding of this id of the first database.
#[track_caller]
pub fn finding(ran: &Ran, id: &str) -> Value {
    let findings = ran.json()["databases"][0]["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["id"] == id);
    found.unwrap_or_else(|| panic!("{ran:?}")).clone()
}

/// The ids of the findings of the only database of a report, in its order.
pub fn findings(report: &Value) -> Vec<String> {
    ids(&report["databases"][0]["findings"])
}

/// The ids of its error findings.
pub fn errors(report: &Value) -> Vec<String> {
    let findings = report["databases"][0]["findings"].as_array().expect("findings");
    let errors = findings.iter().filter(|finding| finding["severity"] == "error");
    ids(&errors.cloned().collect::<Value>())
}

/// A forecast that goes well.
pub fn succeeds() -> (String, Option<i64>, Option<i64>) {
    ("succeeds".to_owned(), None, None)
}

/// A forecast that fails.
pub fn fails(error: i64, event: Option<i64>) -> (String, Option<i64>, Option<i64>) {
    ("fails".to_owned(), Some(error), event)
}

/// Runs `check` with these arguments.
pub fn check(arguments: &[impl AsRef<OsStr>]) -> Ran {
    let words = arguments.iter().map(AsRef::as_ref);
    run(["check".as_ref(), "--json".as_ref()].into_iter().chain(words))
}

/// Runs `check` on a folder.
pub fn check_folder(folder: &Path) -> Ran {
    check(&[folder])
}
