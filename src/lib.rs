//! edbmend
pub mod ese;
pub mod practice;
