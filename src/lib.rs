//! edbmend
pub mod ese;
