//! Guarded repair of the header of dismounted ESE / Exchange databases (KB946799), and the reset of
//! their transaction logs (KB935634): the library of the program `edbmend`, for those who embed it.
//!
//! Seven functions are all there is to it:
//!
//! - [`inspect`] reads the header of a file,
//! - [`check`] says what is wrong, what will happen because of it, and what mends it,
//! - [`verify`](verify()) compares every page and every log with its checksums,
//! - [`plan`](plan()) says what a [`Repair`], a [`RebuildHeader`], a [`ResetLogs`] or a [`Restore`] would do, step
//!   by step, or which guards refuse,
//! - [`apply`](apply()) carries a plan out, or leaves everything as it was. Where even that cannot be
//!   said, the operation is [pending](Error::is_pending),
//! - [`recover`](recover()) ends an operation that was interrupted,
//! - [`list`](list()) says which operations there are in a folder, how each ended, and what undid it.
//!
//! Only [`apply`](apply()) and [`recover`](recover()) write. The command line goes through the same seven, so
//! that all its promises hold here, too: they are in `SAFETY.md`. What they give back is a [`Report`], which
//! serialises to the JSON of the command line.
//!
//! # A whole program
//!
//! ```
//! use edbmend::{Check, Repair, Restore, Verify, Watch};
//!
//! # use edbmend::practice::{Recipe, storage_group};
//! # let folder = tempfile::tempdir()?;
//! # for file in storage_group(&Recipe::default()) {
//! #     std::fs::write(folder.path().join(&file.name), &file.bytes)?;
//! # }
//! # let database = folder.path().join("priv1.edb");
//! # let before = std::fs::read(&database)?;
//! # /*
//! let database = "mdbdata/priv1.edb";
//! # */
//! let watch = Watch::default();
//!
//! // What the header says, as eseutil /mh prints it.
//! let file = edbmend::inspect(&database)?;
//! assert!(file.dump.contains("Log Gen: 1-4294967295 (0x1-0xffffffff)"));
//!
//! // What is wrong with it.
//! let report = edbmend::check(&Check::new(&database), &watch)?;
//! for finding in &report.databases[0].findings {
//!     println!("{}: {}\n  {}", finding.id.name(), finding.message, finding.remedy);
//! }
//! # assert_eq!(report.databases[0].findings[0].id.name(), "full-backup-gen-invalid");
//!
//! // Whether every page has the right checksum.
//! let report = edbmend::verify(&Verify::new(&database), &watch)?;
//! assert!(report.pages.as_ref().is_some_and(|pages| pages.bad.is_empty()));
//!
//! // What a repair would do. Nothing is written, and every guard was asked.
//! let plan = edbmend::plan(Repair::new(&database), &watch)?;
//! println!("{plan}");
//! # assert_eq!(plan.steps().len(), 3);
//! # assert!(std::fs::read(&database)? == before);
//!
//! // It is done: backed up, written, read back, verified.
//! let done = edbmend::apply(plan, &watch)?;
//! let operation = done.operation.as_ref().expect("an operation that was carried out has a folder");
//! # assert!(!edbmend::inspect(&database)?.dump.contains("4294967295"));
//!
//! // It is undone, which is an operation like any other.
//! let undo = edbmend::plan(Restore::new(&operation.dir), &watch)?;
//! edbmend::apply(undo, &watch)?;
//! # assert!(std::fs::read(&database)? == before);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # When a guard refuses
//!
//! An [`Error`] names every reason at once, with the ids that the command line has (`docs/guards.md`):
//!
//! ```
//! use edbmend::{RefusalId, Repair, Watch};
//!
//! # use edbmend::practice::{Recipe, edit_header, storage_group};
//! # let folder = tempfile::tempdir()?;
//! # for mut file in storage_group(&Recipe::default()) {
//! #     if file.name == "priv1.edb" {
//! #         edit_header(&mut file.bytes, |header| header.state = 2.into());
//! #     }
//! #     std::fs::write(folder.path().join(&file.name), &file.bytes)?;
//! # }
//! # let database = folder.path().join("priv1.edb");
//! # /*
//! let database = "mdbdata/priv1.edb";
//! # */
//! let error = edbmend::plan(Repair::new(&database), &Watch::default()).err().expect("refused");
//! assert!(error.is(RefusalId::DirtyShutdown));
//! for refusal in error.refusals() {
//!     eprintln!("{}: {}\n  {}", refusal.path.display(), refusal.message, refusal.remedy);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! After a power loss, or where [`Error::is_pending`] says so, an operation is unfinished. Then every
//! plan is refused with `operation-pending` until [`recover`](recover()) was called, or `edbmend
//! recover` run. Do not mount the store before.
//!
//! # Without the program
//!
//! The feature `cli`, which is on by default, is the program: its arguments, questions and progress. With
//! `default-features = false, features = ["disk"]` there is the whole library and nothing of these. Without
//! the feature `disk`, too, what is left needs no operating system: it reads files through whatever is handed to
//! it. None of that is stable yet.
//!
//! # What is stable
//!
//! The items on this page, and those in [`json`]. All other modules are public for the program, its
//! tests and its fuzz targets only: they are hidden here, and may change in any version.

#![deny(unsafe_code)]
#![warn(missing_docs)]
// What only the program uses is left over without it, and not dead.
#![cfg_attr(not(feature = "cli"), allow(dead_code, unused_imports))]

#[cfg(all(feature = "disk", not(any(unix, windows))))]
compile_error!(
    "the feature disk is for Unix and Windows; elsewhere build without default features"
);

#[doc(hidden)]
pub mod api;
#[doc(hidden)]
pub mod apply;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod diagnose;
#[doc(hidden)]
pub mod ese;
#[doc(hidden)]
pub mod guards;
#[doc(hidden)]
pub mod machine;
#[doc(hidden)]
pub mod manual;
#[doc(hidden)]
pub mod plan;
#[doc(hidden)]
pub mod practice;
#[doc(hidden)]
pub mod rebuild;
#[doc(hidden)]
pub mod refusal;
#[doc(hidden)]
pub mod report;
#[doc(hidden)]
pub mod show;
#[doc(hidden)]
pub mod simulate;
#[doc(hidden)]
pub mod storage;
#[doc(hidden)]
pub mod survey;

pub use api::{
    Check, Error, List, Plan, RebuildHeader, Recover, Repair, Request, ResetLogs, Restore, Result,
    Verify, Watch, json,
};
#[cfg(feature = "disk")]
pub use api::{apply, check, inspect, list, plan, recover, verify};
pub use apply::{NoObserver, Observer};
pub use diagnose::FindingId;
pub use plan::{BackupScope, VerifyScope};
pub use refusal::RefusalId;
pub use report::{Inspected, Outcome, Report};

/// The program of that page compiles.
#[cfg(all(doctest, feature = "disk"))]
#[doc = include_str!("../docs/library.md")]
struct LibraryPage;
