//! The bodies of logs: against an independent checker, against the engine's own dumps, and damaged in
//! every way that can be thought of.

mod agreement;
mod dumps;
mod flips;
#[path = "../harness/mod.rs"]
mod harness;
#[path = "../../fuzz/log_entries.rs"]
mod log_entries;
mod made;
mod mutations;
mod oracle;
mod properties;
mod rules;
mod sector_rules;
mod segment_rules;
