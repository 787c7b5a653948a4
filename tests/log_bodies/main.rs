//! The bodies of logs: against an independent checker, against the engine's own dumps, and damaged in
//! every way that can be thought of.

mod agreement;
mod mutations;
mod oracle;
#[path = "../shared/mod.rs"]
mod shared;
