//! What nobody can foretell.

/// A random number; `None` where the system has none to give.
#[cfg(feature = "disk")]
pub fn random() -> Option<u32> {
    getrandom::u32().ok()
}

/// None: no system is asked.
#[cfg(not(feature = "disk"))]
pub fn random() -> Option<u32> {
    None
}
