//! Answers, as the page gets them.

use std::path::{Path, PathBuf};

use edbmend::api::{Records, Run, check_in, inspect_in};
use edbmend::json::RunReport;
use edbmend::manual::explained;
use edbmend::report::model::utc;
use edbmend::{Check, Watch};
use serde_json::{Value, json};

use crate::browser;
use crate::question::{Asked, Folders, Question};
use crate::watched::ByPage;

/// What a browser says of the machine.
const HOST: &str = "an unknown machine";

/// What it says of whoever sits there.
const USER: &str = "unknown, in a browser";

/// The answer to a question.
pub fn answer(question: Question) -> Value {
    let (storage, watch) = (question.storage(), Watch::by(&ByPage));
    let arguments = arguments(&question.asked);
    let run = Run::of_reader(&storage, &watch, arguments, browser::now());
    match question.asked {
        Asked::Glance { paths } => paths.iter().map(|path| glance(&run, path)).collect(),
        Asked::Check(folders) => check(&run, folders),
        Asked::Dump { path } => {
            json!({ "text": inspect_in(&run, &path, None, Records::Notable).to_string() })
        }
        Asked::Explain { topic, columns } => {
            let words: Vec<_> = topic.split_whitespace().collect();
            json!({ "text": explained(&words, columns) })
        }
    }
}

/// The answer to what is no question.
pub fn not_understood(error: &serde_json::Error) -> Value {
    json!({ "trouble": format!("the page asked what the program does not understand: {error}") })
}

fn glance(run: &Run, path: &Path) -> Value {
    let report = inspect_in(run, path, None, Records::None);
    let report = serde_json::to_value(&report).unwrap_or_default();
    json!({ "path": path, "state": report["files"][0]["header"]["state"] })
}

fn check(run: &Run, folders: Folders) -> Value {
    let report = check_in(run, &request(folders)).run_by(run_report(run));
    let json = serde_json::to_string_pretty(&report).unwrap_or_default();
    json!({ "html": report.to_html(), "json": json })
}

fn request(folders: Folders) -> Check {
    let Folders { folder, log_dir, system_dir, recursive, deep } = folders;
    let mut request = Check::new(folder).recursive(recursive).deep(deep);
    if let Some(dir) = log_dir {
        request = request.log_dir(dir);
    }
    if let Some(dir) = system_dir {
        request = request.system_dir(dir);
    }
    request
}

fn run_report(run: &Run) -> RunReport {
    RunReport {
        host: HOST.into(),
        user: USER.into(),
        login: None,
        directory: None,
        arguments: run.arguments.clone(),
        started: utc(run.started),
        finished: utc(browser::now()),
    }
}

/// The command that asks the program the same.
fn arguments(asked: &Asked) -> Vec<String> {
    let text = |path: &PathBuf| path.to_string_lossy().into_owned();
    let mut words = vec!["edbmend".to_owned()];
    let Asked::Check(folders) = asked else { return words };
    words.extend(["check".to_owned(), text(&folders.folder)]);
    let dirs = [("--log-dir", &folders.log_dir), ("--system-dir", &folders.system_dir)];
    for (flag, dir) in dirs {
        words.extend(dir.iter().flat_map(|dir| [flag.to_owned(), text(dir)]));
    }
    let flags = [("--recursive", folders.recursive), ("--deep", folders.deep)];
    words.extend(flags.iter().filter(|(_, is_set)| *is_set).map(|(flag, _)| (*flag).to_owned()));
    words
}
