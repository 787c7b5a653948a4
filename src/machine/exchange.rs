//! What the machine itself knows, beside its disks: the registry and the services of Windows.
//!
//! Only questions are asked. Elsewhere, and where the answer is refused, it is `None`: not known.

use std::path::Path;

/// The service that mounts the stores of Exchange.
pub const STORE_SERVICE: &str = "MSExchangeIS";

/// What the Information Store service does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreService {
    /// It runs. That is normal: a single store can be dismounted.
    Running,
    /// It is stopped: no store of this machine is mounted.
    Stopped,
    /// It is starting, stopping or paused.
    Changing,
    /// This machine has no such service.
    Absent,
}

/// The state of the Information Store service, where it may have to do with a file: a share is another
/// machine's.
pub fn store_service(file: &Path) -> Option<StoreService> {
    is_local(file).then(system::store_service).flatten()
}

/// The registry keys that say that a restore is under way, of those that exist.
///
/// Exchange 5.5 and before keep their restore there, as `Restore in Progress` below the service
/// (KB200941, KB232705). Exchange 2000 and later keep it in `restore.env` (KB232932), so that the key is
/// left over there, or made by another program.
pub fn restore_keys(folder: &Path) -> Option<Vec<String>> {
    is_local(folder).then(system::restore_keys).flatten()
}

#[cfg(windows)]
fn is_local(path: &Path) -> bool {
    use std::path::{Component, Prefix};
    match path.components().next() {
        Some(Component::Prefix(prefix)) => {
            !matches!(prefix.kind(), Prefix::UNC(..) | Prefix::VerbatimUNC(..))
        }
        _ => true,
    }
}

#[cfg(not(windows))]
fn is_local(_: &Path) -> bool {
    true
}

#[cfg(all(windows, feature = "disk"))]
mod system {
    use windows_registry::LOCAL_MACHINE;
    use windows_service::Error;
    use windows_service::service::{ServiceAccess, ServiceState};
    use windows_service::service_manager::{ServiceManager, ServiceManagerAccess};

    use super::{STORE_SERVICE, StoreService};

    /// `ERROR_SERVICE_DOES_NOT_EXIST`.
    const NO_SUCH_SERVICE: i32 = 1060;

    /// Both spellings are in Microsoft's articles.
    const RESTORE_KEYS: [&str; 2] = ["Restore in Progress", "RestoreInProgress"];

    pub fn store_service() -> Option<StoreService> {
        let manager = ServiceManager::local_computer(None::<&str>, ServiceManagerAccess::CONNECT);
        match manager.ok()?.open_service(STORE_SERVICE, ServiceAccess::QUERY_STATUS) {
            Ok(service) => Some(match service.query_status().ok()?.current_state {
                ServiceState::Running => StoreService::Running,
                ServiceState::Stopped => StoreService::Stopped,
                _ => StoreService::Changing,
            }),
            Err(Error::Winapi(e)) if e.raw_os_error() == Some(NO_SUCH_SERVICE) => {
                Some(StoreService::Absent)
            }
            Err(_) => None,
        }
    }

    pub fn restore_keys() -> Option<Vec<String>> {
        let paths = RESTORE_KEYS
            .map(|key| format!(r"SYSTEM\CurrentControlSet\Services\{STORE_SERVICE}\{key}"));
        let there = paths.into_iter().filter(|path| LOCAL_MACHINE.open(path).is_ok());
        Some(there.map(|path| format!(r"HKEY_LOCAL_MACHINE\{path}")).collect())
    }
}

#[cfg(not(all(windows, feature = "disk")))]
mod system {
    use super::StoreService;

    pub fn store_service() -> Option<StoreService> {
        None
    }

    pub fn restore_keys() -> Option<Vec<String>> {
        None
    }
}
