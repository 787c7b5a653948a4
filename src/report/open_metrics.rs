//! What `check` found as metrics in the text format of OpenMetrics, which node_exporter's textfile collector
//! reads, too.
//!
//! The format: <https://prometheus.io/docs/specs/om/open_metrics_spec/>. All are gauges, since the older format of
//! Prometheus, which that collector parses, knows no `info`. What is not known has no sample.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::{DateTime, NaiveTime};

use crate::diagnose::{Finding, Forecast, ForecastOutcome, Severity};
use crate::show::shown;

use super::Report;
use super::model::{Outcome, StreamReport};

/// The metrics of a report of `check`, families and samples in a fixed order.
pub fn open_metrics(report: &Report) -> String {
    let mut families = of_the_run(report);
    families.extend(of_databases(report));
    families.extend(of_logs(report));
    let mut text: String = families.iter().map(Family::to_text).collect();
    text.push_str("# EOF\n");
    text
}

fn of_the_run(report: &Report) -> Vec<Family> {
    let mut exit_code = Family::new("edbmend_check_exit_code", "Exit code of the check.");
    exit_code.set(&[], f64::from(report.exit_code));
    let mut version = Family::new("edbmend_check_version", "Version of edbmend; always 1.");
    version.set(&[("version", report.version)], 1.0);
    let mut finished =
        Family::new("edbmend_check_timestamp_seconds", "When the check ended, in Unix time.");
    let run = report.run.as_ref();
    let ended = run.and_then(|run| DateTime::parse_from_rfc3339(&run.finished).ok());
    if let Some(ended) = ended {
        finished.set(&[], ended.timestamp() as f64);
    }
    vec![exit_code, version, finished]
}

fn of_databases(report: &Report) -> Vec<Family> {
    let mut databases = Family::new("edbmend_databases", "Databases that were looked at.");
    databases.set(&[], report.databases.len() as f64);
    let mut errors = Family::new(
        "edbmend_database_errors",
        "Errors found in a database; no sample where it could not be read.",
    );
    let mut findings = Family::new("edbmend_findings", "What was found, by id and severity.");
    for database in &report.databases {
        let path = shown(&database.path).to_string();
        if database.outcome != Outcome::Failed {
            errors.set(&[("path", &path)], errors_of(&database.findings));
        }
        database.findings.iter().for_each(|finding| findings.count(&labels_of(finding, &path)));
    }
    let logs = streams(report).first().map(|stream| shown(&stream.dir).to_string());
    let logs = logs.unwrap_or_default();
    report.findings.iter().for_each(|finding| findings.count(&labels_of(finding, &logs)));
    let mut unread = Family::new("edbmend_unread", "Files that could not be read, by the reason.");
    for refusal in &report.refusals {
        unread.count(&[("id", refusal.id.name()), ("path", &shown(&refusal.path).to_string())]);
    }
    vec![databases, errors, findings, unread]
}

fn errors_of(findings: &[Finding]) -> f64 {
    findings.iter().filter(|finding| finding.severity == Severity::Error).count() as f64
}

fn labels_of<'a>(finding: &Finding, path: &'a str) -> [(&'static str, &'a str); 3] {
    [("id", finding.id.name()), ("path", path), ("severity", finding.severity.name())]
}

fn of_logs(report: &Report) -> Vec<Family> {
    let mut logs = Family::new("edbmend_logs", "Transaction logs of a log stream.");
    let mut missing =
        Family::new("edbmend_log_gaps", "Ranges of generations of which no log is there.");
    let mut damaged = Family::new("edbmend_logs_damaged", "Logs without a valid header.");
    let mut left = Family::new(
        "edbmend_log_generations_left",
        "Generations left until updates fail with error -519.",
    );
    let mut run_out = Family::new(
        "edbmend_log_generations_run_out_timestamp_seconds",
        "When the generations run out at the rate of the logs, in Unix time.",
    );
    let mut next = Family::new(
        "edbmend_next_succeeds",
        "Whether the next mount or backup succeeds; no sample where it is not known.",
    );
    for stream in streams(report) {
        let dir = shown(&stream.dir).to_string();
        let labels = [("base", stream.base.as_deref().unwrap_or("")), ("dir", &dir)];
        logs.set(&labels, stream.count as f64);
        missing.set(&labels, stream.missing.len() as f64);
        damaged.set(&labels, stream.damaged.len() as f64);
        if let Some(generations) = stream.generations_left {
            left.set(&labels, f64::from(generations));
        }
        if let Some(day) = stream.runs_out {
            run_out.set(&labels, day.and_time(NaiveTime::MIN).and_utc().timestamp() as f64);
        }
        for (event, forecast) in forecasts(stream) {
            if forecast.outcome != ForecastOutcome::Unknown {
                let succeeds = forecast.outcome == ForecastOutcome::Succeeds;
                next.set(&[labels[0], labels[1], ("event", event)], f64::from(u8::from(succeeds)));
            }
        }
    }
    vec![logs, missing, damaged, left, run_out, next]
}

fn forecasts(stream: &StreamReport) -> [(&'static str, &Forecast); 3] {
    [
        ("mount", &stream.next_mount),
        ("full-backup", &stream.next_full),
        ("incremental-backup", &stream.next_incremental),
    ]
}

/// The log streams of all storage groups.
fn streams(report: &Report) -> &[StreamReport] {
    match (&report.logs, report.groups.as_slice()) {
        (Some(logs), []) => logs.streams(),
        (_, groups) => groups,
    }
}

/// A metric with its samples, by their labels: none twice.
struct Family {
    name: &'static str,
    help: &'static str,
    samples: BTreeMap<String, f64>,
}

impl Family {
    fn new(name: &'static str, help: &'static str) -> Self {
        Self { name, help, samples: BTreeMap::new() }
    }

    fn set(&mut self, labels: &[(&str, &str)], value: f64) {
        self.samples.insert(label_set(labels), value);
    }

    fn count(&mut self, labels: &[(&str, &str)]) {
        *self.samples.entry(label_set(labels)).or_default() += 1.0;
    }

    /// Nothing where there is no sample.
    fn to_text(&self) -> String {
        let Self { name, help, samples } = self;
        if samples.is_empty() {
            return String::new();
        }
        let mut text = format!("# TYPE {name} gauge\n# HELP {name} {help}\n");
        for (labels, value) in samples {
            let _ = writeln!(text, "{name}{labels} {value}"); // a string takes everything
        }
        text
    }
}

/// `{name="value",...}`; nothing where there is no label.
fn label_set(labels: &[(&str, &str)]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let pairs: Vec<String> =
        labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    format!("{{{}}}", pairs.join(","))
}

/// The value of a label: a backslash, a quotation mark and a line break are escaped.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_set_escapes_what_would_end_it() {
        assert_eq!(label_set(&[]), "");
        assert_eq!(
            label_set(&[("path", "D:\\a \"b\"\n"), ("id", "x")]),
            r#"{path="D:\\a \"b\"\n",id="x"}"#
        );
    }

    #[test]
    fn a_family_has_each_label_set_once_and_is_not_there_without_samples() {
        let mut family = Family::new("edbmend_findings", "What was found.");
        assert_eq!(family.to_text(), "");
        family.count(&[("id", "b")]);
        family.count(&[("id", "a")]);
        family.count(&[("id", "b")]);
        let (_, samples) = family
            .to_text()
            .split_once("found.\n")
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .unwrap();
        assert_eq!(samples, "edbmend_findings{id=\"a\"} 1\nedbmend_findings{id=\"b\"} 2\n");
    }
}
