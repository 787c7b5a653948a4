//! How a program gets more rights, as people of the system say it.

/// Behind "run edbmend".
pub const WITH_MORE_RIGHTS: &str = if cfg!(windows) {
    "in a prompt that was opened with \"Run as administrator\""
} else {
    "as root (sudo)"
};
