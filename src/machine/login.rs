//! Who runs this process, and on which machine.

use std::env;

/// Name of this machine; `unknown` where the system does not say.
pub fn host_name() -> String {
    whoami::hostname().unwrap_or_else(|_| "unknown".to_owned())
}

/// The user whose rights this process has; with the domain on Windows.
pub fn user_name() -> String {
    let name = whoami::username().unwrap_or_else(|_| nameless_user());
    match env::var("USERDOMAIN") {
        Ok(domain) if cfg!(windows) => format!("{domain}\\{name}"),
        _ => name,
    }
}

/// A user whom only a directory service knows has no name for a static program: musl reads `/etc/passwd`.
#[cfg(unix)]
fn nameless_user() -> String {
    format!("uid {}", rustix::process::geteuid())
}

#[cfg(not(unix))]
fn nameless_user() -> String {
    "unknown".to_owned()
}

/// The user who logged in, where that is another one: who typed `sudo` or `su`. As the environment
/// says it, which the caller can change.
pub fn login_name() -> Option<String> {
    let named =
        ["SUDO_USER", "DOAS_USER", "LOGNAME"].into_iter().find_map(|key| env::var(key).ok());
    let own = user_name();
    named.filter(|name| !cfg!(windows) && !name.is_empty() && *name != own)
}
