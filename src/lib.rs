//! edbmend
pub mod apply;
pub mod diagnose;
pub mod ese;
pub mod plan;
pub mod storage;
pub mod survey;
