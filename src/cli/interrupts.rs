//! Ctrl-C, the other polite ways to end a program, and a signal that would end it impolitely.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// From now on a write beyond the limit of the size of files (`ulimit -f`) fails like one to a full disk, and
/// does not end the program.
pub fn outlive_file_limit() {
    #[cfg(unix)]
    {
        // What the handler sets nobody asks: the write says it.
        let _ = signal_hook::flag::register(libc::SIGXFSZ, Arc::default());
    }
}

/// From now on a request to end the program sets `interrupted`, and nothing else.
#[cfg(unix)]
pub fn heed(interrupted: &Arc<AtomicBool>) {
    use signal_hook::consts::{SIGHUP, TERM_SIGNALS};
    // A terminal that is closed must not leave an operation half done, either.
    for signal in TERM_SIGNALS.iter().chain(&[SIGHUP]) {
        // Without the handler the signal ends the process, which recover deals with.
        let _ = signal_hook::flag::register(*signal, Arc::clone(interrupted));
    }
}

/// From now on the first request to end the program sets `interrupted`; the next one ends the process, as it
/// would have without this.
#[cfg(unix)]
pub fn heed_first(interrupted: &Arc<AtomicBool>) {
    for signal in signal_hook::consts::TERM_SIGNALS {
        let flag = Arc::clone(interrupted);
        let _ = signal_hook::flag::register_conditional_default(*signal, flag);
        let _ = signal_hook::flag::register(*signal, Arc::clone(interrupted));
    }
}

/// From now on each request to end the program sets `interrupted`: one that only reads is soon done.
#[cfg(windows)]
pub fn heed_first(interrupted: &Arc<AtomicBool>) {
    heed(interrupted);
}

/// From now on a request to end the program sets `interrupted`, and nothing else.
///
/// After Ctrl-C and Ctrl-Break the program goes on until it has ended in an orderly way. When its
/// window is closed, at a logoff and at a shutdown, the system grants it some seconds.
#[cfg(windows)]
pub fn heed(interrupted: &Arc<AtomicBool>) {
    use windows_sys::Win32::System::Console::SetConsoleCtrlHandler;

    let _ = windows::INTERRUPTED.set(Arc::clone(interrupted));
    // SAFETY: the handler is a function that lives as long as the program. Without it the event ends
    // the process, which recover deals with.
    unsafe { SetConsoleCtrlHandler(Some(windows::handle), 1) };
}

#[cfg(windows)]
mod windows {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, OnceLock};
    use std::time::Duration;

    use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, CTRL_C_EVENT};
    use windows_sys::core::BOOL;

    pub static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

    /// Called by the system on a thread of its own. For a window that closes, the return ends the
    /// process: so it does not return, and the end of the program ends it.
    pub unsafe extern "system" fn handle(event: u32) -> BOOL {
        if let Some(interrupted) = INTERRUPTED.get() {
            interrupted.store(true, Ordering::SeqCst);
        }
        if !matches!(event, CTRL_C_EVENT | CTRL_BREAK_EVENT) {
            std::thread::sleep(Duration::from_secs(60));
        }
        1
    }
}
