//! How the tests get their memory.

use std::sync::Once;

/// Keeps what is freed. Tests that copy whole databases again and again spend most of their time in the
/// system otherwise, which takes each buffer back and clears it anew.
pub fn keep_freed() {
    #[cfg(target_env = "gnu")]
    {
        static ONCE: Once = Once::new();
        // SAFETY: mallopt(3) sets two numbers of the allocator.
        ONCE.call_once(|| unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, 1 << 30);
            libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
        });
    }
}
