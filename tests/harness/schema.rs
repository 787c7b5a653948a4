//! What `--json` printed, judged by a validator that we did not write.

use std::sync::LazyLock;

use serde_json::Value;

/// The JSON Schema as it is checked in.
pub const SCHEMA: &str = include_str!("../../docs/edbmend.schema.json");

static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let schema = serde_json::from_str(SCHEMA).expect("docs/edbmend.schema.json is JSON");
    jsonschema::draft202012::new(&schema).expect("docs/edbmend.schema.json is a JSON Schema")
});

/// Everything that the schema has against a report.
pub fn errors_of(report: &Value) -> Vec<String> {
    let errors = VALIDATOR.iter_errors(report);
    errors.map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Whether a report is what the schema promises.
#[track_caller]
pub fn assert_valid(report: &Value) {
    let errors = errors_of(report);
    assert!(errors.is_empty(), "not valid: {errors:#?}\n{report:#}");
}
