//! `verify`: everything that has a checksum against it, in databases, logs, checkpoints and flush maps.

use std::num::NonZeroUsize;
use std::path::Path;

use crate::report::Report;
use crate::storage::all_processors;

use super::error::{Result as ApiResult, ended_well};
use super::inspect_stream::set_named;
use super::recover::not_begun;
use super::request::Verify;
use super::run::{Run, Watch};
use super::verify_files::verify_set;
use super::verify_folder::verify_folder;
use super::verifying::Verifying;

/// Reads every page of databases and compares it with its checksum, and likewise all of logs, checkpoints and flush
/// maps, as `eseutil /k` and `/ml` do. Writes nothing.
///
/// The outcome of the report is `ok`, or `findings` where something is bad, also where the engine could correct or
/// mend it. `pages` of each database has the numbers and the bad pages. What is no database is among `files`: each
/// log that was named with its `body`, each log stream with its `logs`.
///
/// # Errors
///
/// A file could not be read to its end, is none of these, or of a format that is not known; or the watch asked
/// to stop. The report in the error has what was found in the others.
#[cfg(feature = "disk")]
pub fn verify(request: &Verify, watch: &Watch) -> ApiResult<Report> {
    let run = Run::of_embedder(watch);
    let report = verify_in(&run, request, &|_| {});
    ended_well(report.run_by(run.report()))
}

/// Verifies in a run that began already. `told` hears of the report as it grows.
pub(crate) fn verify_in(run: &Run, request: &Verify, told: &dyn Fn(&Report)) -> Report {
    let threads = request.threads.map_or_else(all_processors, NonZeroUsize::get);
    let mut verifying = Verifying::new(run, threads, told);
    request.paths.iter().for_each(|path| verify_path(&mut verifying, path));
    verifying.conclude()
}

fn verify_path(verifying: &mut Verifying, path: &Path) {
    let run = verifying.run;
    if verifying.is_stopped() {
        let (database, reasons) = not_begun(run.storage(), path);
        verifying.push(database, &reasons);
    } else if let Some(verified) = verify_folder(verifying, path) {
        verified.unwrap_or_else(|refusal| verifying.fail(refusal));
    } else if let Some(group) = set_named(run, path) {
        let (set, reasons) = verify_set(run, group, verifying.threads);
        verifying.push_file(set, &reasons);
    } else {
        match run.survey(path) {
            Ok(facts) => verifying.file(&facts),
            Err(refusal) => verifying.fail(refusal),
        }
    }
}
