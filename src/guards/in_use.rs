//! What is said where somebody else has a file open, wrote to it, or may have it open.

use std::path::Path;
use std::time::Duration;

use crate::machine::{StoreService, store_service};
use crate::refusal::{Refusal, RefusalId};
use crate::show::{quoted, shown};
use crate::storage::ONLY_OWNER_CAN_TELL;

/// The refusal where somebody else has the file open.
pub fn in_use(path: &Path) -> Refusal {
    Refusal::new(
        RefusalId::InUse,
        path,
        "another process has the file open",
        format!("{} To see who it is: {}", let_go(store_service(path)), how_to_see_who(path)),
    )
}

/// The refusal where somebody else tried to open a file after the work on it had begun, and the time is over for
/// which the system makes him wait.
pub fn let_in(path: &Path, break_time: Duration) -> Refusal {
    let seconds = break_time.as_secs();
    Refusal {
        message: format!(
            "another process opened the file while edbmend was at work on it; the system makes it wait for \
             {seconds} s, and then lets it in. From here on nothing more was written"
        ),
        ..in_use(path)
    }
}

/// The refusal where somebody opened a log at the moment at which it was removed, its copy being in its place.
pub fn opened_at_the_last_moment(path: &Path, copy: &Path) -> Refusal {
    let copied = format!(
        "another process opened it at the moment at which it was removed; what that process writes to it is not \
         in the copy: {}",
        shown(copy)
    );
    Refusal { message: copied, ..in_use(path) }
}

/// The refusal where a file that was held was moved meanwhile.
pub fn exchanged(path: &Path) -> Refusal {
    Refusal::new(
        RefusalId::ChangedSinceSurvey,
        path,
        "somebody moved the file meanwhile, and what has its name now is another one, or none",
        "Find out who works in the folder. Bring the file back to its name, then: edbmend recover.",
    )
}

/// What makes whoever holds a database let go of it.
fn let_go(service: Option<StoreService>) -> &'static str {
    match service {
        Some(StoreService::Running) => {
            "Dismount the store: its service (MSExchangeIS) runs on this machine. Stop backup and virus \
             scanners."
        }
        Some(StoreService::Changing) => {
            "The Information Store service (MSExchangeIS) is starting or stopping: wait for it, then \
             dismount the store. Stop backup and virus scanners."
        }
        Some(StoreService::Stopped) => {
            "It is no store of this machine: its service (MSExchangeIS) is stopped. Stop backup and virus \
             scanners, eseutil, and whatever else works on the file."
        }
        Some(StoreService::Absent) | None => {
            "Dismount the store, and stop backup and virus scanners."
        }
    }
}

/// The refusal where somebody else has written to the file since the plan was made.
pub fn written_meanwhile(path: &Path, what: &str) -> Refusal {
    let remedy = format!(
        "Find out who writes to it ({}), then run the command again.",
        how_to_see_who(path)
    );
    Refusal::new(RefusalId::ChangedSinceSurvey, path, what, remedy)
}

#[cfg(not(windows))]
fn how_to_see_who(path: &Path) -> String {
    format!("fuser -v {}", quoted(path))
}

#[cfg(windows)]
fn how_to_see_who(path: &Path) -> String {
    let name = path.file_name().map(Path::new).unwrap_or(path);
    format!("resmon, tab CPU, Associated Handles, search for {}", quoted(name))
}

/// The refusal where nobody can tell whether somebody else has the file open.
pub fn unproven(path: &Path, why: &str) -> Refusal {
    let remedy = if why == ONLY_OWNER_CAN_TELL {
        "Run edbmend as the owner of the file, or as root; in a container root needs CAP_LEASE for it."
    } else {
        "If you are sure that the store is dismounted on every machine that can reach this file, add \
         --allow-unproven-lock."
    };
    Refusal::new(
        RefusalId::InUseUnproven,
        path,
        format!("it cannot be proven that nobody else has the file open: {why}"),
        remedy,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_not_ask_for_a_lease_is_not_led_to_the_flag_that_does_without() {
        let remedy = |why: &str| unproven(Path::new("/d/priv1.edb"), why).remedy;
        assert!(!remedy(ONLY_OWNER_CAN_TELL).contains("--allow"));
        assert!(remedy("the file system grants no lease").contains("--allow-unproven-lock"));
    }
}
