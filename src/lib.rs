//! edbmend

#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod apply;
pub mod cli;
pub mod diagnose;
pub mod ese;
pub mod plan;
pub mod practice;
pub mod report;
pub mod storage;
pub mod survey;
