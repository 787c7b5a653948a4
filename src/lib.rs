//! Guarded repair of the header of dismounted ESE / Exchange databases.
//!
//! Data walks one way, down a row of rooms, and each room hands the next one a plain value:
//!
//! ```text
//! files --survey--> facts --diagnose--> findings --plan--> plan --apply--> ending --report--> person
//! ```
//!
//! - [`ese`]: the file formats. Bytes in, values out, bytes out; no I/O.
//! - [`storage`]: the one seam to the disk, so that tests can fail or stop it at any call.
//! - [`exchange`]: what the machine itself knows: services, registry.
//! - [`survey`]: reads a database into facts. No opinion.
//! - [`diagnose`]: facts to findings. Pure.
//! - [`plan`]: facts and a request to a plan, or to refusals. Pure.
//! - [`apply`]: the only code that carries a plan out: guards, backup, journal, commit, recover.
//! - [`report`]: one set of types, rendered as text or as JSON.
//! - [`cli`]: the commands.
//! - [`practice`]: made-up databases and storage groups, for the demonstration and the tests.
//!
//! What is promised, and the order of every write, is in `SAFETY.md`; where a new finding or guard
//! goes is in `docs/architecture.md`.
//!
//! # Example
//!
//! What is wrong with a database, without writing to it:
//!
//! ```
//! use edbmend::diagnose::diagnose_database;
//! use edbmend::practice::{Recipe, storage_group};
//! use edbmend::storage::Disk;
//! use edbmend::survey::survey_database;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! for file in storage_group(&Recipe::default()) {
//!     std::fs::write(folder.path().join(&file.name), &file.bytes)?;
//! }
//!
//! let facts = survey_database(&Disk, &folder.path().join("priv1.edb"))?;
//! let findings = diagnose_database(&facts);
//! assert_eq!(findings[0].id.name(), "full-backup-gen-invalid");
//! println!("{}\n{}", findings[0].message, findings[0].remedy);
//! # Ok(())
//! # }
//! ```

#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod api;
pub mod apply;
pub mod cli;
pub mod diagnose;
pub mod ese;
pub mod exchange;
pub mod plan;
pub mod practice;
pub mod report;
pub mod storage;
pub mod survey;
