//! The bodies of logs: against an independent checker, against the engine's own dumps, and damaged in
//! every way that can be thought of.

mod agreement;
#[path = "../harness/mod.rs"]
mod harness;
mod mutations;
mod oracle;
