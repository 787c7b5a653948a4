//! How large a page becomes, and that what judges pages can fail.

use std::sync::Arc;

use serde_json::json;

use crate::diagnose::{Finding, FindingId};
use crate::plan::{ResetPlan, Steps};
use crate::report::aside::GroupAside;
use crate::report::model::{CommandName, DigestReport, Outcome};
use crate::report::{Report, unfinished_page};
use crate::show::Sha256Hex;

use super::judge::{assert_sound, parsed};

/// Larger than that no page is to be, in bytes.
const MOST_BYTES: usize = 2 * 1024 * 1024;

fn plan(logs: usize) -> ResetPlan {
    let name = |log: usize| format!("E00{log:05X}.log");
    let file =
        |log| json!({"name": name(log), "bytes": 5_242_880, "header_sha256": "0".repeat(64)});
    let files: Vec<_> = (1..=logs).map(file).collect();
    serde_json::from_value(json!({
        "schema": "edbmend-reset/1", "version": "0", "operation": "edbmend-x", "created": "",
        "command": "reset-logs", "undoes": null, "base": "E00", "log_dir": "/logs", "away": "/away",
        "databases": [], "overrides": [],
        "batches": [{"from": "/logs", "to": "/away", "method": "copy", "files": files}],
    }))
    .unwrap()
}

#[test]
fn a_hundred_thousand_logs_and_five_hundred_findings_are_a_page_that_opens() {
    let mut report = Report::new(CommandName::ResetLogs);
    report.document.steps = Steps::of_moves(&Arc::new(plan(100_000)));
    report.aside.group = Some(GroupAside::default());
    let found = |number: usize| {
        let message = format!("{number}: {}", "what was found of a log ".repeat(10));
        Finding::new(FindingId::LogGap, message.clone(), message, "Look for it.")
    };
    report.document.findings = (0..500).map(found).collect();
    let digest =
        |number: usize| DigestReport { name: format!("logs/{number}"), sha256: Sha256Hex([0; 32]) };
    report.document.digests = (0..100_000).map(digest).collect();
    let page = report.ended(Outcome::Committed, &[]).to_html();
    assert!(page.len() < MOST_BYTES, "{} bytes", page.len());
    let text = assert_sound(&page);
    assert!(text.contains("E0000001.log"), "the first of them");
    assert!(text.contains("and 99000 more"), "how many are left out");
    assert!(text.contains("499: what was found"), "every finding");
}

#[test]
fn the_page_of_a_run_that_has_not_ended_says_so() {
    let text = assert_sound(&unfinished_page());
    assert!(text.contains("Not finished") && text.contains("edbmend recover --dry-run"), "{text}");
}

#[test]
#[should_panic(expected = "Unexpected open element")]
fn a_parser_notices_what_is_not_closed() {
    parsed(
        "<!DOCTYPE html><html lang=en><head><title>x</title></head><body><p><b>x</p></body></html>",
    );
}

#[test]
#[should_panic(expected = "evil")]
fn an_element_of_somebody_else_is_noticed() {
    assert_sound(&unfinished_page().replace("Not finished</h1>", "Not finished<evil></evil></h1>"));
}
