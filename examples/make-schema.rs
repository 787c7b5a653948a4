//! Prints the JSON Schema of `--json`, which is checked in as `docs/edbmend.schema.json`:
//!
//!     cargo run --example make-schema > docs/edbmend.schema.json

fn main() {
    println!("{:#}", edbmend::report::json_schema());
}
