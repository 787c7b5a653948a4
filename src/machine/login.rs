//! Who runs this process, and on which machine.

use std::env;

const UNKNOWN: &str = "unknown";

/// Name of this machine; `unknown` where the system does not say.
pub fn host_name() -> String {
    system::host_name().unwrap_or_else(|| UNKNOWN.to_owned())
}

/// The user whose rights this process has; with the domain on Windows.
pub fn user_name() -> String {
    let name = system::user_name().unwrap_or_else(system::nameless_user);
    match env::var("USERDOMAIN") {
        Ok(domain) if cfg!(windows) => format!("{domain}\\{name}"),
        _ => name,
    }
}

/// The user who logged in, where that is another one: who typed `sudo` or `su`. As the environment
/// says it, which the caller can change.
pub fn login_name() -> Option<String> {
    let named =
        ["SUDO_USER", "DOAS_USER", "LOGNAME"].into_iter().find_map(|key| env::var(key).ok());
    let own = user_name();
    named.filter(|name| !cfg!(windows) && !name.is_empty() && *name != own)
}

#[cfg(feature = "disk")]
mod system {
    pub fn host_name() -> Option<String> {
        whoami::hostname().ok()
    }

    pub fn user_name() -> Option<String> {
        whoami::username().ok()
    }

    /// A user whom only a directory service knows has no name for a static program: musl reads `/etc/passwd`.
    #[cfg(unix)]
    pub fn nameless_user() -> String {
        format!("uid {}", rustix::process::geteuid())
    }

    #[cfg(not(unix))]
    pub fn nameless_user() -> String {
        super::UNKNOWN.to_owned()
    }
}

#[cfg(not(feature = "disk"))]
mod system {
    pub fn host_name() -> Option<String> {
        None
    }

    pub fn user_name() -> Option<String> {
        None
    }

    pub fn nameless_user() -> String {
        super::UNKNOWN.to_owned()
    }
}
